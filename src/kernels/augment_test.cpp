#include "kernels/augment.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <vector>

#include "base/memory.h"
#include "base/random.h"
#include "kernels/isa_test.h"

namespace tomograd {
namespace {

std::vector<float> numbers(int64_t n, uint64_t seed, double scale = 1) {
  Random random(seed, "augment_test");
  std::vector<float> v;
  for (int64_t i = 0; i < n; ++i) v.push_back(float(scale * random.normal()));
  return v;
}

bool same(const std::vector<float>& a, const std::vector<float>& b) { return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0; }

class AugmentOnIsa : public IsaTest {
 protected:
  const PatchKernels& plain = patch_kernels_reference();
};

TEST_P(AugmentOnIsa, RowsEqualTheReference) {
  const PatchKernels& fast = patch_kernels();
  for (int64_t n : {1, 7, 15, 16, 17, 33, 64, 65, 128})
    for (int64_t split : {int64_t{0}, int64_t{1}, n / 3, n / 2, n - 1, n, n + 40})
      for (int options = 0; options < 16; ++options) {
        // Exact allocations: a sanitizer sees every value read beyond either part.
        auto first = numbers(std::min(split, n), 1), second = numbers(std::max<int64_t>(0, n - split), 2), noise = numbers(n, 3);
        SplitRow<float> in{first.data(), second.data(), split};
        RowChange change{(options & 1) != 0, options & 2 ? noise.data() : nullptr, 0.3f, options & 4 ? 1.1f : 1.0f, (options & 8) != 0};
        VoxelStatistics a, b;
        Buffer<float> aligned(n);
        std::vector<float> expected(static_cast<size_t>(n));
        plain.row(in, n, change, &a, expected.data());
        fast.row(in, n, change, &b, aligned.data());
        finish_streaming();
        ASSERT_EQ(std::memcmp(aligned.data(), expected.data(), size_t(n) * sizeof(float)), 0) << n << " " << split << " " << options;
        EXPECT_EQ(a.sum, b.sum);
        EXPECT_EQ(a.count, b.count);
        EXPECT_EQ(a.minimum, b.minimum);
        EXPECT_EQ(a.maximum, b.maximum);
      }
}

TEST_P(AugmentOnIsa, LabelRowsEqualTheReference) {
  const PatchKernels& fast = patch_kernels();
  for (int64_t n : {1, 17, 63, 64, 65, 128, 200})
    for (int64_t split : {int64_t{0}, int64_t{1}, n / 2, n - 1, n, n + 100})
      for (int options = 0; options < 4; ++options) {
        std::vector<uint8_t> first, second;
        for (int64_t i = 0; i < n; ++i) (i < split ? first : second).push_back(uint8_t(i * 7 + 3));
        Buffer<uint8_t> a(n), b(n);
        SplitRow<uint8_t> in{first.data(), second.data(), split};
        plain.label_row(in, n, options & 1, options & 2, a.data());
        fast.label_row(in, n, options & 1, options & 2, b.data());
        finish_streaming();
        ASSERT_EQ(std::memcmp(a.data(), b.data(), size_t(n)), 0) << n << " " << split << " " << options;
        EXPECT_EQ(a[0], in.at(options & 1 ? n - 1 : 0));
      }
}

TEST_P(AugmentOnIsa, StepsEqualTheReference) {
  const PatchKernels& fast = patch_kernels();
  for (int64_t n : {1, 9, 16, 31, 257}) {
    auto v = numbers(n, 4), a = v, b = v;
    plain.contrast(a.data(), n, 0.1f, -1, 1.5f, 1.2f);
    fast.contrast(b.data(), n, 0.1f, -1, 1.5f, 1.2f);
    EXPECT_TRUE(same(a, b));
    for (bool inverted : {false, true}) {
      a = b = v;
      VoxelStatistics s = voxel_statistics(plain, v.data(), n);
      if (s.maximum == s.minimum) s.maximum += 1;
      plain.gamma(a.data(), n, s.minimum, s.maximum, 0.7f, inverted);
      fast.gamma(b.data(), n, s.minimum, s.maximum, 0.7f, inverted);
      EXPECT_TRUE(same(a, b)) << n;
    }
    auto more = numbers(n, 5), third = numbers(n, 6);
    const float* rows[] = {v.data(), more.data(), third.data()};
    const float weights[] = {0.2f, -0.7f, 1.5f};
    plain.weighted_rows(rows, weights, 3, n, a.data());
    fast.weighted_rows(rows, weights, 3, n, b.data());
    EXPECT_TRUE(same(a, b));
  }
}

TEST_P(AugmentOnIsa, SamplesEqualTheReference) {
  const PatchKernels& fast = patch_kernels();
  const Extent size{9, 11, 40};
  auto box = numbers(size.voxels(), 7);
  std::vector<uint8_t> labels;
  for (int64_t i = 0; i < size.voxels(); ++i) labels.push_back(uint8_t(i % 251));
  for (int64_t n : {1, 15, 16, 17, 31}) {
    const float start[3] = {7.2f, 0.3f, 1.0f}, step[3] = {-0.2f, 0.3f, 1.1f};
    std::vector<float> a(static_cast<size_t>(n)), b = a;
    plain.sample_linear(box.data(), size, start, step, n, a.data());
    fast.sample_linear(box.data(), size, start, step, n, b.data());
    EXPECT_TRUE(same(a, b));
    std::vector<uint8_t> c(static_cast<size_t>(n)), d = c;
    plain.sample_nearest(labels.data(), size, start, step, n, c.data());
    fast.sample_nearest(labels.data(), size, start, step, n, d.data());
    EXPECT_EQ(c, d);
  }
}

INSTANTIATE_TEST_SUITE_P(All, AugmentOnIsa, every_isa(), isa_of);

TEST(Augment, LinearSamplesOfAPlaneAreExact) {  // trilinear interpolation reproduces a linear function
  const Extent size{6, 7, 30};
  std::vector<float> box;
  for (int64_t z = 0; z < size.z; ++z)
    for (int64_t y = 0; y < size.y; ++y)
      for (int64_t x = 0; x < size.x; ++x) box.push_back(float(2 * z - 3 * y + x));
  const float start[3] = {0.25f, 4.5f, 1.75f}, step[3] = {0.125f, -0.0625f, 0.75f};
  float out[33];
  patch_kernels().sample_linear(box.data(), size, start, step, 33, out);
  for (int i = 0; i < 33; ++i) EXPECT_NEAR(out[i], 2 * (0.25 + 0.125 * i) - 3 * (4.5 - 0.0625 * i) + 1.75 + 0.75 * i, 40 * 8 * 0x1p-24);
}

TEST(Augment, BlurIsTheTripleSum) {
  const Extent size{5, 3, 18};                   // narrower than the kernel along y: the border is mirrored more than once
  const double sigma = 0.9;
  auto v = numbers(size.voxels(), 8), blurred = v;
  std::vector<float> scratch(size_t(size.voxels() + size.x + 64));
  gaussian_blur(patch_kernels(), blurred.data(), size, sigma, scratch.data());
  const int radius = 4;
  double weight[9], total = 0;
  for (int k = -radius; k <= radius; ++k) total += weight[k + radius] = std::exp(-k * k / (2 * sigma * sigma));
  auto mirror = [](int64_t i, int64_t n) {
    while (i < 0 || i >= n) i = i < 0 ? -1 - i : 2 * n - 1 - i;
    return i;
  };
  for (int64_t z = 0; z < size.z; ++z)
    for (int64_t y = 0; y < size.y; ++y)
      for (int64_t x = 0; x < size.x; ++x) {
        double sum = 0;
        for (int a = -radius; a <= radius; ++a)
          for (int b = -radius; b <= radius; ++b)
            for (int c = -radius; c <= radius; ++c)
              sum += weight[a + radius] * weight[b + radius] * weight[c + radius] / (total * total * total) * double(v[size_t((mirror(z + a, size.z) * size.y + mirror(y + b, size.y)) * size.x + mirror(x + c, size.x))]);
        EXPECT_NEAR(blurred[size_t((z * size.y + y) * size.x + x)], sum, 4 * 30 * 0x1p-24);  // |v| < 4, 27 products and sums
      }
}

TEST(Augment, LowResolution) {
  const Extent size{4, 6, 8};
  auto v = numbers(size.voxels(), 9), same_size = v;
  std::vector<float> scratch(size_t(size.voxels() + size.x + 64));
  lower_resolution(patch_kernels(), same_size.data(), size, 1, scratch.data());
  EXPECT_TRUE(same(v, same_size));
  // One row of 8 at half: samples 1, 3, 5, 7 stand for positions 0.5, 2.5, 4.5, 6.5; the ends are held.
  std::vector<float> row{0, 10, 0, 20, 0, 40, 0, 0};
  lower_resolution(patch_kernels(), row.data(), {1, 1, 8}, 0.5, scratch.data());
  EXPECT_EQ(row, (std::vector<float>{10, 12.5, 17.5, 25, 35, 30, 10, 0}));
}

TEST(Augment, GammaCurveKeepsMeanAndDeviation) {
  constexpr int64_t n = 5000;
  for (bool inverted : {false, true}) {
    auto v = numbers(n, 10, 3), changed = v;
    for (float& x : v) x += 100;
    changed = v;
    gamma_curve(patch_kernels(), changed.data(), n, 1.4, inverted);
    auto moments = [&](const std::vector<float>& x) {
      double mean = 0, square = 0;
      for (float value : x) mean += double(value) / n;
      for (float value : x) square += (double(value) - mean) * (double(value) - mean) / n;
      return std::pair(mean, std::sqrt(square));
    };
    auto [mean, deviation] = moments(v);
    auto [new_mean, new_deviation] = moments(changed);
    EXPECT_NEAR(new_mean, mean, 110 * 0x1p-22);
    EXPECT_NEAR(new_deviation, deviation, 3 * 1e-4);
    EXPECT_FALSE(same(v, changed));
    // Monotone: the order of voxels stays.
    for (int64_t i = 1; i < n; ++i)
      EXPECT_TRUE(v[size_t(i)] <= v[size_t(i - 1)] + 0.01f || changed[size_t(i)] >= changed[size_t(i - 1)]) << i;
  }
  std::vector<float> flat(100, 5.0f);
  gamma_curve(patch_kernels(), flat.data(), 100, 1.4, false);
  EXPECT_EQ(flat, std::vector<float>(100, 5.0f));
}

TEST(Augment, GammaIsThePower) {
  auto v = numbers(1000, 11), changed = v;
  VoxelStatistics s = voxel_statistics(patch_kernels(), v.data(), 1000);
  patch_kernels().gamma(changed.data(), 1000, s.minimum, s.maximum, 0.7f, false);
  double range = double(s.maximum) - double(s.minimum);
  for (size_t i = 0; i < v.size(); ++i) {
    double t = (double(v[i]) - double(s.minimum)) / range;
    // t carries an absolute error of 2^-22; where t is small t^0.7 is steep.
    double slack = t > 1e-3 ? 0.7 * std::pow(t, -0.3) * 0x1p-21 + 1e-6 : std::pow(1e-3 + 0x1p-21, 0.7);
    EXPECT_NEAR(changed[i], std::pow(t, 0.7) * range + double(s.minimum), slack * range);
  }
}

}  // namespace
}  // namespace tomograd
