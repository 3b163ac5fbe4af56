#include "report/importance.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/random.h"

namespace tomograd {
namespace {

// f over uniform points of three ranges and one variable of three listed values.
template <class F>
ImportancePoints points_of(int n, F f, uint64_t seed = 3) {
  Random random(seed, "importance test");
  ImportancePoints points;
  points.values = {0, 0, 0, 3};
  for (int i = 0; i < n; ++i) {
    std::vector<double> at = {random.uniform(), random.uniform(), random.uniform(), (double(random.below(3)) + 0.5) / 3};
    points.metric.push_back(f(at));
    points.at.push_back(at);
  }
  return points;
}

// f = 4 a + listed: var(4 a) = 16/12 = 1.333, listed values 0, 1, 2 have the variance 2/3: shares 2/3 and 1/3. Trees are step
// functions of finitely many points and share some of it out wrongly; 0.1 is three times the standard deviation over seeds.
TEST(Importance, SharesOfASumAreThoseOfItsVariance) {
  Importance found = variable_importance(points_of(250, [](const auto& at) { return 4 * at[0] + std::floor(at[3] * 3); }));
  EXPECT_EQ(found.points, 250);
  EXPECT_NEAR(found.variables[0].mean, 2.0 / 3, 0.1);
  EXPECT_NEAR(found.variables[3].mean, 1.0 / 3, 0.1);
  EXPECT_LT(found.variables[1].mean, 0.05);
  EXPECT_LT(found.variables[2].mean, 0.05);
  EXPECT_GT(found.explained, 0.8);
  for (const auto& share : found.variables) EXPECT_TRUE(share.low <= share.mean + 1e-12 && share.mean <= share.high + 0.05) << share.low << " " << share.mean << " " << share.high;
}

TEST(Importance, WhatOnlyCombinationsCauseIsNobodysAlone) {
  Importance found = variable_importance(points_of(400, [](const auto& at) { return (at[0] < 0.5) == (at[1] < 0.5) ? 1.0 : 0.0; }));
  EXPECT_GT(found.together.mean, 0.5);
  EXPECT_LT(found.variables[0].mean, 0.3);
}

// Noise: nothing is explained of points that a tree has not seen. At most 3 of 20 forests of 30 points may look as if.
TEST(Importance, NoiseIsToldFromATrend) {
  int fooled = 0;
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    Random noise(seed, "importance noise");
    fooled += variable_importance(points_of(30, [&](const auto&) { return noise.normal(); }, seed)).explained > 0.1;
  }
  EXPECT_LE(fooled, 3);
}

TEST(Importance, TheSamePointsGiveTheSameBits) {
  auto points = points_of(40, [](const auto& at) { return at[0] * at[2]; });
  Importance a = variable_importance(points), b = variable_importance(points);
  for (size_t v = 0; v < 4; ++v) EXPECT_EQ(a.variables[v].mean, b.variables[v].mean);
  EXPECT_EQ(a.explained, b.explained);
}

TEST(Importance, EqualMetricsHaveNoShares) {
  Importance found = variable_importance(points_of(20, [](const auto&) { return 0.5; }));
  EXPECT_EQ(found.trees, 0);
  EXPECT_EQ(found.explained, 0);
}

}  // namespace
}  // namespace tomograd
