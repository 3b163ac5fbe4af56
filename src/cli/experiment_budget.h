// A cap on money while an experiment runs (planning/budget.h): attempts that failed or were lost were paid for too.
#pragma once

#include <string>

#include "experiments/trial_store.h"
#include "planning/budget.h"

namespace tomograd {

struct Budget {
  double money = -1;                             // below 0: no cap
  double price_per_hour = 0;                     // of one worker
  bool capped() const { return money >= 0; }
};

BudgetLeft budget_left(TrialStore& store, const Budget& budget);

// Error(stopped): no trial runs, and no further one may start.
[[noreturn]] void fail_spent(const BudgetLeft& left, const Budget& budget, int64_t trials, const std::string& hint);

}  // namespace tomograd
