#include "search/trial_plan.h"

#include <algorithm>
#include <set>

#include "base/random.h"
#include "search/proposal.h"
#include "search/space.h"

namespace tomograd {
namespace {

constexpr size_t most_trials = 1000000;

struct TestGroup {
  std::string name;
  std::vector<std::string> patients;
};

// The names asked for, or all; a name that is not there is an error that offers the nearest one.
std::vector<std::string> chosen(const std::vector<std::string>& asked, const std::vector<std::string>& all, const char* what) {
  for (const auto& name : asked) {
    if (all.empty() || std::find(all.begin(), all.end(), name) != all.end()) continue;
    std::string near = nearest_name(name, all), list;
    for (const auto& known : all) list += (list.empty() ? "" : ", ") + known;
    fail_input(text("strategy names the ", what, " '", name, "', which the dataset does not have"), near.empty() ? "it has: " + list : "did you mean '" + near + "'?");
  }
  std::set<std::string> seen;
  for (const auto& name : asked)
    if (!seen.insert(name).second) fail_input(text("strategy names the ", what, " '", name, "' twice"));
  return asked.empty() ? all : asked;
}

std::vector<TestGroup> test_groups(const StrategySpec& strategy, const DatasetFacts& facts, bool one_by_one) {
  if (!one_by_one && strategy.folds == 0) return {TestGroup{}};
  std::vector<std::string> patients = chosen(strategy.patients, facts.patients, "patient");
  if (patients.size() + (facts.patients.empty() ? 0 : facts.patients.size() - patients.size()) < 2)
    fail_input(text("leaving a patient out needs at least 2 patients, there ", patients.size() == 1 ? "is 1" : "are 0"), "set strategy.leave_patients = false, or name strategy.patients");
  std::vector<TestGroup> groups;
  if (strategy.folds == 0) {
    for (const auto& patient : patients) groups.push_back({patient, {patient}});
  } else {
    int64_t number = 0;
    for (auto& fold : deal_folds(patients, strategy.folds, facts.seed)) groups.push_back({"fold " + std::to_string(++number), std::move(fold)});
  }
  return groups;
}

// What is left out in turn, first nothing.
std::vector<std::vector<std::string>> channel_sets_of(const StrategySpec& strategy, const DatasetFacts& facts) {
  std::vector<std::vector<std::string>> sets = {{}};
  if (strategy.kind != "leave-one-out" || !strategy.leave_channels) return sets;
  std::vector<std::string> channels = chosen(strategy.channels, facts.channels, "channel");
  if (channels.empty() || std::max(facts.channels.size(), channels.size()) < 2)
    fail_input(text("leaving a channel out needs at least 2 channels, there ", channels.size() == 1 ? "is 1" : "are 0"), "set strategy.leave_channels = false, or name strategy.channels");
  for (const auto& channel : channels) sets.push_back({channel});
  if (!strategy.channel_pairs) return sets;
  if (std::max(facts.channels.size(), channels.size()) < 3) fail_input("leaving pairs of channels out needs at least 3 channels, there are 2", "set strategy.channel_pairs = false");
  for (size_t a = 0; a < channels.size(); ++a)
    for (size_t b = a + 1; b < channels.size(); ++b) sets.push_back({channels[a], channels[b]});
  return sets;
}

// One trial out of its factors: channel set, test group, repeat, values of variables.
class Design {
 public:
  Design(const ExperimentSpec& spec, const DatasetFacts& facts)
      : strategy_(spec.strategy), facts_(facts), leave_one_out_(spec.strategy.kind == "leave-one-out"),
        groups_(test_groups(spec.strategy, facts, leave_one_out_ && spec.strategy.leave_patients)), used_(facts.channels.empty() ? spec.strategy.channels : facts.channels) {
    for (const auto& variable : spec.variable)
      for (const char* taken : {"preprocess.leave_out", "validation.test_patients"})
        if (leave_one_out_ && variable.key == taken) fail_input("a variable sets '" + variable.key + "', which leave-one-out sets itself");
  }

  size_t groups() const { return groups_.size(); }

