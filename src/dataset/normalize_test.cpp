#include "dataset/normalize.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "base/random.h"
#include "dataset/dataset_test_files.h"

namespace tomograd {
namespace {

Buffer<float> buffer_of(const std::vector<float>& values) {
  Buffer<float> buffer(int64_t(values.size()));
  std::copy(values.begin(), values.end(), buffer.begin());
  return buffer;
}

PreprocessSpec kind(const std::string& normalize, std::vector<double> clip = {}) {
  PreprocessSpec spec;
  spec.normalize = normalize, spec.clip_percentiles = std::move(clip);
  return spec;
}

// A cube of noise in a constant background that is not zero.
struct Sample {
  Extent size{6, 7, 8};
  Buffer<float> voxels{size.voxels(), -3.5527f};
  Buffer<uint8_t> roi{size.voxels(), uint8_t{0}};
  int64_t inside = 0;
  explicit Sample(double mean = 40, double deviation = 5) {
    Random random(2, "normalise test");
    for (int64_t z = 1; z < 5; ++z)
      for (int64_t y = 2; y < 6; ++y)
        for (int64_t x = 1; x < 7; ++x, ++inside)
          voxels[(z * 7 + y) * 8 + x] = float(mean + deviation * random.normal()), roi[(z * 7 + y) * 8 + x] = x < 5;
  }
};

std::pair<double, double> moments(const Buffer<float>& voxels, const std::function<bool(int64_t)>& counts) {
  double sum = 0, squares = 0, n = 0;
  for (int64_t i = 0; i < voxels.size(); ++i)
    if (counts(i)) sum += voxels[i], ++n;
  for (int64_t i = 0; i < voxels.size(); ++i)
    if (counts(i)) squares += (voxels[i] - sum / n) * (voxels[i] - sum / n);
  return {sum / n, std::sqrt(squares / n)};
}

constexpr double close = 2e-6;  // float rounding of values up to 4, averaged

TEST(Background, IsWhatTheCornersShare) {
  Sample s;
  Background found = find_background(s.voxels, s.size);
  EXPECT_TRUE(found.constant);
  EXPECT_EQ(found.value, -3.5527f);
  Buffer<float> noise(27);
  for (int64_t i = 0; i < 27; ++i) noise[i] = float(i);
  found = find_background(noise, cube(3));
  EXPECT_FALSE(found.constant);
  EXPECT_EQ(found.value, 8);  // corners 0 2 6 8 18 20 24 26: lower median
  noise[0] = noise[2] = NAN, noise[6] = INFINITY;
  found = find_background(noise, cube(3));
  EXPECT_EQ(found.not_finite, 3);
  EXPECT_EQ(found.value, 20);
  EXPECT_NE(error_of([&] { find_background(Buffer<float>(8, NAN), cube(2)); }).find("finite"), std::string::npos);
}

TEST(Normalize, ZscoreUsesTheRoiOrWhatIsNotBackground) {
  Sample s;
  Background background = find_background(s.voxels, s.size);
  Buffer<float> in_roi = buffer_of({s.voxels.begin(), s.voxels.end()}), foreground = buffer_of({s.voxels.begin(), s.voxels.end()}),
                with_roi = buffer_of({s.voxels.begin(), s.voxels.end()});
  float outside = normalize_channel(in_roi, s.roi, background, kind("auto"));
  auto [mean, deviation] = moments(in_roi, [&](int64_t i) { return s.roi[i] != 0; });
  EXPECT_NEAR(mean, 0, close);
  EXPECT_NEAR(deviation, 1, close);
  EXPECT_EQ(in_roi[0], outside);
  normalize_channel(foreground, {}, background, kind("auto"));
  auto [mean2, deviation2] = moments(foreground, [&](int64_t i) { return s.voxels[i] != -3.5527f; });
  EXPECT_NEAR(mean2, 0, close);
  EXPECT_NEAR(deviation2, 1, close);
  normalize_channel(with_roi, s.roi, background, kind("zscore"));  // zscore does not look at the ROI
  EXPECT_TRUE(std::equal(with_roi.begin(), with_roi.end(), foreground.begin()));
}

TEST(Normalize, ConstantImagesBecomeZero) {
  for (float value : {0.0f, 1000.0f, 1e30f, 0.1f})
    for (const char* how : {"auto", "zscore", "minmax"}) {
      Buffer<float> voxels(1001, value);
      float outside = normalize_channel(voxels, {}, find_background(voxels, {7, 11, 13}), kind(how));
      EXPECT_EQ(outside, 0) << value << how;
      for (float v : voxels) ASSERT_EQ(v, 0) << value << how;
    }
}

TEST(Normalize, LargeOffsetsLoseNoDigits) {
  // Values 1e6 + {0, 0.25}: mean 1e6 + 0.125, deviation 0.125, all exact in float; so is the result.
  Buffer<float> voxels(4096);
  for (int64_t i = 0; i < voxels.size(); ++i) voxels[i] = 1e6f + (i % 2 ? 0.25f : 0.0f);
  Buffer<uint8_t> roi(voxels.size(), uint8_t{1});
  normalize_channel(voxels, roi, find_background(voxels, cube(16)), kind("auto"));
  for (int64_t i = 0; i < voxels.size(); ++i) ASSERT_EQ(voxels[i], i % 2 ? 1.0f : -1.0f);
}

TEST(Normalize, MinmaxAndNone) {
  Buffer<float> voxels = buffer_of({2, 4, 6, 10, 3, 5, 7, 9});
  Buffer<float> same = buffer_of({2, 4, 6, 10, 3, 5, 7, 9});
  Background background = find_background(voxels, cube(2));
  normalize_channel(voxels, {}, background, kind("minmax"));
  EXPECT_EQ(voxels[0], 0);
  EXPECT_EQ(voxels[3], 1);
  EXPECT_EQ(voxels[2], 0.5f);
  EXPECT_EQ(normalize_channel(same, {}, background, kind("none")), background.value);
  EXPECT_EQ(same[3], 10);
}

TEST(Normalize, PercentilesAreNumpysAndClip) {
  Buffer<float> values = buffer_of({15, 20, 35, 40, 50});
  EXPECT_DOUBLE_EQ(percentile(values, 0), 15);
  EXPECT_DOUBLE_EQ(percentile(values, 40), 29);   // numpy.percentile([15, 20, 35, 40, 50], 40)
  EXPECT_DOUBLE_EQ(percentile(values, 50), 35);
  EXPECT_DOUBLE_EQ(percentile(values, 99.5), 49.8);
  EXPECT_DOUBLE_EQ(percentile(values, 100), 50);
  Buffer<float> one(1, 7.0f);
  EXPECT_EQ(percentile(one, 33), 7);
  Buffer<float> voxels(101 * 8);
  for (int64_t i = 0; i < voxels.size(); ++i) voxels[i] = float(i % 101);
  normalize_channel(voxels, {}, Background{-1, false, 0}, kind("none", {10, 90}));
  auto [low, high] = std::minmax_element(voxels.begin(), voxels.end());
  EXPECT_EQ(*low, 10);  // 808 values, 8 of each of 0..100: position 0.1 * 807 = 80.7 lies among the tens
  EXPECT_EQ(*high, 90);
}

TEST(Normalize, NotFiniteVoxelsBecomeBackground) {
  Sample s;
  s.voxels[100] = NAN, s.voxels[200] = -INFINITY;
  float outside = normalize_channel(s.voxels, {}, find_background(s.voxels, s.size), kind("auto"));
  EXPECT_EQ(s.voxels[100], outside);
  EXPECT_EQ(s.voxels[200], outside);
  for (float v : s.voxels) ASSERT_TRUE(std::isfinite(v));
}

TEST(Normalize, RefusesWhatHasNoStatistics) {
  Sample s;
  Background background = find_background(s.voxels, s.size);
  EXPECT_NE(error_of([&] { normalize_channel(s.voxels, {}, background, kind("zscore_roi")); }).find("no ROI"), std::string::npos);
  EXPECT_NE(error_of([&] { normalize_channel(s.voxels, Buffer<uint8_t>(s.size.voxels(), uint8_t{0}), background, kind("auto")); }), "");
  EXPECT_NE(error_of([&] { normalize_channel(s.voxels, {}, background, kind("auto", {90, 10})); }).find("clip_percentiles"), std::string::npos);
}

}  // namespace
}  // namespace tomograd
