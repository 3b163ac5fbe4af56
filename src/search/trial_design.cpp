#include "search/trial_design.h"

#include <algorithm>
#include <set>

#include "base/error.h"
#include "search/space.h"

namespace tomograd {
namespace {

// Share of channels dropped in training where the run names none. A quarter keeps both kinds of patches frequent that the tests ask
// for: with 3, 5 or 7 channels 42, 24 or 13 % of the patches have all of them, and 42, 40 or 31 % lack exactly one.
constexpr double dropout_share = 0.25;

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

Value without_key(const Value& table, const std::string& dropped) {
  Value kept = Value::table();
  for (const auto& [key, value] : table.as_table())
    if (key != dropped) kept[key] = value;
  return kept;
}

std::vector<std::string> left_out_in_turn(const StrategySpec& strategy, const DatasetFacts& facts) {
  std::vector<std::string> channels = chosen(strategy.channels, facts.channels, "channel");
  if (channels.empty() || std::max(facts.channels.size(), channels.size()) < 2)
    fail_input(text("leaving a channel out needs at least 2 channels, there ", channels.size() == 1 ? "is 1" : "are 0"),
               with_dropout(strategy) ? "name strategy.channels, or data with more channels" : "set strategy.leave_channels = false, or name strategy.channels");
  return channels;
}

}  // namespace

bool only_dropout(const StrategySpec& strategy) { return strategy.kind == "channel-dropout"; }
bool with_dropout(const StrategySpec& strategy) { return only_dropout(strategy) || (strategy.kind == "leave-one-out" && strategy.channel_dropout); }
bool leaves_one_out(const StrategySpec& strategy) { return strategy.kind == "leave-one-out" || (is_search(strategy) && strategy.nested); }
bool compares_channels(const StrategySpec& strategy) { return leaves_one_out(strategy) || only_dropout(strategy); }

void check_dropout(const StrategySpec& strategy) {
  if (with_dropout(strategy) && !strategy.leave_channels) fail_input("strategy.leave_channels is false, but channel dropout is about channels that are left out", "remove it");
  if (only_dropout(strategy) && strategy.channel_pairs) fail_input("strategy.channel_pairs is true, but channel-dropout tests with one channel missing at a time", "use kind = \"leave-one-out\" for pairs");
}

std::vector<std::vector<std::string>> channel_sets_of(const StrategySpec& strategy, const DatasetFacts& facts) {
  std::vector<std::vector<std::string>> sets = {{}};
  if (!leaves_one_out(strategy) || !strategy.leave_channels) return sets;
  std::vector<std::string> channels = left_out_in_turn(strategy, facts);
  for (const auto& channel : channels) sets.push_back({channel});
  if (!strategy.channel_pairs) return sets;
  if (std::max(facts.channels.size(), channels.size()) < 3) fail_input("leaving pairs of channels out needs at least 3 channels, there are 2", "set strategy.channel_pairs = false");
  for (size_t a = 0; a < channels.size(); ++a)
    for (size_t b = a + 1; b < channels.size(); ++b) sets.push_back({channels[a], channels[b]});
  return sets;
}

TrialDesign::TrialDesign(const ExperimentSpec& spec, const DatasetFacts& facts)
    : strategy_(spec.strategy), facts_(facts),
      groups_(test_groups(spec.strategy, facts, compares_channels(spec.strategy) && spec.strategy.leave_patients)), channel_sets_(channel_sets_of(spec.strategy, facts)), used_(facts.channels.empty() ? spec.strategy.channels : facts.channels) {
  std::vector<std::string> taken;
  if (compares_channels(strategy_)) taken = {"preprocess.leave_out", "validation.test_patients"};
  if (with_dropout(strategy_)) taken.push_back("validation.each_channel");
  for (const auto& variable : spec.variable)
    if (std::find(taken.begin(), taken.end(), variable.key) != taken.end()) fail_input("a variable sets '" + variable.key + "', which " + strategy_.kind + " sets itself");
}

PlannedTrial TrialDesign::trial(int64_t number, const std::vector<std::string>& left_out, size_t group, int64_t repeat, const Value::Table& variables) const {
  PlannedTrial trial;
  trial.number = number;
  std::vector<std::string> channels, leave = facts_.left_out;
  for (const auto& channel : used_)
    if (std::find(left_out.begin(), left_out.end(), channel) == left_out.end()) channels.push_back(channel);
  leave.insert(leave.end(), left_out.begin(), left_out.end());
  std::string left_out_name;
  for (const auto& channel : left_out) left_out_name += (left_out_name.empty() ? "" : "+") + channel;
  const TestGroup& test = groups_[group];
  if (leaves_one_out(strategy_)) trial.settings["preprocess.leave_out"] = Value::list_of(leave);
  if (!test.patients.empty()) trial.settings["validation.test_patients"] = Value::list_of(test.patients);
  trial.settings["seed"] = facts_.seed + repeat * int64_t(groups_.size()) + int64_t(group);
  for (const auto& [key, value] : variables) trial.settings[key] = value;
  trial.design["left_out"] = left_out_name;
  trial.design["left_out_channels"] = Value::list_of(left_out);
  trial.design["channels"] = Value::list_of(channels);
  trial.design["test_name"] = test.name;
  trial.design["test"] = Value::list_of(test.patients);
  trial.design["repeat"] = repeat;
  trial.design["seed"] = trial.settings.at("seed");
  if (leaves_one_out(strategy_) && strategy_.channel_dropout) trial.design["channel_dropout"] = false;
  return trial;
}

PlannedTrial TrialDesign::dropout_trial(int64_t number, size_t group, int64_t repeat, const Value::Table& variables) const {
  PlannedTrial made = trial(number, {}, group, repeat, {});
  if (leaves_one_out(strategy_)) made.settings = without_key(made.settings, "preprocess.leave_out");
  made.settings["validation.each_channel"] = true;
  if (facts_.channel_dropout == 0) made.settings["augment.channel_dropout"] = dropout_share;
  for (const auto& [key, value] : variables) made.settings[key] = value;
  made.design["channel_dropout"] = true;
  made.design["missing_in_turn"] = Value::list_of(left_out_in_turn(strategy_, facts_));
  return made;
}

std::vector<PlannedTrial> TrialDesign::trials_of(int64_t proposal, const Value::Table& variables) const {
  std::vector<PlannedTrial> trials;
  int64_t number = (proposal - 1) * trials_of_a_proposal();
  for (const auto& left_out : channel_sets_)
    for (size_t group = 0; group < groups_.size(); ++group)
      for (int64_t repeat = 0; repeat < strategy_.seeds; ++repeat) {
        trials.push_back(trial(++number, left_out, group, repeat, variables));
        trials.back().design["proposal"] = proposal;
      }
  return trials;
}

}  // namespace tomograd
