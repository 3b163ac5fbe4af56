#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <limits>
#include <set>
#include <sstream>

#include "base/error.h"
#include "base/random.h"
#include "volume/nifti_test_files.h"
#include "volume/volume.h"

namespace tomograd {
namespace {

Affine random_affine(Random& random, bool straight) {
  Affine a{};
  for (size_t row = 0; row < 3; ++row)
    for (size_t column = 0; column < 4; ++column) a[row][column] = column == 3 ? random.normal() : row == column ? random.uniform(0.5,
        1.4) : straight ? 0 : random.uniform(-0.2, 0.2);
  return a;
}

// The contract, word by word: all eight voxels around the position, those outside dropped, the rest renormalised. Solves
// for the position by Cramer's rule.
double plain_linear(const Volume& v, const std::array<double, 3>& world, double outside) {
  const Affine& a = v.geometry.affine;
  auto det = [](std::array<std::array<double, 3>, 3> m) { return m[0][0] * (m[1][1] * m[2][2] - m[1][2] * m[2][1])
      - m[0][1] * (m[1][0] * m[2][2] - m[1][2] * m[2][0]) + m[0][2] * (m[1][0] * m[2][1] - m[1][1] * m[2][0]); };
  std::array<std::array<double, 3>, 3> m;
  for (size_t i = 0; i < 3; ++i)
    for (size_t j = 0; j < 3; ++j) m[i][j] = a[i][j];
  double p[3];
  for (size_t column = 0; column < 3; ++column) {
    auto replaced = m;
    for (size_t row = 0; row < 3; ++row) replaced[row][column] = world[row] - a[row][3];
    p[column] = det(replaced) / det(m);
  }
  double sum = 0, weights = 0;
  Extent s = v.geometry.size;
  int64_t x0 = int64_t(std::floor(p[0])), y0 = int64_t(std::floor(p[1])), z0 = int64_t(std::floor(p[2]));
  for (int64_t z : {z0, z0 + 1})
    for (int64_t y : {y0, y0 + 1})
      for (int64_t x : {x0, x0 + 1}) {
        if (!Box{{0, 0, 0}, s}.contains({z, y, x})) continue;
        double w = (1 - std::abs(p[0] - double(x))) * (1 - std::abs(p[1] - double(y))) * (1 - std::abs(p[2] - double(z)));
        sum += w * double(v.voxels[v.index(z, y, x)]), weights += w;
      }
  return weights > 1e-5 ? sum / weights : outside;
}

Volume random_volume(Random& random, Geometry g) {
  Volume v{g, Buffer<float>(g.size.voxels())};
  for (float& x : v.voxels) x = float(random.normal());
  return v;
}

TEST(Resample, LinearIsTheContract) {
  Random random(1, "resample");
  int64_t inside = 0;
  for (int trial = 0; trial < 60; ++trial) {
    bool straight = trial % 2;
    Volume v = random_volume(random, {{1 + random.below(6), 2 + random.below(6), 3 + random.below(6)}, random_affine(random, straight)});
    Geometry onto{{4, 5, 6}, random_affine(random, straight)};
    Volume r = resample_linear(v, onto, -9);
    for (int64_t z = 0; z < 4; ++z)
      for (int64_t y = 0; y < 5; ++y)
        for (int64_t x = 0; x < 6; ++x) {
          double expected = plain_linear(v, onto.world(double(z), double(y), double(x)), -9);
          inside += expected != -9;
          // positions are exact to 1e-6 voxels (snapping), values up to 4, renormalisation at a rim divides by the weight
          ASSERT_NEAR(r.voxels[r.index(z, y, x)], expected, 5e-5) << trial;
        }
  }
  EXPECT_GT(inside, 60 * 120 / 4);
  EXPECT_LT(inside, 60 * 120);
}

TEST(Resample, AgreesWithScipy) {
  const std::string golden = TOMOGRAD_SOURCE_DIR "/tests/golden/volume/";
  std::ifstream file(golden + "resample.txt");
  int grids = 0;
  for (std::string words; std::getline(file, words); ++grids) {
    std::istringstream in(words);
    std::string name;
    Volume v;
    Geometry onto;
    in >> name;
    for (Geometry* g : {&v.geometry, &onto}) {
      in >> g->size.z >> g->size.y >> g->size.x;
      for (auto& row : g->affine)
        for (double& x : row) in >> x;
    }
    ASSERT_TRUE(bool(in));
    auto load = [&](const std::string& path, int64_t count) {
      std::string bytes = get_file(path);
      EXPECT_EQ(int64_t(bytes.size()), count * 4);
      Buffer<float> b(count);
      std::memcpy(b.data(), bytes.data(), bytes.size());
      return b;
    };
    v.voxels = load(golden + "resample_input.f32", v.geometry.size.voxels());
    Buffer<float> expected = load(golden + name, onto.size.voxels());
    Volume r = resample_linear(v, onto);
    for (int64_t i = 0; i < expected.size(); ++i) {
      if (std::isnan(expected[i])) continue;
      ASSERT_NEAR(r.voxels[i], expected[i], 5e-3) << name << " " << i;  // values around 1000: 1e-6 voxels of slope and 8 roundings
    }
  }
  EXPECT_EQ(grids, 2);
}

TEST(Resample, TheSameGridGivesTheSameVoxels) {
  Random random(2, "resample");
  for (int trial = 0; trial < 20; ++trial) {
    Volume v = random_volume(random, {{7, 9, 11}, random_affine(random, trial % 2)});
    v.voxels[100] = std::numeric_limits<float>::quiet_NaN();  // must not spread
    v.voxels[200] = std::numeric_limits<float>::infinity();
    Volume r = resample_linear(v, v.geometry);
    EXPECT_EQ(std::memcmp(r.voxels.data(), v.voxels.data(), size_t(v.voxels.size()) * 4), 0);
    // Turned to canonical order and back by resampling: the same voxels again.
    Geometry turned = reoriented(v.geometry, Reorientation{{2, 0, 1}, {true, false, true}});
    Volume back = resample_linear(resample_linear(v, turned), v.geometry);
    EXPECT_EQ(std::memcmp(back.voxels.data(), v.voxels.data(), size_t(v.voxels.size()) * 4), 0);
  }
}

TEST(Resample, LinearFunctionsAreReproduced) {
  Geometry g{{9, 10, 11}, {{{-0.9, 0, 0, 3}, {0, 1.2, 0, 4}, {0, 0, 2.5, 5}}}};
  Volume v{g, Buffer<float>(g.size.voxels())};
  auto f = [](const std::array<double, 3>& p) { return 2 * p[0] - 3 * p[1] + 0.5 * p[2] + 1; };
  for (int64_t z = 0; z < 9; ++z)
    for (int64_t y = 0; y < 10; ++y)
      for (int64_t x = 0; x < 11; ++x) v.voxels[v.index(z, y, x)] = float(f(g.world(double(z), double(y), double(x))));
  Geometry fine = with_spacing(g, {1, 1, 1});
  Volume r = resample_linear(v, fine);
  for (int64_t z = 2; z < fine.size.z - 2; ++z)
    for (int64_t y = 1; y < fine.size.y - 1; ++y)
      for (int64_t x = 1; x < fine.size.x - 1; ++x) ASSERT_NEAR(r.voxels[r.index(z, y, x)], f(fine.world(double(z), double(y), double(x))),
          1e-4);
}

TEST(Resample, ThickSlicesAreTakenByNearestNeighbour) {
  Geometry g{{4, 5, 6}, {{{1, 0, 0, 0}, {0, 1, 0, 0}, {0, 0, 3.01, 0}}}};
  Random random(3, "resample");
  Volume v = random_volume(random, g);
  Geometry onto = g;
  onto.affine[2][3] = 0.4 * 3.01;
  Volume r = resample_linear(v, onto);
  for (int64_t i = 0; i < r.voxels.size(); ++i) EXPECT_EQ(r.voxels[i], v.voxels[i]);  // 0.4 slices further is still this slice
  v.geometry.affine[2][2] = onto.affine[2][2] = 3;  // exactly 3 times is not more than 3 times
  onto.affine[2][3] = 1.2;
  r = resample_linear(v, onto);
  EXPECT_NEAR(r.voxels[0], 0.6 * double(v.voxels[0]) + 0.4 * double(v.voxels[30]), 1e-6);
}

TEST(Resample, LabelsNeverGetNewValues) {
  Random random(4, "resample");
  for (int trial = 0; trial < 40; ++trial) {
    LabelVolume l{{{6, 7, 8}, random_affine(random, trial % 2)}, Buffer<uint16_t>(336)};
    std::set<int> values{0};
    for (uint16_t& v : l.voxels) values.insert(v = random.chance(0.1) ? 65535 : uint16_t(random.below(5) * 50));
    Geometry onto{{9, 8, 7}, random_affine(random, trial % 2)};
    LabelVolume r = resample_nearest(l, onto);
    for (uint16_t v : r.voxels) ASSERT_TRUE(values.count(v));
    LabelVolume same = resample_nearest(l, l.geometry);
    EXPECT_TRUE(std::equal(l.voxels.begin(), l.voxels.end(), same.voxels.begin()));
    auto s = l.geometry.spacing();  // three times finer and back: the middle of three is the voxel itself
    LabelVolume back = resample_nearest(resample_nearest(l, with_spacing(l.geometry, {s[0] / 3, s[1] / 3, s[2] / 3})), l.geometry);
    EXPECT_TRUE(std::equal(l.voxels.begin(), l.voxels.end(), back.voxels.begin()));
  }
}

TEST(Resample, NearestOutsideIsBackgroundAndTiesDoNotDependOnRoundOff) {
  LabelVolume l{{{1, 1, 4}, {}}, Buffer<uint16_t>(4)};
  l.geometry.affine = Geometry{}.affine;
  for (int64_t i = 0; i < 4; ++i) l.voxels[i] = uint16_t(i + 1);
  Geometry onto = l.geometry;
  onto.size.x = 8;
  for (double noise : {-1e-9, 0.0, 1e-9}) {
    onto.affine[0][3] = -1.5 + noise;
    LabelVolume r = resample_nearest(l, onto);  // -1.5 -0.5 0.5 ... 5.5
    std::vector<uint16_t> got(r.voxels.begin(), r.voxels.end());
    EXPECT_EQ(got, (std::vector<uint16_t>{0, 1, 2, 3, 4, 4, 0, 0}));
  }
}

TEST(Resample, WithSpacingCoversTheSameBox) {
  Random random(6, "resample");
  for (int trial = 0; trial < 200; ++trial) {
    Geometry g{{1 + random.below(30), 1 + random.below(30), 1 + random.below(30)}, random_affine(random, trial % 2)};
    std::array<double, 3> wanted{random.uniform(0.2, 4), random.uniform(0.2, 4), random.uniform(0.2, 4)};
    Geometry w = with_spacing(g, wanted);
    auto s = g.spacing(), t = w.spacing();
    for (int axis = 0; axis < 3; ++axis) {
      size_t a = size_t(axis);
      EXPECT_NEAR(t[a], wanted[a], 1e-12);
      double old_length = s[a] * double(g.size[axis]), new_length = t[a] * double(w.size[axis]);
      EXPECT_GE(new_length, old_length - 0.0101 * t[a]);
      EXPECT_LT(new_length, old_length + t[a]);
    }
    auto middle = [](const Geometry& x) { return x.world(double(x.size.z - 1) / 2, double(x.size.y - 1) / 2, double(x.size.x - 1) / 2); };
    for (size_t i = 0; i < 3; ++i) EXPECT_NEAR(middle(g)[i], middle(w)[i], 1e-10);
    EXPECT_EQ(with_spacing(g, s).affine, g.affine);
    EXPECT_EQ(with_spacing(g, s).size, g.size);
  }
  Geometry g{{155, 240, 240}, Geometry{}.affine};
  EXPECT_EQ(with_spacing(g, {1.0000001, 0.9999999, 2}).size, (Extent{155, 240, 120}));
  EXPECT_THROW(with_spacing(g, {0, 1, 1}), Error);
  EXPECT_THROW(with_spacing(g, {1, NAN, 1}), Error);
  EXPECT_THROW(with_spacing(g, {1, 1, 1e-12}), Error);
  Volume flat{{{1, 1, 1}, {{{0, 0, 0, 0}, {0, 1, 0, 0}, {0, 0, 1, 0}}}}, Buffer<float>(1, 0.0f)};
  EXPECT_THROW(resample_linear(flat, g), Error);
}

}  // namespace
}  // namespace tomograd
