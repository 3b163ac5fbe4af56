#include "restoration/plane_fit.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"
#include "restoration/phantom_test_support.h"
#include "restoration/restoration.h"
#include "volume/cubic_slices.h"

namespace tomograd {
namespace {

RestoreSpec from_planes() {
  RestoreSpec spec = default_restoration("superres", "small");
  spec.axis = "z", spec.precision = "f32", spec.seed = 3;
  for (BlockSpec& block : spec.model.block)
    if (block.channels > 0) block.channels = 8;
  return spec;
}

Volume thick_of(const Volume& fine, int64_t factor, int axis) {
  SliceProfile profile = slice_profile("box", factor, axis);
  Volume thick{fine.geometry, Buffer<float>(fine.voxels.size() / factor)};
  thick.geometry.size = profile.seen(fine.geometry.size);
  apply(profile, fine.geometry.size, fine.voxels.data(), thick.voxels.data());
  return thick;
}

Volume interpolated(const Volume& thick, int64_t factor, int axis) {
  Volume thin{thick.geometry, Buffer<float>(thick.voxels.size() * factor)};
  thin.geometry.size[axis] *= factor;
  cubic_slices(thick.voxels.data(), thick.geometry.size, axis, factor, thin.voxels.data());
  return thin;
}

// Texture that looks alike along all axes: what slices teach holds across them too.
Volume texture(Extent size) {
  Volume volume = head_phantom(size);
  for (int64_t i = 0; i < size.voxels(); ++i) {
    double z = double(i / (size.y * size.x)), y = double(i / size.x % size.y), x = double(i % size.x);
    volume.voxels[i] += 0.2f * float(std::sin(1.3 * z) + std::sin(1.3 * y) + std::sin(1.3 * x));
  }
  return volume;
}

TEST(PlaneFit, StartsAtInterpolation) {
  Volume thick = texture({6, 11, 9});
  RestoreSpec spec = from_planes();
  RestorePlan plan = plan_restoration(spec, thick.geometry, 0);
  PlaneFit fit(spec, plan, thick.voxels.data(), Precision::f32);
  Volume shown = interpolated(thick, 2, 0), got = interpolated(thick, 2, 0);
  fit.write(false, got.voxels.data());
  EXPECT_TRUE(std::equal(got.voxels.begin(), got.voxels.end(), shown.voxels.begin()));
}

TEST(PlaneFit, NeverSeesTheSlicesThatItHoldsOut) {
  Volume thick = texture({12, 14, 10}), other = texture({12, 14, 10});
  RestoreSpec spec = from_planes();
  spec.stop.holdout = 0.25, spec.backtrack_db = 0;
  RestorePlan plan = plan_restoration(spec, thick.geometry, 0);
  PlaneFit fit(spec, plan, thick.voxels.data(), Precision::f32);
  EXPECT_EQ(fit.held_out(), (std::vector<int64_t>{10, 6, 2}));
  for (int64_t slice : fit.held_out())
    for (int64_t i = 0; i < 140; ++i) other.voxels[slice * 140 + i] = 9;
  PlaneFit blind(spec, plan, other.voxels.data(), Precision::f32);
  for (int i = 0; i < 10; ++i) fit.step(), blind.step();
  auto weights = fit.network().parameters(), of_blind = blind.network().parameters();
  for (size_t i = 0; i < weights.size(); ++i) EXPECT_TRUE(at::equal(weights[i].second, of_blind[i].second)) << weights[i].first;
  EXPECT_NE(fit.criterion("holdout"), blind.criterion("holdout"));
}

TEST(PlaneFit, LearnsFromSlicesWhatInterpolationMisses) {
  Volume fine = texture({24, 26, 22});
  for (int axis : {0, 2}) {
    Volume thick = thick_of(fine, 2, axis);
    RestoreSpec spec = from_planes();
    spec.axis = axis == 0 ? "z" : "x";
    spec.iterations = 200, spec.stop.rule = "none";
    Restoration result = restore(spec, plan_restoration(spec, thick.geometry, 0), thick, {}, Precision::f32);
    EXPECT_GT(psnr_between(result.volume, fine), psnr_between(interpolated(thick, 2, axis), fine) + 3);
    EXPECT_GT(result.psnr_input, 80);            // thick slices are kept
    EXPECT_EQ(result.taken_back, 0);
  }
}

TEST(PlaneFit, ALongStepIsTakenBackAndTheFitGoesOn) {
  Volume fine = texture({16, 18, 20}), thick = thick_of(fine, 2, 0);
  RestoreSpec spec = from_planes();
  spec.iterations = 150, spec.stop.rule = "none", spec.learning_rate = 0.3;
  Restoration result = restore(spec, plan_restoration(spec, thick.geometry, 0), thick, {}, Precision::f32);
  EXPECT_GT(result.taken_back, 0);
  EXPECT_GT(psnr_between(result.volume, fine), psnr_between(interpolated(thick, 2, 0), fine));
}

TEST(PlaneFit, NetworksThatTakeOnlySomeSizesGetThem) {
  Volume thick = texture({7, 21, 13});
  RestoreSpec spec = from_planes();
  spec.model = prior_model("small", false);
  spec.model.n_down = {8, 8}, spec.model.dims = 2, spec.model.sigmoid = "no";
  spec.factor = 3, spec.iterations = 20;
  Restoration result = restore(spec, plan_restoration(spec, thick.geometry, 0), thick, {}, Precision::f32);
  EXPECT_EQ(result.volume.geometry.size, (Extent{21, 21, 13}));
  for (float value : result.volume.voxels) ASSERT_TRUE(std::isfinite(value));
}

TEST(PlanePlan, ALimitTakesFewerWindowsAtATime) {
  RestoreSpec spec = from_planes();
  Geometry grid;
  grid.size = {60, 256, 200};
  RestorePlan whole = plan_restoration(spec, grid, 0);
  EXPECT_EQ(whole.planes, 12);
  EXPECT_EQ(whole.field, (Extent{1, 48, 96}));
  EXPECT_EQ(whole.restored.size, (Extent{120, 256, 200}));
  RestorePlan less = plan_restoration(spec, grid, whole.added_bytes() - 1);
  EXPECT_LT(less.planes, 12);
  EXPECT_LT(less.added_bytes(), whole.added_bytes());
  EXPECT_THROW(plan_restoration(spec, grid, whole.volume_bytes), Error);
}

TEST(PlanePlan, SaysWhatDoesNotGoWithPlanes) {
  Geometry grid;
  grid.size = {8, 20, 20};
  auto message = [&](auto change, const std::string& task = "superres") {
    RestoreSpec spec = from_planes();
    spec.task = task;
    change(spec);
    try {
      plan_restoration(spec, grid, 0);
    } catch (const Error& error) {
      return error.message();
    }
    return std::string("accepted");
  };
  EXPECT_NE(message([](RestoreSpec&) {}, "denoise").find("the task is denoise"), std::string::npos);
  EXPECT_NE(message([](RestoreSpec& spec) { spec.tile = cube(16); }).find("tile is 16x16x16"), std::string::npos);
  EXPECT_NE(message([](RestoreSpec& spec) { spec.optimizer = "lbfgs"; }).find("optimizer is lbfgs"), std::string::npos);
  EXPECT_NE(message([](RestoreSpec& spec) { spec.stop.rule = "variance"; }).find("stop.rule is variance"), std::string::npos);
  EXPECT_NE(message([](RestoreSpec& spec) { spec.model.block[1].kernel = cube(3); }).find("reaches across planes"), std::string::npos);
  EXPECT_EQ(message([](RestoreSpec&) {}), "accepted");
}

TEST(PlaneFit, OneSliceCannotBeHeldOut) {
  Volume thick = texture({1, 20, 20});
  RestoreSpec spec = from_planes();
  RestorePlan plan = plan_restoration(spec, thick.geometry, 0);
  EXPECT_THROW(PlaneFit(spec, plan, thick.voxels.data(), Precision::f32), Error);
  spec.stop.rule = "none", spec.iterations = 3;
  EXPECT_EQ(restore(spec, plan, thick, {}, Precision::f32).volume.geometry.size, (Extent{2, 20, 20}));
}

}  // namespace
}  // namespace tomograd
