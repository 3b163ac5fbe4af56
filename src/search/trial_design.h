// One trial out of its factors: channel set, test group, repeat, values of variables. Private to this room.
#pragma once

#include <string>
#include <vector>

#include "search/trial_plan.h"

namespace tomograd {

struct TestGroup {                               // patients that are tested together
  std::string name;
  std::vector<std::string> patients;
};

bool only_dropout(const StrategySpec& strategy);       // the trainings are all such for all channel sets
bool with_dropout(const StrategySpec& strategy);       // some are
bool leaves_one_out(const StrategySpec& strategy);     // channels or patients in turn: leave-one-out, or nested in a search
bool compares_channels(const StrategySpec& strategy);  // either of these
void check_dropout(const StrategySpec& strategy);      // Error(input) for what channel dropout cannot do

// What is left out in turn, first nothing. Error(input) for channels that are not there, and for too few.
std::vector<std::vector<std::string>> channel_sets_of(const StrategySpec& strategy, const DatasetFacts& facts);

class TrialDesign {                              // refers to spec and facts
 public:
  TrialDesign(const ExperimentSpec& spec, const DatasetFacts& facts);
  size_t groups() const { return groups_.size(); }
  PlannedTrial trial(int64_t number, const std::vector<std::string>& left_out, size_t group, int64_t repeat, const Value::Table& variables) const;
  // One training for all channel sets: with the seed and the test group of the training that has all channels.
  PlannedTrial dropout_trial(int64_t number, size_t group, int64_t repeat, const Value::Table& variables) const;

  // Of a search: every proposal has the trials of one channel set after the other, of these one test group after the other, of these
  // one repeat after the other.
  int64_t trials_of_a_proposal() const { return int64_t(channel_sets_.size() * groups_.size()) * strategy_.seeds; }
  // The trials (proposal - 1) * trials_of_a_proposal() + 1 and following, with the proposal's number in their design.
  std::vector<PlannedTrial> trials_of(int64_t proposal, const Value::Table& variables) const;

 private:
  const StrategySpec& strategy_;
  const DatasetFacts& facts_;
  std::vector<TestGroup> groups_;
  std::vector<std::vector<std::string>> channel_sets_;
  const std::vector<std::string>& used_;
};

}  // namespace tomograd
