#include "volume/geometry.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"
#include "base/random.h"
#include "volume/volume.h"

namespace tomograd {
namespace {

TEST(Geometry, SpacingWorldAndLetters) {
  Geometry g{{3, 4, 5}, {{{0, -2, 0, 10}, {1.5, 0, 0, 20}, {0, 0, 3, 30}}}};
  EXPECT_EQ(g.spacing(), (std::array<double, 3>{3, 2, 1.5}));
  EXPECT_EQ(g.world(1, 2, 3), (std::array<double, 3>{6, 24.5, 33}));
  EXPECT_EQ(g.orientation(), "ALS");
  EXPECT_EQ(Geometry{}.orientation(), "RAS");
}

TEST(Geometry, ReorientationMovesVoxelsWithTheirWorldPositions) {
  Random random(5, "geometry");
  for (int trial = 0; trial < 300; ++trial) {
    Geometry g;
    g.size = {1 + random.below(5), 1 + random.below(5), 1 + random.below(5)};
    for (auto& row : g.affine)
      for (double& v : row) v = random.normal();
    Buffer<float> voxels(g.size.voxels());
    for (int64_t i = 0; i < voxels.size(); ++i) voxels[i] = float(i);
    Reorientation r = to_canonical(g);
    Geometry c = reoriented(g, r);
    Buffer<float> moved = reorient_voxels(voxels, g.size, r);
    ASSERT_EQ(c.size.voxels(), g.size.voxels());
    Volume canonical{c, std::move(moved)};
    for (int64_t z = 0; z < c.size.z; ++z)
      for (int64_t y = 0; y < c.size.y; ++y)
        for (int64_t x = 0; x < c.size.x; ++x) {
          int64_t from = int64_t(canonical.voxels[canonical.index(z, y, x)]);
          auto p = g.world(double(from / g.size.x / g.size.y), double(from / g.size.x % g.size.y), double(from % g.size.x)),
              q = c.world(double(z), double(y), double(x));
          for (int i = 0; i < 3; ++i) ASSERT_NEAR(p[size_t(i)], q[size_t(i)], 1e-12);
        }
    EXPECT_TRUE(to_canonical(c).is_identity());
    Buffer<float> back = reorient_voxels(canonical.voxels, c.size, inverse(r));
    EXPECT_TRUE(std::equal(voxels.begin(), voxels.end(), back.begin(), back.end()));
    std::string reason;
    EXPECT_TRUE(same_grid(g, reoriented(c, inverse(r)), 1e-12, &reason)) << reason;
  }
}

// The obvious loop beside the tiled one, on sizes that are no multiples of its squares, for each element type.
template <class T>
void check_against_plain_loop() {
  Extent size{3, 67, 41};
  Buffer<T> voxels(size.voxels());
  for (int64_t i = 0; i < voxels.size(); ++i) voxels[i] = T(i * 31 % 251);
  for (Reorientation r : {Reorientation{{2, 0, 1}, {true, false, true}}, Reorientation{{0, 2, 1}, {false, true, false}}, Reorientation{{1,
      0, 2}, {true, true, true}}, Reorientation{}}) {
    Buffer<T> moved = reorient_voxels(voxels, size, r);
    Extent out{size[r.from_axis[0]], size[r.from_axis[1]], size[r.from_axis[2]]};
    int64_t i = 0;
    for (int64_t z = 0; z < out.z; ++z)
      for (int64_t y = 0; y < out.y; ++y)
        for (int64_t x = 0; x < out.x; ++x, ++i) {
          Extent at{z, y, x}, from;
          for (int a = 0; a < 3; ++a) from[r.from_axis[size_t(a)]] = r.flipped[size_t(a)] ? out[a] - 1 - at[a] : at[a];
          ASSERT_EQ(moved[i], voxels[(from.z * size.y + from.y) * size.x + from.x]);
        }
  }
  EXPECT_THROW(reorient_voxels(voxels, Extent{3, 67, 40}, Reorientation{}), Error);
}

TEST(Geometry, TiledReorientationIsThePlainLoop) {
  check_against_plain_loop<float>();
  check_against_plain_loop<uint16_t>();
  check_against_plain_loop<uint8_t>();
}

TEST(Geometry, SameGridLooksAtEveryCorner) {
  Geometry a{{10, 10, 10}, {{{1, 0, 0, 0}, {0, 1, 0, 0}, {0, 0, 1, 0}}}}, b = a;
  b.affine[0][2] = 1e-3;  // 9e-3 mm at the far z, nothing at the origin
  std::string reason;
  EXPECT_TRUE(same_grid(a, b, 1e-2));
  EXPECT_FALSE(same_grid(a, b, 8e-3, &reason));
  EXPECT_NE(reason.find("0.009"), std::string::npos) << reason;
  b.affine[0][2] = NAN;
  EXPECT_FALSE(same_grid(a, b, 1e9));
}

}  // namespace
}  // namespace tomograd
