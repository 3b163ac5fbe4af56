#include "search/trial_plan.h"

#include <algorithm>
#include <set>

#include "base/random.h"
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
  bool leave_one_out = strategy.kind == "leave-one-out";

  std::vector<std::string> channel_sets = {""};  // "" = nothing left out
  if (leave_one_out && strategy.leave_channels) {
    std::vector<std::string> channels = chosen(strategy.channels, facts.channels, "channel");
    if (channels.empty() || std::max(facts.channels.size(), channels.size()) < 2)
      fail_input(text("leaving a channel out needs at least 2 channels, there ", channels.size() == 1 ? "is 1" : "are 0"), "set strategy.leave_channels = false, or name strategy.channels");
    channel_sets.insert(channel_sets.end(), channels.begin(), channels.end());
  }
  std::vector<TestGroup> groups = test_groups(strategy, facts, leave_one_out && strategy.leave_patients);
  std::vector<Value::Table> grid = variable_product(spec.variable);
  for (const auto& variable : spec.variable)
    for (const char* taken : {"preprocess.leave_out", "validation.test_patients"})
      if (leave_one_out && variable.key == taken) fail_input("a variable sets '" + variable.key + "', which leave-one-out sets itself");

  size_t count = channel_sets.size() * groups.size() * size_t(strategy.seeds) * grid.size();
  if (count > most_trials) fail_input(text("the experiment would have ", count, " trials, at most ", most_trials, " are made"));
  const std::vector<std::string>& used = facts.channels.empty() ? strategy.channels : facts.channels;

  std::vector<PlannedTrial> trials;
  trials.reserve(count);
  auto add = [&](const std::string& left_out, const TestGroup& group, int64_t repeat, const Value::Table& variables) {
    int64_t seed = facts.seed + (&group - groups.data()) * strategy.seeds + repeat;
    PlannedTrial trial;
    trial.number = int64_t(trials.size()) + 1;
    std::vector<std::string> channels, leave = facts.left_out;
    for (const auto& channel : used)
      if (channel != left_out) channels.push_back(channel);
    if (!left_out.empty()) leave.push_back(left_out);
    if (leave_one_out) trial.settings["preprocess.leave_out"] = Value::list_of(leave);
    if (!group.patients.empty()) trial.settings["validation.test_patients"] = Value::list_of(group.patients);
    trial.settings["seed"] = seed;
    for (const auto& [key, value] : variables) trial.settings[key] = value;
    trial.design["left_out"] = left_out;
    trial.design["channels"] = Value::list_of(channels);
    trial.design["test_name"] = group.name;
    trial.design["test"] = Value::list_of(group.patients);
    trial.design["repeat"] = repeat;
    trial.design["seed"] = trial.settings.at("seed");
    trials.push_back(std::move(trial));
  };
  if (leave_one_out) {
    for (const auto& left_out : channel_sets)
      for (const auto& group : groups)
        for (int64_t repeat = 0; repeat < strategy.seeds; ++repeat)
          for (const auto& variables : grid) add(left_out, group, repeat, variables);
  } else {
    for (const auto& variables : grid)
      for (const auto& group : groups)
        for (int64_t repeat = 0; repeat < strategy.seeds; ++repeat) add("", group, repeat, variables);
  }
  return trials;
}

}  // namespace tomograd
