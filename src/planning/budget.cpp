#include "planning/budget.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "base/error.h"

namespace tomograd {

BudgetLeft budget_left(const Spending& spending, double budget) {
  if (!(budget >= 0)) fail_usage(text("the budget is ", budget, ", expected 0 or more"));
  if (!(spending.price_per_hour >= 0)) fail_usage(text("the price of an hour is ", spending.price_per_hour, ", expected 0 or more"));
  double finished = std::accumulate(spending.finished_seconds.begin(), spending.finished_seconds.end(), 0.0);
  double running = std::accumulate(spending.running_seconds.begin(), spending.running_seconds.end(), 0.0);
  double expected = spending.expected_seconds;
  if (!spending.finished_seconds.empty()) expected = finished / double(spending.finished_seconds.size());
  else if (expected <= 0 && !spending.running_seconds.empty()) expected = *std::max_element(spending.running_seconds.begin(), spending.running_seconds.end());

  double price = spending.price_per_hour / 3600;
  BudgetLeft result;
  result.spent = price * (finished + running);
  for (double so_far : spending.running_seconds) result.committed += price * std::max(0.0, expected - so_far);
  result.left = budget - result.spent - result.committed;
  result.trial_cost = price * expected;
  if (price == 0) {
    result.trials_left = std::numeric_limits<int64_t>::max();
  } else if (result.trial_cost > 0) {
    // What fits exactly may start, whatever the sums above round to.
    result.trials_left = std::max<int64_t>(0, int64_t(std::floor(result.left / result.trial_cost + 1e-9)));
  } else {
    result.trials_left = result.left > 0 ? 1 : 0;
  }
  result.may_start = result.trials_left > 0;
  return result;
}

}  // namespace tomograd
