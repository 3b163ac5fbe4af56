#include "cli/experiment_budget.h"

#include "base/clock.h"
#include "experiments/paid_time.h"

namespace tomograd {

BudgetLeft budget_left(TrialStore& store, const Budget& budget) {
  PaidTime paid = paid_time(store.events(), system_clock().unix_milliseconds());
  return budget_left({budget.price_per_hour, std::move(paid.finished_seconds), std::move(paid.running_seconds), 0}, budget.money);
}

}  // namespace tomograd
