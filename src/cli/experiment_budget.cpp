#include "cli/experiment_budget.h"

#include "base/clock.h"
#include "base/error.h"
#include "report/numbers.h"
#include "report/timeline.h"

namespace tomograd {

BudgetLeft budget_left(TrialStore& store, const Budget& budget) {
  Spending spending;
  spending.price_per_hour = budget.price_per_hour;
  for (const auto& worker : make_timeline(store.events(), {}, system_clock().unix_milliseconds()).workers)
    for (const auto& attempt : worker.attempts) (attempt.outcome == "running" ? spending.running_seconds : spending.finished_seconds).push_back(attempt.end - attempt.begin);
  return budget_left(spending, budget.money);
}

void fail_spent(const BudgetLeft& left, const Budget& budget, int64_t trials, const std::string& hint) {
  fail(ErrorKind::stopped, text("the budget is used up: ", fixed_text(left.spent, 2), " of ", fixed_text(budget.money, 2), " spent on ", trials, " trials, ", fixed_text(left.left, 2), " left, one more is expected to take ", fixed_text(left.trial_cost, 2)), hint);
}

}  // namespace tomograd
