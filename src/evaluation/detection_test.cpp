#include "evaluation/detection.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <string>

namespace tomograd {
namespace {

struct Grid {                                    // a mask that balls are painted into
  Extent size;
  std::vector<uint8_t> mask;
  explicit Grid(Extent s) : size(s), mask(size_t(s.voxels()), 0) {}
  void ball(double z, double y, double x, double radius, const std::array<double, 3>& spacing = {1, 1, 1}) {
    int64_t i = 0;
    for (int64_t a = 0; a < size.z; ++a)
      for (int64_t b = 0; b < size.y; ++b)
        for (int64_t c = 0; c < size.x; ++c, ++i) {
          double d = std::pow((double(a) - z) * spacing[0], 2) + std::pow((double(b) - y) * spacing[1], 2)
              + std::pow((double(c) - x) * spacing[2], 2);
          if (d <= radius * radius) mask[size_t(i)] = 1;
        }
  }
  std::vector<Detection> detect(const DetectOptions& options = {}) const {
    CellDetector detector(size.y, size.x, options);
    for (int64_t z = 0; z < size.z; ++z) detector.add_plane(mask.data() + z * size.y * size.x);
    return detector.finish();
  }
};

void expect_near(const Detection& d, double z, double y, double x, double tolerance) {
  EXPECT_NEAR(d.centre[0], z, tolerance);
  EXPECT_NEAR(d.centre[1], y, tolerance);
  EXPECT_NEAR(d.centre[2], x, tolerance);
}

TEST(CellDetector, AgreesWithScipy) {
  std::ifstream in(TOMOGRAD_SOURCE_DIR "/tests/golden/detection/components.txt");
  std::string name, bits;
  Extent size;
  int64_t n = 0, cases = 0;
  while (in >> name >> size.z >> size.y >> size.x >> bits >> n) {
    SCOPED_TRACE(name);
    ++cases;
    std::vector<Detection> want(static_cast<size_t>(n));
    for (auto& d : want) in >> d.voxels >> d.centre[0] >> d.centre[1] >> d.centre[2];
    std::sort(want.begin(), want.end(), [](const Detection& a, const Detection& b) { return a.centre < b.centre; });
    Grid grid(size);
    for (size_t i = 0; i < bits.size(); ++i) grid.mask[i] = uint8_t(bits[i] - '0');
    auto got = grid.detect();
    ASSERT_EQ(got.size(), want.size());
    for (size_t i = 0; i < got.size(); ++i) {
      EXPECT_EQ(got[i].voxels, want[i].voxels);
      expect_near(got[i], want[i].centre[0], want[i].centre[1], want[i].centre[2], 1e-12 * 20);
    }
  }
  EXPECT_EQ(cases, 5);
}

TEST(CellDetector, TouchingBallsComeApart) {
  Grid grid({21, 24, 33});
  grid.ball(10, 11, 9, 6);
  grid.ball(10, 12, 20, 6);
  auto whole = grid.detect();
  ASSERT_EQ(whole.size(), 1u);
  auto two = grid.detect({.split_um = 1});
  ASSERT_EQ(two.size(), 2u);
  expect_near(two[0], 10, 11, 9, 0.35);
  expect_near(two[1], 10, 12, 20, 0.35);
  EXPECT_EQ(two[0].voxels + two[1].voxels, whole[0].voxels);
  EXPECT_EQ(grid.detect({.split_um = 5}).size(), 1u);  // the pass lies about 3.5 um below the tops
}

TEST(CellDetector, OneBallStaysOne) {
  for (double radius : {2.0, 3.3, 5.0, 7.7})
    for (double shift : {0.0, 0.25, 0.5}) {
      Grid grid(cube(21));
      grid.ball(10 + shift, 10, 10 - shift, radius);
      auto one = grid.detect({.split_um = 1});
      ASSERT_EQ(one.size(), 1u) << radius << " " << shift;
      expect_near(one[0], 10 + shift, 10, 10 - shift, 0.15);
    }
}

TEST(CellDetector, DistancesAreMicrometres) {
  const std::array<double, 3> spacing{2, 0.5, 1};
  Grid grid({15, 60, 40});
  grid.ball(7, 30, 13, 7, spacing);
  grid.ball(7, 30, 25, 7, spacing);              // 12 um apart along x
  auto two = grid.detect({.spacing = spacing, .split_um = 1});
  ASSERT_EQ(two.size(), 2u);
  expect_near(two[0], 7, 30, 13, 0.6);
  expect_near(two[1], 7, 30, 25, 0.6);
  Grid small(cube(9));
  small.ball(4, 4, 4, 1);                        // 7 voxels
  EXPECT_EQ(small.detect({.spacing = spacing, .min_volume_um3 = 7}).size(), 1u);
  EXPECT_EQ(small.detect({.spacing = spacing, .min_volume_um3 = 7.01}).size(), 0u);
}

TEST(CellDetector, ShapesThatJoinLate) {
  Grid grid({9, 9, 9});                          // a cage of edges: everything is joined by the last plane, over and over
  for (int64_t z = 0; z < 9; ++z)
    for (int64_t y = 0; y < 9; y += 2)
      for (int64_t x = 0; x < 9; x += 2) grid.mask[size_t((z * 9 + y) * 9 + x)] = 1;
  EXPECT_EQ(grid.detect().size(), 25u);
  for (int64_t i = 0; i < 81; ++i) grid.mask[size_t(8 * 81 + i)] = 1;
  auto one = grid.detect();
  ASSERT_EQ(one.size(), 1u);
  EXPECT_EQ(one[0].voxels, 25 * 8 + 81);
  Grid diagonal(cube(4));
  for (int64_t i = 0; i < 4; ++i) diagonal.mask[size_t((i * 4 + i) * 4 + 3 - i)] = 1;
  EXPECT_EQ(diagonal.detect().size(), 1u);
  EXPECT_EQ(Grid(cube(4)).detect().size(), 0u);
}

// The talk's check of its coordinates: a region of 100^3 at (0,1050,800); what is found there plus the offset is where it is.
TEST(CellDetector, CoordinatesOfTheTalksRegion) {
  const Extent offset{0, 1050, 800};
  const std::vector<std::array<int64_t, 3>> absolute = {{3, 1060, 805}, {12, 1149, 899}, {25, 1101, 850}, {31, 1050, 831}, {44, 1077, 800},
                                                        {58, 1123, 866}, {70, 1088, 812}, {91, 1110, 888}, {99, 1149, 899}};
  Grid region(cube(100));
  for (const auto& c : absolute) region.mask[size_t(((c[0] - offset.z) * 100 + c[1] - offset.y) * 100 + c[2] - offset.x)] = 1;
  auto cells = region.detect({.origin = offset});
  ASSERT_EQ(cells.size(), 9u);
  for (size_t i = 0; i < cells.size(); ++i)
    for (size_t axis = 0; axis < 3; ++axis) EXPECT_EQ(cells[i].centre[axis], double(absolute[i][axis]));
}

TEST(InstanceCentroids, CountsEveryValueOnce) {
  const Extent size{3, 4, 5};
  std::vector<uint32_t> v(60, 0);
  v[0] = v[1] = 7, v[59] = 4000000000u, v[20] = v[22] = v[24] = 2;
  InstanceCentroids c(4, 5, {10, 20, 30});
  for (int64_t z = 0; z < size.z; ++z) c.add_plane(v.data() + z * 20);
  auto cells = c.finish();
  ASSERT_EQ(cells.size(), 3u);
  expect_near(cells[0], 11, 20, 32, 0);
  expect_near(cells[1], 10, 20, 30.5, 0);
  expect_near(cells[2], 12, 23, 34, 0);
  EXPECT_EQ(cells[0].voxels, 3);
}

// Tiles with a margin see cells at their seams two, four or eight times; joined they are what the whole volume gives.
TEST(JoinTiles, SameAsTheWhole) {
  const Extent size{40, 50, 60};
  Grid grid(size);
  uint32_t state = 5;
  auto next = [&](int64_t n) { return int64_t((state = state * 1664525u + 1013904223u) >> 8) % n; };
  for (int i = 0; i < 60; ++i) grid.ball(double(next(size.z)), double(next(size.y)), double(next(size.x)), 1.5 + double(next(3)));
  DetectOptions options{.split_um = 1};
  auto whole = grid.detect(options);
  ASSERT_GT(whole.size(), 25u);
  for (Extent core : {Extent{20, 25, 30}, Extent{13, 17, 19}, Extent{40, 50, 7}}) {
    const int64_t margin = 24;                   // wider than any clump here
    std::vector<TileDetections> tiles;
    for (int64_t z = 0; z < size.z; z += core.z)
      for (int64_t y = 0; y < size.y; y += core.y)
        for (int64_t x = 0; x < size.x; x += core.x) {
          Box own = intersection(Box{{z, y, x}, core}, Box{{0, 0, 0}, size});
          Box seen = intersection(Box{own.begin - cube(margin), own.size + cube(2 * margin)}, Box{{0, 0, 0}, size});
          Grid tile(seen.size);
          for (int64_t a = 0, i = 0; a < seen.size.z; ++a)
            for (int64_t b = 0; b < seen.size.y; ++b)
              for (int64_t c = 0; c < seen.size.x; ++c)
                tile.mask[size_t(i++)] = grid.mask[size_t(((seen.begin.z + a) * size.y + seen.begin.y + b) * size.x + seen.begin.x + c)];
          DetectOptions o = options;
          o.origin = seen.begin;
          tiles.push_back({own, tile.detect(o)});
        }
    auto joined = join_tiles(tiles, {1, 1, 1}, 0.5);
    ASSERT_EQ(joined.size(), whole.size()) << core.z;
    for (size_t i = 0; i < joined.size(); ++i) {
      expect_near(joined[i], whole[i].centre[0], whole[i].centre[1], whole[i].centre[2], 1e-9);
      EXPECT_EQ(joined[i].voxels, whole[i].voxels);
    }
    std::reverse(tiles.begin(), tiles.end());
    auto other_order = join_tiles(tiles, {1, 1, 1}, 0.5);
    ASSERT_EQ(other_order.size(), joined.size());
    for (size_t i = 0; i < joined.size(); ++i) EXPECT_EQ(other_order[i].centre, joined[i].centre);
  }
}

TEST(JoinTiles, PartsOfOneCellAtASeam) {
  // Without a margin both tiles see half of a cell; the halves' centres lie in their own cores.
  TileDetections left{{{0, 0, 0}, {10, 10, 10}}, {{{5, 5, 9}, 40}, {{2, 2, 2}, 10}}},
      right{{{0, 0, 10}, {10, 10, 10}}, {{{5, 5, 10.4}, 60}, {{5, 5, 13}, 9}}};
  auto joined = join_tiles({left, right}, {1, 1, 1}, 2);
  ASSERT_EQ(joined.size(), 3u);
  EXPECT_EQ(joined[0].voxels, 10);
  EXPECT_EQ(joined[1].voxels, 60);
  EXPECT_EQ(joined[2].voxels, 9);                // near, but of the same tile: another cell
  EXPECT_EQ(join_tiles({left, right}, {1, 1, 2}, 2).size(), 4u);  // 2.8 um apart
}

}  // namespace
}  // namespace tomograd
