// Caps on money and on hours of work while an experiment runs (planning/budget.h): attempts that failed or were lost count too.
#pragma once

#include <string>
#include <vector>

#include "experiments/trial_store.h"

namespace tomograd {

struct Budget {
  double money = -1;                             // below 0: no cap
  double price_per_hour = 0;                     // of one worker
  double hours = -1;                             // of work, of all workers together; below 0: no cap
  bool capped() const { return money >= 0 || hours >= 0; }
};

bool may_start(TrialStore& store, const Budget& budget);             // one more trial

// Error(stopped): no trial runs, and no further one may start. go_on: the command that would, without its budget.
[[noreturn]] void fail_spent(TrialStore& store, const Budget& budget, const std::string& go_on);

std::vector<std::string> options_of(const Budget& budget);           // of a worker that keeps it

}  // namespace tomograd
