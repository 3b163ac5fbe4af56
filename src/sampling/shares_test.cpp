#include "sampling/shares.h"

#include <gtest/gtest.h>

#include <numeric>

namespace tomograd {
namespace {

std::vector<int64_t> parts(int64_t total, const std::vector<double>& weights, uint64_t seed = 1) {
  Random random(seed, "test");
  return largest_remainder(total, weights, random);
}

TEST(LargestRemainder, IsExact) {
  EXPECT_EQ(parts(10, {0.5, 0.25, 0.25}).front(), 5);
  EXPECT_EQ(parts(7, {1, 2, 4}), (std::vector<int64_t>{1, 2, 4}));
  EXPECT_EQ(parts(10, {0.43, 0.29, 0.28}), (std::vector<int64_t>{4, 3, 3}));  // 4.3 2.9 2.8
  EXPECT_EQ(parts(5, {0, 0, 3}), (std::vector<int64_t>{0, 0, 5}));
  EXPECT_EQ(parts(5, {0, 0}), (std::vector<int64_t>{0, 0}));
  EXPECT_EQ(parts(1000000, {0.1, 0.2, 0.7}), (std::vector<int64_t>{100000, 200000, 700000}));  // 0.1 is no binary fraction
}

TEST(LargestRemainder, EqualRemaindersAreDrawn) {
  std::vector<int64_t> wins(3, 0);
  for (uint64_t seed = 0; seed < 300; ++seed) {
    auto p = parts(1, {1, 1, 1}, seed);
    EXPECT_EQ(std::accumulate(p.begin(), p.end(), int64_t{0}), 1);
    for (size_t i = 0; i < 3; ++i) wins[i] += p[i];
  }
  for (int64_t w : wins) EXPECT_GT(w, 60);       // 100 expected, standard deviation 8.2
}

TEST(EpochPlan, AbsentClassesAreRedistributed) {
  Random random(1, "test");
  auto plan = plan_epoch(100, {0.4, 0.2, 0.2, 0.2}, {1, 1}, {{50, 5, 0, 0}, {50, 0, 5, 0}}, random);
  EXPECT_EQ(plan.of_class, (std::vector<int64_t>{40, 30, 30, 0}));
  EXPECT_EQ(plan.counts[0], (std::vector<int64_t>{20, 30, 0, 0}));
  EXPECT_EQ(plan.counts[1], (std::vector<int64_t>{20, 0, 30, 0}));
}

TEST(EpochPlan, BackgroundEvensOutTheCases) {
  Random random(1, "test");
  auto plan = plan_epoch(90, {0.5, 0.5}, {1, 1, 1}, {{9, 9}, {9, 9}, {9, 0}}, random);
  int64_t totals[3] = {};
  for (size_t k = 0; k < 3; ++k) totals[k] = plan.counts[k][0] + plan.counts[k][1];
  EXPECT_EQ(plan.of_class, (std::vector<int64_t>{45, 45}));
  for (int64_t t : totals) EXPECT_EQ(t, 30);
}

TEST(EpochPlan, NoBackgroundAnywhere) {
  Random random(1, "test");
  EXPECT_EQ(plan_epoch(12, {0.5, 0.25, 0.25}, {1}, {{0, 3, 3}}, random).of_class, (std::vector<int64_t>{0, 6, 6}));
}

}  // namespace
}  // namespace tomograd
