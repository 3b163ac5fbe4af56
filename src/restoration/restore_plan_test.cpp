#include "restoration/restore_plan.h"

#include <gtest/gtest.h>

#include <numeric>

#include "base/error.h"
#include "restoration/phantom_test_support.h"

namespace tomograd {
namespace {

Geometry grid_of(Extent size) {
  Geometry geometry;
  geometry.size = size;
  return geometry;
}

TEST(PriorTiles, WeightsSumToOneAndStepsAreKept) {
  PriorTiles tiles = prior_tiles({36, 50, 33}, {16, 20, 0}, 0.25, {4, 1, 1});
  EXPECT_EQ(tiles.tile, (Extent{16, 20, 33}));
  Buffer<float> ones(tiles.tile.voxels(), 1.0f), sum(tiles.volume.voxels(), 0.0f);
  for (int64_t i = 0; i < tiles.count(); ++i) {
    Box box = tiles.box(i);
    EXPECT_EQ(box.begin.z % 4, 0);
    EXPECT_TRUE(fits_inside(box.end(), tiles.volume));
    tiles.add(i, ones.data(), sum.data());
  }
  for (float value : sum) ASSERT_NEAR(value, 1, 1e-5);
  for (size_t k = 1; k < tiles.axis[1].starts.size(); ++k) EXPECT_GE(tiles.axis[1].starts[k - 1] + 20 - tiles.axis[1].starts[k], 5);  // a quarter of 20
}

TEST(PriorTiles, OneTileIsTheVolume) {
  PriorTiles tiles = prior_tiles({5, 1, 7}, {64, 64, 64}, 0.25, cube(1));
  EXPECT_EQ(tiles.count(), 1);
  EXPECT_EQ(tiles.box(0), (Box{{}, {5, 1, 7}}));
}

// A volume with an axis shorter than the network's strides gets a field that the network takes; nothing else grows.
TEST(RestorePlan, ThinVolumesGetAFieldThatFits) {
  RestoreSpec spec = default_restoration("denoise", "small");
  for (Extent size : {Extent{9, 40, 31}, Extent{1, 33, 17}, Extent{2, 2, 2}, Extent{48, 48, 48}}) {
    RestorePlan plan = plan_restoration(spec, grid_of(size), 0);
    EXPECT_TRUE(fits(plan.graph, plan.field)) << to_string(size);
    EXPECT_TRUE(fits_inside(size, plan.field));
    EXPECT_EQ(output_size(plan.graph, plan.field), plan.field);
    EXPECT_GE(plan.crop_begin().z, 0);
  }
  EXPECT_EQ(plan_restoration(spec, grid_of({1, 64, 64}), 0).field, (Extent{1, 64, 64}));  // a picture, in two dimensions
}

TEST(RestorePlan, TilesAreChosenToFitALimit) {
  RestoreSpec spec = tiny_restoration();
  RestorePlan whole = plan_restoration(spec, grid_of({96, 90, 70}), 0);
  EXPECT_EQ(whole.tiles.count(), 1);
  int64_t limit = whole.added_bytes() - whole.activation_bytes * 3 / 4;
  RestorePlan tiled = plan_restoration(spec, grid_of({96, 90, 70}), limit);
  EXPECT_GT(tiled.tiles.count(), 1);
  EXPECT_LE(tiled.added_bytes(), limit);
  spec.tile = cube(90);
  EXPECT_THROW(plan_restoration(spec, grid_of({96, 90, 70}), limit), Error);
  spec.tile = cube(0);
  EXPECT_THROW(plan_restoration(spec, grid_of({96, 90, 70}), whole.volume_bytes / 2), Error);
}

TEST(RestorePlan, SuperresCutsTheThickSlices) {
  RestoreSpec spec = tiny_restoration("superres");
  spec.factor = 3;
  Geometry thick = grid_of({8, 30, 30});
  thick.affine[2][2] = 3;
  RestorePlan plan = plan_restoration(spec, thick, 0);
  EXPECT_EQ(plan.axis, 0);
  EXPECT_EQ(plan.restored.size, (Extent{24, 30, 30}));
  spec.axis = "x", spec.tile = {8, 30, 31};
  plan = plan_restoration(spec, thick, 0);
  EXPECT_EQ(plan.restored.size, (Extent{8, 30, 90}));
  for (int64_t i = 0; i < plan.tiles.count(); ++i) EXPECT_EQ(plan.tiles.box(i).begin.x % 3, 0);
  EXPECT_EQ(plan.tiles.tile.x, 33);
}

}  // namespace
}  // namespace tomograd
