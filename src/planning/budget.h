// A cap on money while an experiment runs: what is spent, what the running trials will still take, and whether one more fits.
#pragma once

#include <cstdint>
#include <vector>

namespace tomograd {

struct Spending {
  double price_per_hour = 0;                     // of one trial's share of a machine: instance price / devices
  std::vector<double> finished_seconds;          // of trials that ended, in whatever way: all of it was paid
  std::vector<double> running_seconds;           // so far
  double expected_seconds = 0;                   // of a trial, before any has finished; 0 = nothing known
};

struct BudgetLeft {
  double spent = 0;                              // finished and running, so far
  double committed = 0;                          // what the running trials are expected to take beyond that
  double left = 0;                               // budget - spent - committed; below 0 when it was exceeded
  double trial_cost = 0;                         // expected, of one more
  int64_t trials_left = 0;                       // that may still start; int64 max where nothing limits them
  bool may_start = false;
};

// A trial is expected to take what finished ones took on average (before that: expected_seconds, or else as long as the longest
// that runs); a running one that is over that is expected to end now. Without any expectation one may start while money is
// left. A budget of 0 allows nothing that costs; Error(usage) for a negative budget or price.
BudgetLeft budget_left(const Spending& spending, double budget);

}  // namespace tomograd
