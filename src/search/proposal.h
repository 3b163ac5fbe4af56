// Which settings a trial of a random or Bayesian search gets: a pure function of the spec, the seed and the trials before it, with the same bits
// whatever the order in which they are told.
//
// Bayesian: a few quasi-random trials, then those with the highest expected improvement under a Gaussian process. Trial n uses the results of the
// trials up to n - P exactly (P = strategy.parallel, or else workers), and takes the P - 1 between as running, done or not: so it does not matter which of
// several workers was faster, and a search repeats bit for bit. A trial that failed teaches where trials fail.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "spec/experiment_spec.h"
#include "spec/value.h"

namespace tomograd {

enum class ObservationState { pending, complete, failed };

struct Observation {
  int64_t number = 0;                            // of the trial, from 1
  Value settings = Value::table();               // that were proposed for it
  ObservationState outcome = ObservationState::pending;
  double value = 0;                              // of a complete trial, higher is better; one that is no finite number counts as failed
};

// The settings of trial `number` (from 1), of the variables that are there, in the order of the spec; nothing when it must wait for a trial before
// it. strategy.greedy never waits: what is told is used, what has no outcome is running. Observations of later trials are ignored.
// Error(input) for variables that make no search space and for settings that do not belong to it.
std::optional<Value::Table> propose(const ExperimentSpec& spec, int64_t seed, int64_t number, const std::vector<Observation>& told);

// The number of the complete trial that the model of a Bayesian search expects to be the best: where values are noisy the best one observed is
// also the luckiest. The best observed while there are too few for a model; nothing without any. `parallel` and `greedy` play no part.
std::optional<int64_t> best_by_mean(const ExperimentSpec& spec, int64_t seed, const std::vector<Observation>& told);

bool is_search(const StrategySpec& strategy);    // random or bayesian: its trials are proposals
bool proposes(const StrategySpec& strategy);     // trials may be recorded as it goes on: a search, or halving
int64_t parallel_proposals(const ExperimentSpec& spec);                          // of a bayesian search at a time: P

// Trials that a Bayesian search of these variables starts with before it believes its model.
int64_t quasi_random_trials(const std::vector<VariableSpec>& variables);

}  // namespace tomograd
