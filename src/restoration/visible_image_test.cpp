#include "restoration/visible_image.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "base/error.h"
#include "restoration/input_code.h"
#include "restoration/phantom_test_support.h"

namespace tomograd {
namespace {

RestoreSpec seeing(const std::string& task, double hidden, int64_t noise_beside = 0) {
  RestoreSpec spec = tiny_restoration(task);
  spec.code = "observed", spec.hidden = hidden, spec.code_depth = noise_beside;
  return spec;
}

std::vector<uint8_t> fitted_everywhere(Extent size) { return std::vector<uint8_t>(size_t(size.voxels()), uint8_t(VoxelUse::fitted)); }

// What is fitted is not seen, and what is seen is not fitted: nothing that the network gets depends on a voxel it is fitted to.
TEST(VisibleImage, TheNetworkNeverSeesWhatItIsFittedTo) {
  Extent size{6, 7, 9};
  Volume volume = with_noise(head_phantom(size), 0.2, false);
  RestoreSpec spec = seeing("denoise", 0.2);
  VisibleImage image(spec, {}, size, volume.voxels.data(), nullptr);
  ASSERT_TRUE(image.hides());
  std::vector<uint8_t> use = fitted_everywhere(size);
  int64_t fitted = image.fit_hidden({{}, size}, 3, use.data());
  EXPECT_NEAR(double(fitted), 0.2 * double(size.voxels()), 5 * std::sqrt(0.16 * double(size.voxels())));
  std::vector<float> before(size_t(size.voxels())), after(before.size());
  image.fill({{}, size}, 3, before.data());
  int64_t same = 0;
  for (int64_t i = 0; i < size.voxels(); ++i)
    if (VoxelUse(use[size_t(i)]) == VoxelUse::fitted) volume.voxels[i] += 100;
    else same += before[size_t(i)] == volume.voxels[i];
  EXPECT_EQ(same, size.voxels() - fitted);       // seen as they are
  image.fill({{}, size}, 3, after.data());
  EXPECT_EQ(before, after);
}

TEST(VisibleImage, HidesOthersInEachIterationAndTheSameInEachTile) {
  Extent size{8, 9, 10};
  Volume volume = head_phantom(size);
  RestoreSpec spec = seeing("denoise", 0.1);
  VisibleImage image(spec, {}, size, volume.voxels.data(), nullptr);
  std::vector<uint8_t> whole = fitted_everywhere(size), next = whole;
  image.fit_hidden({{}, size}, 7, whole.data());
  image.fit_hidden({{}, size}, 8, next.data());
  EXPECT_NE(whole, next);
  Box box{{2, 3, 1}, {5, 4, 6}};
  std::vector<uint8_t> part = fitted_everywhere(box.size);
  std::vector<float> all(whole.size()), seen(part.size());
  image.fit_hidden(box, 7, part.data());
  image.fill({{}, size}, 7, all.data());
  image.fill(box, 7, seen.data());
  for (int64_t i = 0; i < box.size.voxels(); ++i) {
    Extent at = box.begin + Extent{i / (box.size.y * box.size.x), i / box.size.x % box.size.y, i % box.size.x};
    size_t there = size_t((at.z * size.y + at.y) * size.x + at.x);
    ASSERT_EQ(part[size_t(i)], whole[there]);
    ASSERT_EQ(seen[size_t(i)], all[there]);
  }
}

TEST(VisibleImage, MissingAndHeldOutVoxelsAreNeitherSeenNorFitted) {
  Extent size{5, 6, 7};
  Volume volume = head_phantom(size);
  std::vector<uint8_t> use = fitted_everywhere(size);
  for (size_t i = 0; i < use.size(); i += 3) use[i] = uint8_t(i % 2 ? VoxelUse::held_out : VoxelUse::missing), volume.voxels[int64_t(i)] = 1000;
  RestoreSpec spec = seeing("inpaint", 0.1);
  VisibleImage image(spec, {}, size, volume.voxels.data(), use.data());
  std::vector<float> seen(2 * use.size());
  image.fill({{}, size}, 0, seen.data());
  std::vector<uint8_t> now = use;
  image.fit_hidden({{}, size}, 0, now.data());
  for (size_t i = 0; i < use.size(); ++i) {
    EXPECT_LT(seen[2 * i], 2) << i;              // none of the 1000
    if (i % 3 != 0) continue;
    EXPECT_EQ(seen[2 * i + 1], 0);
    EXPECT_EQ(now[i], use[i]);
  }
}

TEST(VisibleImage, RepeatsEdgesAndAlwaysFitsSomething) {
  Volume volume = head_phantom({1, 1, 3});
  for (int64_t i = 0; i < 3; ++i) volume.voxels[i] = float(i + 1);
  RestoreSpec spec = seeing("denoise", 0.0001);
  VisibleImage image(spec, {}, {1, 1, 3}, volume.voxels.data(), nullptr);
  std::vector<float> seen(7);
  image.fill({{0, 0, -2}, {1, 1, 7}}, 0, seen.data());
  EXPECT_EQ(seen, (std::vector<float>{1, 1, 1, 2, 3, 3, 3}));
  std::vector<uint8_t> use(3, uint8_t(VoxelUse::fitted));
  EXPECT_EQ(image.fit_hidden({{}, {1, 1, 3}}, 0, use.data()), 1);
  EXPECT_EQ(std::count(use.begin(), use.end(), uint8_t(VoxelUse::fitted)), 1);
}

TEST(VisibleImage, OfThickSlicesTheNetworkSeesThinOnes) {
  Volume thick = head_phantom({4, 5, 6});
  RestoreSpec spec = seeing("superres", 0.1, 3);
  SliceProfile profile = slice_profile("box", 2, 0);
  VisibleImage image(spec, profile, {4, 5, 6}, thick.voxels.data(), nullptr);
  EXPECT_FALSE(image.hides());
  at::Tensor code = InputCode(spec, {8, 5, 6}, image).at({{}, {8, 5, 6}}, {}, 0, at::kFloat);
  ASSERT_EQ(code.sizes().vec(), (std::vector<int64_t>{1, 4, 8, 5, 6}));
  // A quarter of the way from slice 1 to slice 2: Catmull-Rom's weights there.
  double weights[4] = {-0.0703125, 0.8671875, 0.2265625, -0.0234375}, expected = 0;
  for (int64_t k = 0; k < 4; ++k) expected += weights[k] * double(thick.voxels[k * 30 + 17]);
  EXPECT_NEAR(code[0][0][3][2][5].item<float>(), expected, 1e-6);
  EXPECT_LE(code[0][1].max().item<float>(), 0.1f + 5 * 0.01f);  // noise beside it: code_scale and the perturbation
}

TEST(InputCode, ANoiseCodeNeedsChannels) {
  RestoreSpec spec = tiny_restoration();
  spec.code_depth = 0;
  EXPECT_THROW(code_channels(spec), Error);
  spec.code = "observed";
  EXPECT_EQ(code_channels(spec), 1);
}

}  // namespace
}  // namespace tomograd