  PlannedTrial trial(int64_t number, const std::vector<std::string>& left_out, size_t group, int64_t repeat, const Value::Table& variables) const {
    PlannedTrial trial;
    trial.number = number;
    std::vector<std::string> channels, leave = facts_.left_out;
    for (const auto& channel : used_)
      if (std::find(left_out.begin(), left_out.end(), channel) == left_out.end()) channels.push_back(channel);
    leave.insert(leave.end(), left_out.begin(), left_out.end());
    std::string left_out_name;
    for (const auto& channel : left_out) left_out_name += (left_out_name.empty() ? "" : "+") + channel;
    const TestGroup& test = groups_[group];
    if (leave_one_out_) trial.settings["preprocess.leave_out"] = Value::list_of(leave);
    if (!test.patients.empty()) trial.settings["validation.test_patients"] = Value::list_of(test.patients);
    trial.settings["seed"] = facts_.seed + int64_t(group) * strategy_.seeds + repeat;
    for (const auto& [key, value] : variables) trial.settings[key] = value;
    trial.design["left_out"] = left_out_name;
    trial.design["left_out_channels"] = Value::list_of(left_out);
    trial.design["channels"] = Value::list_of(channels);
    trial.design["test_name"] = test.name;
    trial.design["test"] = Value::list_of(test.patients);
    trial.design["repeat"] = repeat;
    trial.design["seed"] = trial.settings.at("seed");
    return trial;
  }

 private:
  const StrategySpec& strategy_;
  const DatasetFacts& facts_;
  bool leave_one_out_;
  std::vector<TestGroup> groups_;
  const std::vector<std::string>& used_;
};

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
  if (is_search(strategy)) {
    check_count(size_t(trial_count(spec, facts)));
    return next_trials(spec, facts, {});
  }
  const std::vector<std::vector<std::string>> channel_sets = channel_sets_of(strategy, facts);
  const Design design(spec, facts);
  const std::vector<Value::Table> grid = variable_product(spec.variable);
  const size_t count = channel_sets.size() * design.groups() * size_t(strategy.seeds) * grid.size();
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
  } else {
    for (const auto& variables : grid)
      for (size_t group = 0; group < design.groups(); ++group)
        for (int64_t repeat = 0; repeat < strategy.seeds; ++repeat) add({}, group, repeat, variables);
  }
  return trials;
}

int64_t trials_per_proposal(const ExperimentSpec& spec, const DatasetFacts& facts) { return int64_t(Design(spec, facts).groups()) * spec.strategy.seeds; }

int64_t trial_count(const ExperimentSpec& spec, const DatasetFacts& facts) {
  return is_search(spec.strategy) ? spec.strategy.trials * trials_per_proposal(spec, facts) : int64_t(plan_trials(spec, facts).size());
}

std::vector<PlannedTrial> next_trials(const ExperimentSpec& spec, const DatasetFacts& facts, std::vector<Observation> told) {
  const Design design(spec, facts);
  const int64_t each = int64_t(design.groups()) * spec.strategy.seeds;
  const int64_t most_pending = spec.strategy.kind == "bayesian" ? parallel_proposals(spec) : spec.strategy.trials;
  int64_t pending = std::count_if(told.begin(), told.end(), [](const Observation& observation) { return observation.outcome == ObservationState::pending; });
  std::vector<PlannedTrial> trials;
  for (; pending < most_pending && int64_t(told.size()) < spec.strategy.trials; ++pending) {
    Observation made;
    made.number = int64_t(told.size()) + 1;
    auto settings = propose(spec, facts.seed, made.number, told);
    if (!settings) break;                        // it waits for results
    for (int64_t i = 0; i < each; ++i) {
      trials.push_back(design.trial((made.number - 1) * each + i + 1, {}, size_t(i / spec.strategy.seeds), i % spec.strategy.seeds, *settings));
      trials.back().design["proposal"] = made.number;
    }
    made.settings = std::move(*settings);
    told.push_back(std::move(made));
  }
  return trials;
}

}  // namespace tomograd
