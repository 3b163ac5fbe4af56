// A cap on money while an experiment runs (planning/budget.h), from what its workers were busy with so far.
#pragma once

#include "experiments/trial_store.h"
#include "planning/budget.h"

namespace tomograd {

struct Budget {
  double money = -1;                             // below 0: no cap
  double price_per_hour = 0;                     // of one worker
  bool capped() const { return money >= 0; }
};

BudgetLeft budget_left(TrialStore& store, const Budget& budget);

}  // namespace tomograd
