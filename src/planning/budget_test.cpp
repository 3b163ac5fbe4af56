#include "planning/budget.h"

#include <gtest/gtest.h>

#include <limits>

#include "planning/planning_test_files.h"

namespace tomograd {
namespace {

TEST(Budget, CountsFinishedRunningAndWhatTheyWillTake) {
  Spending spending;
  spending.price_per_hour = 2;
  spending.finished_seconds = {3600, 7200};      // 1.5 h on average: 3 each
  spending.running_seconds = {1800, 9000};       // one to go on for 1 h, one already over
  BudgetLeft left = budget_left(spending, 20);
  EXPECT_DOUBLE_EQ(left.spent, 2 * (1 + 2 + 0.5 + 2.5));
  EXPECT_DOUBLE_EQ(left.committed, 2 * 1.0);
  EXPECT_DOUBLE_EQ(left.left, 6);
  EXPECT_DOUBLE_EQ(left.trial_cost, 3);
  EXPECT_EQ(left.trials_left, 2);                // 3 + 3 = 6 exactly
  EXPECT_TRUE(left.may_start);
}

TEST(Budget, StopsBeforeItIsExceeded) {
  Spending spending;
  spending.price_per_hour = 1, spending.expected_seconds = 3600;
  EXPECT_EQ(budget_left(spending, 0.99).trials_left, 0);
  EXPECT_FALSE(budget_left(spending, 0.99).may_start);
  EXPECT_TRUE(budget_left(spending, 1).may_start);
  spending.finished_seconds = {5 * 3600.0};
  BudgetLeft exceeded = budget_left(spending, 3);
  EXPECT_DOUBLE_EQ(exceeded.left, -2);
  EXPECT_FALSE(exceeded.may_start);
}

TEST(Budget, KnowsNothingAtFirst) {
  Spending spending;
  spending.price_per_hour = 1;
  EXPECT_TRUE(budget_left(spending, 0.01).may_start);
  EXPECT_FALSE(budget_left(spending, 0).may_start);
  spending.running_seconds = {3600};             // longest so far
  EXPECT_DOUBLE_EQ(budget_left(spending, 2.5).trial_cost, 1);
  EXPECT_EQ(budget_left(spending, 2.5).trials_left, 1);
}

TEST(Budget, AMachineThatCostsNothingIsNotLimited) {
  Spending spending;
  spending.finished_seconds = {1e9};
  EXPECT_EQ(budget_left(spending, 0).trials_left, std::numeric_limits<int64_t>::max());
  EXPECT_TRUE(budget_left(spending, 0).may_start);
}

TEST(Budget, RefusesNegativeNumbers) {
  EXPECT_NE(error_text([] { budget_left({}, -5); }).find("-5"), std::string::npos);
  Spending spending;
  spending.price_per_hour = -1;
  EXPECT_NE(error_text([&] { budget_left(spending, 5); }).find("-1"), std::string::npos);
  EXPECT_NE(error_text([] { budget_left({}, std::numeric_limits<double>::quiet_NaN()); }), "");
}

}  // namespace
}  // namespace tomograd
