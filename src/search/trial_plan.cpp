#include "search/trial_plan.h"

#include <algorithm>
#include <set>

#include "base/random.h"
#include "search/proposal.h"
#include "search/rung_plan.h"
#include "search/space.h"
#include "search/trial_design.h"

namespace tomograd {
namespace {

constexpr size_t most_trials = 1000000;

void check_count(size_t count) {
  if (count > most_trials) fail_input(text("the experiment would have ", count, " trials, at most ", most_trials, " are made"));
}

}  // namespace

std::vector<std::vector<std::string>> deal_folds(std::vector<std::string> patients, int64_t k, int64_t seed) {
  if (k < 2 || k > int64_t(patients.size())) fail_input(text("strategy.folds is ", k, ", expected 2 to ", patients.size(), ", the number of patients"));
  Random random(uint64_t(seed), "search/folds");
  for (int64_t i = int64_t(patients.size()) - 1; i > 0; --i) std::swap(patients[size_t(i)], patients[size_t(random.below(i + 1))]);
  std::vector<std::vector<std::string>> folds(static_cast<size_t>(k));
  for (size_t i = 0; i < patients.size(); ++i) folds[i % size_t(k)].push_back(patients[i]);
  return folds;
}

std::vector<PlannedTrial> plan_trials(const ExperimentSpec& spec, const DatasetFacts& facts) {
  const StrategySpec& strategy = spec.strategy;
  if (proposes(strategy)) {
    check_count(size_t(trial_count(spec, facts)));
    return next_trials(spec, facts, {});
  }
  check_dropout(strategy);
  const std::vector<std::vector<std::string>> channel_sets = channel_sets_of(strategy, facts);
  const TrialDesign design(spec, facts);
  const std::vector<Value::Table> grid = variable_product(spec.variable);
  const size_t trainings = (only_dropout(strategy) ? 0 : channel_sets.size()) + (with_dropout(strategy) ? 1 : 0);   // of a test group, a seed and a point of the grid
  const size_t count = trainings * design.groups() * size_t(strategy.seeds) * grid.size();
  check_count(count);
  std::vector<PlannedTrial> trials;
  trials.reserve(count);
  auto add = [&](const std::vector<std::string>& left_out, size_t group, int64_t repeat, const Value::Table& variables) {
    trials.push_back(design.trial(int64_t(trials.size()) + 1, left_out, group, repeat, variables));
  };
  if (strategy.kind == "leave-one-out") {
    for (const auto& left_out : channel_sets)
      for (size_t group = 0; group < design.groups(); ++group)
        for (int64_t repeat = 0; repeat < strategy.seeds; ++repeat)
          for (const auto& variables : grid) add(left_out, group, repeat, variables);
  } else if (!only_dropout(strategy)) {
    for (const auto& variables : grid)
      for (size_t group = 0; group < design.groups(); ++group)
        for (int64_t repeat = 0; repeat < strategy.seeds; ++repeat) add({}, group, repeat, variables);
  }
  if (with_dropout(strategy))
    for (size_t group = 0; group < design.groups(); ++group)
      for (int64_t repeat = 0; repeat < strategy.seeds; ++repeat)
        for (const auto& variables : grid) trials.push_back(design.dropout_trial(int64_t(trials.size()) + 1, group, repeat, variables));
  return trials;
}

int64_t trials_per_proposal(const ExperimentSpec& spec, const DatasetFacts& facts) { return TrialDesign(spec, facts).trials_of_a_proposal(); }

int64_t trial_count(const ExperimentSpec& spec, const DatasetFacts& facts) {
  if (spec.strategy.halving > 0) {
    int64_t proposals = 0;
    for (const Rung& rung : rungs_of(spec)) proposals += rung.trials;
    return proposals * trials_per_proposal(spec, facts);
  }
  return is_search(spec.strategy) ? spec.strategy.trials * trials_per_proposal(spec, facts) : int64_t(plan_trials(spec, facts).size());
}

std::vector<PlannedTrial> next_trials(const ExperimentSpec& spec, const DatasetFacts& facts, std::vector<Observation> told) {
  if (spec.strategy.halving > 0) return next_rung(spec, facts, told);
  const TrialDesign design(spec, facts);
  const int64_t most_pending = spec.strategy.kind == "bayesian" ? parallel_proposals(spec) : spec.strategy.trials;
  int64_t pending = std::count_if(told.begin(), told.end(), [](const Observation& observation) { return observation.outcome == ObservationState::pending; });
  std::vector<PlannedTrial> trials;
  for (; pending < most_pending && int64_t(told.size()) < spec.strategy.trials; ++pending) {
    Observation made;
    made.number = int64_t(told.size()) + 1;
    auto settings = propose(spec, facts.seed, made.number, told);
    if (!settings) break;                        // it waits for results
    for (auto& trial : design.trials_of(made.number, *settings)) trials.push_back(std::move(trial));
    made.settings = std::move(*settings);
    told.push_back(std::move(made));
  }
  return trials;
}

}  // namespace tomograd
