#include "report/agreement.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "evaluation/paired_statistics.h"

namespace tomograd {
namespace {

constexpr double close = 1e-12;                  // sums of a few hundred numbers below 10 that are rounded to 2^-53

TEST(Agreement, OfNumbersCountedByHand) {
  Agreement same = agreement({-3, -1, 0, 2}, {-5, -2, -1, 1});       // shifted: one order, one line
  EXPECT_EQ(same.tau, 1);
  EXPECT_NEAR(same.spearman, 1, close);
  EXPECT_NEAR(same.distance, (2 + 1 + 1 + 1) / 4.0, close);
  EXPECT_NEAR(same.excess, -1.25, close);
  EXPECT_NEAR(same.chance, 1.0 / 24, close);
  Agreement other = agreement({1, 2, 3}, {2, 1, 6});                 // one of three pairs the other way round
  EXPECT_NEAR(other.tau, 1.0 / 3, close);
  EXPECT_NEAR(other.spearman, 0.5, close);                           // 1 - 6 (1 + 1 + 0) / (3 * 8)
  EXPECT_NEAR(other.pearson, 4 / std::sqrt(2 * 14.0), close);        // sums of products about the means 2 and 3
  EXPECT_NEAR(other.excess, 1, close);
  EXPECT_NEAR(other.distance, 5.0 / 3, close);
  EXPECT_NEAR(other.chance, 0.5, close);                             // 123, 213 and 132 of six orders
}

TEST(Agreement, WhereThereIsNone) {
  EXPECT_TRUE(std::isnan(agreement({1}, {1}).tau));
  Agreement flat = agreement({1, 1, 1}, {1, 2, 3});
  EXPECT_TRUE(std::isnan(flat.tau) && std::isnan(flat.pearson) && std::isnan(flat.spearman) && std::isnan(flat.chance));
  EXPECT_NEAR(flat.distance, 1, close);
  EXPECT_NEAR(agreement({1, 1, 2}, {1, 2, 3}).spearman, std::sqrt(3) / 2, close);   // ranks 1.5, 1.5, 3 and 1, 2, 3
}

TEST(Agreement, ChanceIsThatOfAllOrders) {       // all 720 orders of six things
  std::vector<double> a(6), b(6);
  std::iota(a.begin(), a.end(), 0.0), std::iota(b.begin(), b.end(), 0.0);
  std::vector<std::pair<double, double>> of_orders;                  // tau, chance
  do {
    Agreement found = agreement(a, b);
    of_orders.emplace_back(found.tau, found.chance);
  } while (std::next_permutation(b.begin(), b.end()));
  ASSERT_EQ(of_orders.size(), 720u);
  for (const auto& [tau, chance] : of_orders) {
    auto as_well = std::count_if(of_orders.begin(), of_orders.end(), [tau = tau](const auto& other) { return other.first >= tau - 1e-9; });
    EXPECT_NEAR(chance, double(as_well) / 720, close) << tau;
  }
}

}  // namespace
}  // namespace tomograd
