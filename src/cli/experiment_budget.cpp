#include "cli/experiment_budget.h"

#include "base/clock.h"
#include "base/error.h"
#include "planning/budget.h"
#include "report/numbers.h"
#include "report/timeline.h"
#include "search/space.h"

namespace tomograd {
namespace {

Spending spending_of(TrialStore& store) {
  Spending spending;
  for (const auto& worker : make_timeline(store.events(), {}, system_clock().unix_milliseconds()).workers)
    for (const auto& attempt : worker.attempts) (attempt.outcome == "running" ? spending.running_seconds : spending.finished_seconds).push_back(attempt.end - attempt.begin);
  return spending;
}

BudgetLeft left_of(Spending& spending, double price, double most) {  // hours are money at a price of one
  spending.price_per_hour = price;
  return budget_left(spending, most);
}

}  // namespace

bool may_start(TrialStore& store, const Budget& budget) {
  Spending spending = spending_of(store);
  return (budget.money < 0 || left_of(spending, budget.price_per_hour, budget.money).may_start) && (budget.hours < 0 || left_of(spending, 1, budget.hours).may_start);
}

void fail_spent(TrialStore& store, const Budget& budget, const std::string& go_on) {
  Spending spending = spending_of(store);
  const bool money = budget.money >= 0 && !left_of(spending, budget.price_per_hour, budget.money).may_start;
  const double most = money ? budget.money : budget.hours;
  const BudgetLeft left = left_of(spending, money ? budget.price_per_hour : 1, most);
  fail(ErrorKind::stopped,
       text(money ? "the budget is" : "the hours are", " used up: ", fixed_text(left.spent, 2), " of ", fixed_text(most, 2), money ? " spent on " : " hours worked on ", store.counts().over(), " trials, ", fixed_text(left.left, 2), " left, one more is expected to take ", fixed_text(left.trial_cost, 2)),
       text("go on with: ", go_on, money ? text(" --budget ", fixed_text(most * 2, 0), " --price ", plain_text(budget.price_per_hour)) : text(" --trial-hours ", plain_text(most * 2))));
}

std::vector<std::string> options_of(const Budget& budget) {
  std::vector<std::string> options;
  if (budget.money >= 0) options.insert(options.end(), {"--budget", plain_text(budget.money), "--price", plain_text(budget.price_per_hour)});
  if (budget.hours >= 0) options.insert(options.end(), {"--trial-hours", plain_text(budget.hours)});
  return options;
}

}  // namespace tomograd
