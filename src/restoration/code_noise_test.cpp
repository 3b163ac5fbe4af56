#include "restoration/code_noise.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "restoration/input_code.h"

namespace tomograd {
namespace {

std::vector<float> row(const CodeNoise& noise, uint64_t first, int64_t voxels) {
  std::vector<float> values(size_t(voxels * noise.depth));
  code_row(noise, first, voxels, true, values.data());
  return values;
}

TEST(CodeNoise, QuantilesAreThoseOfAStandardNormal) {
  const float* q = normal_quantiles();
  double sum = 0, squares = 0, fourth = 0;
  for (int i = 0; i < 4096; ++i) sum += q[i], squares += double(q[i]) * q[i], fourth += std::pow(double(q[i]), 4);
  EXPECT_NEAR(sum, 0, 1e-3);
  EXPECT_NEAR(squares / 4096, 1, 1e-6);
  EXPECT_NEAR(fourth / 4096, 3, 0.05);
  for (int i = 1; i < 4096; ++i) ASSERT_LT(q[i - 1], q[i]);
  EXPECT_NEAR(q[2048 + 1398], 0.9999, 0.01);  // share 0.8415 lies below one standard deviation
}

// Moments of 2 million values: the standard error of the mean is sigma / 1400, of the variance sqrt(2) as much, of the kurtosis 5 sqrt(24) / 1400.
TEST(CodeNoise, UniformPlusNormal) {
  CodeNoise noise{11, 12, 32, 0.1f, 0};
  auto code = row(noise, 1000, 65536);
  noise.sigma = 1;
  auto both = row(noise, 1000, 65536);
  double n = double(code.size()), uniform = 0, mean = 0, squares = 0, fourth = 0, neighbours = 0, channels = 0;
  for (size_t i = 0; i < code.size(); ++i) {
    ASSERT_GE(code[i], 0);
    ASSERT_LE(code[i], 0.1f);
    double x = double(both[i]) - double(code[i]);
    uniform += code[i], mean += x, squares += x * x, fourth += x * x * x * x;
    if (i >= 1) channels += x * (double(both[i - 1]) - double(code[i - 1]));
    if (i >= 32) neighbours += x * (double(both[i - 32]) - double(code[i - 32]));
  }
  EXPECT_NEAR(uniform / n, 0.05, 5 * 0.1 / std::sqrt(12 * n));
  EXPECT_NEAR(mean / n, 0, 5 / std::sqrt(n));
  EXPECT_NEAR(squares / n, 1, 5 * std::sqrt(2 / n));
  EXPECT_NEAR(fourth / n, 3, 0.05 + 5 * std::sqrt(24 / n));
  EXPECT_NEAR(neighbours / n, 0, 5 / std::sqrt(n));
  EXPECT_NEAR(channels / n, 0, 5 / std::sqrt(n));
}

TEST(CodeNoise, AValueDependsOnItsPlaceAlone) {
  CodeNoise noise{5, 6, 5, 0.1f, 0.03f};  // a depth that four does not divide
  auto all = row(noise, 100, 40), part = row(noise, 117, 9);
  for (size_t i = 0; i < part.size(); ++i) ASSERT_EQ(part[i], all[17 * 5 + i]);
}

TEST(InputCode, TilesShareTheVolumesCodeAndIterationsDiffer) {
  RestoreSpec spec = default_restoration("denoise", "small");
  spec.code = "noise", spec.code_depth = 6, spec.perturbation = 1.0 / 30;
  VisibleImage none(spec, {}, {7, 9, 11}, nullptr, nullptr);
  InputCode code(spec, {7, 9, 11}, none);
  at::Tensor whole = code.at({{}, {7, 9, 11}}, {}, 4, at::kFloat), part = code.at({{2, 3, 4}, {3, 5, 6}}, {2, 3, 4}, 4, at::kFloat);
  EXPECT_TRUE(at::equal(whole.narrow(2, 2, 3).narrow(3, 3, 5).narrow(4, 4, 6), part));
  EXPECT_TRUE(whole.is_contiguous(at::MemoryFormat::ChannelsLast3d));
  at::Tensor next = code.at({{}, {7, 9, 11}}, {}, 5, at::kFloat);
  double moved = (next - whole).square().mean().item<double>();  // two perturbations of 1/30 each
  EXPECT_NEAR(moved, 2.0 / 900, 2.0 / 900 * 5 * std::sqrt(2.0 / 4158));
  at::Tensor narrow = code.at({{}, {7, 9, 11}}, {}, 4, at::kBFloat16);
  EXPECT_LE((narrow.to(at::kFloat) - whole).abs().max().item<double>(), 0.25 / 256);  // half a unit of 8 bits below 0.25
}

TEST(InputCode, MeshgridGoesFromZeroToOneOverTheVolume) {
  RestoreSpec spec = default_restoration("denoise", "small");
  spec.code = "meshgrid";
  spec.perturbation = 0;
  VisibleImage none(spec, {}, {3, 5, 1}, nullptr, nullptr);
  at::Tensor grid = InputCode(spec, {3, 5, 1}, none).at({{1, 0, 0}, {2, 5, 1}}, {1, 0, 0}, 0, at::kFloat);
  ASSERT_EQ(grid.sizes().vec(), (std::vector<int64_t>{1, 3, 2, 5, 1}));
  EXPECT_EQ(grid[0][0][0][2][0].item<float>(), 0.5f);
  EXPECT_EQ(grid[0][0][1][2][0].item<float>(), 1.0f);
  EXPECT_EQ(grid[0][1][0][1][0].item<float>(), 0.25f);
  EXPECT_EQ(grid[0][2][0][0][0].item<float>(), 0.5f);
}

}  // namespace
}  // namespace tomograd
