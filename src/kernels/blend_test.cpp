#include "kernels/blend.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "base/error.h"
#include "kernels/isa_test.h"

namespace tomograd {
namespace {

class Blend : public IsaTest {};

// |exp| of a float argument x <= 0 is off by |x| e^x 2^-24 <= 2.2e-8 for the rounded argument and a few roundings of 6e-8 more.
constexpr double probability_error = 4e-7;

TEST_P(Blend, ProbabilitiesAreThoseOfTheDefinition) {
  std::mt19937 random(3);
  std::normal_distribution<float> normal(0, 8);
  for (int64_t classes : {1, 2, 3, 5, 17})
    for (int64_t count : {1, 7, 8, 15, 16, 17, 33, 96})
      for (int layout = 0; layout < 3; ++layout) {  // planes, channels last, planes read backwards
        std::vector<float> logits(size_t(classes * count)), weights(size_t(count), 0), sums(size_t(classes * (count + 3)), 0.25f);  // one map more than is written
        for (auto& v : logits) v = normal(random);
        for (auto& v : weights) v = std::abs(normal(random));
        LogitRow row = layout == 0 ? LogitRow{logits.data(), count, 1} : layout == 1 ? LogitRow{logits.data(), 1, classes} : LogitRow{logits.data() + count - 1, count, -1};
        ASSERT_TRUE(add_probabilities(row, classes, count, 0.5f, weights.data(), sums.data(), count + 3));
        for (int64_t i = 0; i < count; ++i) {
          double total = 0;
          for (int64_t c = 0; c < classes; ++c) total += std::exp(double(row.logits[c * row.class_stride + i * row.voxel_stride]));
          for (int64_t c = 1; c < classes; ++c) {
            double weight = 0.5 * weights[size_t(i)];
            double expected = 0.25 + weight * std::exp(double(row.logits[c * row.class_stride + i * row.voxel_stride])) / total;
            ASSERT_NEAR(sums[size_t((c - 1) * (count + 3) + i)], expected, weight * probability_error + expected * 6e-8) << classes << " classes, voxel " << i << " of " << count;
          }
        }
        for (int64_t c = 0; c < classes; ++c)
          for (int64_t i = c + 1 < classes ? count : 0; i < count + 3; ++i) ASSERT_EQ(sums[size_t(c * (count + 3) + i)], 0.25f) << "written beyond the row or the classes";
      }
}

TEST_P(Blend, LargeLogitsDoNotOverflow) {
  std::vector<float> logits{3e38f, -3e38f, 1000, 990, -2000, -2000}, weights{1, 1, 1}, sums(3, 0);
  ASSERT_TRUE(add_probabilities({logits.data(), 1, 2}, 2, 3, 1, weights.data(), sums.data(), 3));
  EXPECT_NEAR(sums[0], 0, 1e-37);
  EXPECT_NEAR(sums[1], std::exp(-10.0) / (1 + std::exp(-10.0)), probability_error);
  EXPECT_EQ(sums[2], 0.5f);
}

TEST_P(Blend, EveryNonFiniteLogitIsNoticed) {
  for (float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(), -std::numeric_limits<float>::infinity()})
    for (size_t at = 0; at < 40; ++at) {
      std::vector<float> logits(40, 1), weights(20, 1), sums(40, 0);
      ASSERT_TRUE(add_probabilities({logits.data(), 20, 1}, 2, 20, 1, weights.data(), sums.data(), 20));
      logits[at] = bad;
      EXPECT_FALSE(add_probabilities({logits.data(), 20, 1}, 2, 20, 1, weights.data(), sums.data(), 20)) << bad << " at " << at;
    }
}

TEST_P(Blend, LabelsAreTheFirstLargestAndSumsAreCleared) {
  std::mt19937 random(4);
  for (int64_t classes : {1, 2, 4, 255})
    for (int64_t count : {1, 16, 31, 100}) {
      std::vector<float> all(size_t(classes * count)), totals(size_t(count), 0);
      for (size_t i = 0; i < all.size(); ++i) {
        all[i] = float(random() % 3);  // many ties, and whole numbers, so that sums are exact
        totals[i % size_t(count)] += all[i] / 2;
      }
      std::vector<float> sums(all.begin() + count, all.end()), same = sums;
      std::vector<uint8_t> labels(size_t(count), 99), expected(size_t(count), 98);
      take_labels(sums.data(), count, classes, count, 2, totals.data(), labels.data());
      take_labels_reference(same.data(), count, classes, count, 2, totals.data(), expected.data());
      EXPECT_EQ(labels, expected) << classes << " classes, " << count << " voxels";
      for (int64_t i = 0; i < count; ++i) {
        int64_t first_largest = 0;
        for (int64_t c = 1; c < classes; ++c)
          if (all[size_t(c * count + i)] > all[size_t(first_largest * count + i)]) first_largest = c;
        ASSERT_EQ(expected[size_t(i)], first_largest);
      }
      EXPECT_EQ(sums, same);
      for (float v : sums) ASSERT_EQ(v, 0);
    }
}

TEST(BlendLimits, TooManyClassesAreRefused) {
  float v = 0;
  EXPECT_THROW(add_probabilities({&v, 1, 1}, 256, 1, 1, &v, &v, 1), Error);
  EXPECT_THROW(add_probabilities({&v, 1, 1}, 0, 1, 1, &v, &v, 1), Error);
}

INSTANTIATE_TEST_SUITE_P(All, Blend, every_isa(), isa_of);

}  // namespace
}  // namespace tomograd
