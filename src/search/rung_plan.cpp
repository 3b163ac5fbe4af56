#include "search/rung_plan.h"

#include <cmath>
#include <numeric>

#include "base/error.h"
#include "search/proposal.h"
#include "search/space.h"
#include "search/trial_design.h"
#include "spec/run_spec.h"

namespace tomograd {
namespace {

std::vector<Value::Table> configurations_of(const ExperimentSpec& spec, int64_t seed) {
  if (spec.strategy.kind == "sweep") return variable_product(spec.variable);
  std::vector<Value::Table> configurations;
  for (int64_t number = 1; number <= spec.strategy.trials; ++number) configurations.push_back(*propose(spec, seed, number, {}));
  return configurations;
}

int64_t configuration_count(const ExperimentSpec& spec) { return spec.strategy.kind == "sweep" ? int64_t(variable_product(spec.variable).size()) : spec.strategy.trials; }

RungResult result_of(const Observation& observation, int64_t number) {
  const auto state = observation.outcome == ObservationState::pending ? RungResult::State::running : observation.outcome == ObservationState::complete ? RungResult::State::complete : RungResult::State::failed;
  return {number, state, observation.value};
}

}  // namespace

std::vector<Rung> rungs_of(const ExperimentSpec& spec) {
  const StrategySpec& strategy = spec.strategy;
  if (strategy.kind != "sweep" && strategy.kind != "random")
    fail_input("strategy.halving is " + std::to_string(strategy.halving) + ", but kind is '" + strategy.kind + "'", "halving needs kind = \"random\" or \"sweep\", whose configurations do not wait for results");
  if (strategy.halving < 2) fail_input(text("strategy.halving is ", strategy.halving, ", expected 0 for none, or 2 and more"));
  const RunSpec run = spec.run.is_table() ? spec_from<RunSpec>(spec.run) : RunSpec();
  const int64_t steps = run.max_steps;
  if (steps < 1 || run.max_seconds > 0) fail_input("strategy.halving counts steps, but the run has no max_steps, or max_seconds beside it", "set run.max_steps, and run.max_seconds = 0");
  for (const auto& variable : spec.variable)
    if (variable.key == "max_steps" || variable.key == "pause_steps" || variable.key == "max_seconds") fail_input("a variable sets '" + variable.key + "', which halving sets itself");
  if (strategy.least_steps > steps) fail_input(text("strategy.least_steps is ", strategy.least_steps, ", more than run.max_steps, ", steps));
  const int64_t count = configuration_count(spec);
  double least = double(strategy.least_steps);
  if (strategy.least_steps == 0) {
    least = double(steps);
    for (int64_t left = count; left >= strategy.halving && least / double(strategy.halving) >= 1; left /= strategy.halving) least /= double(strategy.halving);
  }
  std::vector<Rung> rungs = plan_rungs(count, strategy.halving, least, double(steps));
  for (Rung& rung : rungs) rung.budget = std::max(1.0, std::round(rung.budget));
  return rungs;
}

std::vector<PlannedTrial> next_rung(const ExperimentSpec& spec, const DatasetFacts& facts, const std::vector<Observation>& told) {
  const std::vector<Rung> rungs = rungs_of(spec);
  std::vector<int64_t> members(size_t(rungs.front().trials));        // configurations of the rung, from 1
  std::iota(members.begin(), members.end(), int64_t(1));
  size_t begin = 0;
  for (size_t r = 0; r < rungs.size() && !members.empty(); ++r) {
    if (told.size() == begin) {
      const TrialDesign design(spec, facts);
      const std::vector<Value::Table> configurations = configurations_of(spec, facts.seed);
      const int64_t each = design.trials_of_a_proposal();
      std::vector<PlannedTrial> trials;
      for (int64_t member : members)
        for (auto& trial : design.trials_of(member, configurations[size_t(member - 1)])) {
          if (r > 0) trial.design["begun_as"] = trial.number;        // the number that it had in the first rung
          trial.design["rung"] = int64_t(r) + 1, trial.design["steps"] = int64_t(rungs[r].budget);
          trial.settings["pause_steps"] = r + 1 == rungs.size() ? int64_t(0) : int64_t(rungs[r].budget);
          trial.number = int64_t(begin) * each + int64_t(trials.size()) + 1;
          trials.push_back(std::move(trial));
        }
      return trials;
    }
    if (told.size() < begin + members.size()) fail_failure(text("rung ", r + 1, " has ", told.size() - begin, " configurations, expected ", members.size()));
    if (r + 1 == rungs.size()) break;
    std::vector<RungResult> results;
    for (size_t i = 0; i < members.size(); ++i) results.push_back(result_of(told[begin + i], members[i]));
    const auto best = promoted(results, rungs[r + 1]);
    if (!best) return {};                        // a trial of this rung is open
    begin += members.size();
    members = *best;
  }
  return {};
}

}  // namespace tomograd
