// Successive halving with synchronous rungs (Jamieson & Talwalkar, AISTATS 2016): every trial gets a small budget, the best share of them a larger
// one, and so on. A rung is decided when all its trials have ended, so the decision does not depend on which was faster. Only what is to be done is said
// here, not how a trial goes on.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace tomograd {

struct Rung {
  int64_t trials = 0;
  double budget = 0;                             // of one trial, from its beginning, in the unit of the largest one (steps, seconds)
};

// Rungs for `trials` trials, the last with `most_budget`; each rung keeps 1 / keep of its trials (rounded down, at least 1) and multiplies the budget by
// `keep`. As many rungs as leave the first one `least_budget`. Error(input): keep below 2, budgets not 0 < least <= most, no trials.
std::vector<Rung> plan_rungs(int64_t trials, int64_t keep, double least_budget, double most_budget);
// What all of it costs when trials go on from where they stopped.
double budget_of(const std::vector<Rung>& rungs);

struct RungResult {
  int64_t number = 0;                            // of the trial
  enum class State { running, complete, failed } state = State::running;
  double value = 0;                              // higher is better
};

// Which trials of a rung go on, best first: the first `next.trials` of the complete ones by value, equal values by number; not finite counts as failed.
// Nothing while one is running. Fewer than `next.trials`, or none, when others failed.
std::optional<std::vector<int64_t>> promoted(const std::vector<RungResult>& rung, const Rung& next);

}  // namespace tomograd
