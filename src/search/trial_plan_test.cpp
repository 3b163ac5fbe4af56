#include "search/trial_plan.h"

#include <gtest/gtest.h>

#include <set>

#include "base/error.h"
#include "search/space.h"
#include "spec/text_formats.h"

namespace tomograd {
namespace {

std::vector<std::string> names(const std::string& stem, int n) {
  std::vector<std::string> result;
  for (int i = 1; i <= n; ++i) result.push_back(stem + std::to_string(i));
  return result;
}

DatasetFacts facts(int channels, int patients) { return {names("c", channels), names("p", patients), {}, 7}; }

std::string message_of(const std::function<void()>& body) {
  try {
    body();
  } catch (const Error& error) {
    return std::string(error.what());
  }
  return "nothing was thrown";
}

VariableSpec listed(const std::string& key, const std::string& toml) {
  VariableSpec variable;
  variable.key = key;
  variable.values = parse_toml("v = " + toml, "test").at("v");
  return variable;
}

VariableSpec ranged(double low, double high, const std::string& scale, int64_t count) {
  VariableSpec variable;
  variable.key = "x";
  variable.range = {low, high};
  variable.scale = scale;
  variable.count = count;
  return variable;
}

TEST(VariableProduct, ManyVariablesLeaveRoomForFewerCombinations) {  // 16 variables of 2 values beside 3000 of one: 14 GB
  std::vector<VariableSpec> variables(3016);
  for (size_t i = 0; i < variables.size(); ++i) {
    variables[i].key = "k" + std::to_string(i);
    variables[i].values = i < 16 ? Value(Value::List{int64_t{1}, int64_t{2}}) : Value(int64_t{1});
  }
  EXPECT_NE(message_of([&] { variable_product(variables); }).find("the 3016 variables have more than 663 combinations"), std::string::npos);
  variables.erase(variables.begin(), variables.begin() + 10);
  EXPECT_EQ(variable_product(variables).size(), 64u);
}

TEST(VariableValues, LongListsTakeTimeInProportion) {  // each value had been compared with all before it: 50000 took a minute
  VariableSpec variable;
  variable.key = "seed";
  Value::List values;
  for (int64_t i = 0; i < 50000; ++i) values.push_back(i);
  variable.values = Value(values);
  EXPECT_EQ(variable_values(variable).size(), 50000u);
  values.push_back(int64_t{49999});
  variable.values = Value(values);
  EXPECT_NE(message_of([&] { variable_values(variable); }).find("49999 stands twice"), std::string::npos);
  for (int64_t i = 0; i < 100000; ++i) values.push_back(100000 + i);
  variable.values = Value(values);
  EXPECT_NE(message_of([&] { variable_values(variable); }).find("has 150001 values, at most 100000"), std::string::npos);
}

TEST(TrialPlan, SevenChannelsTimesThirtySixPatientsAre288) {
  ExperimentSpec spec;
  auto trials = plan_trials(spec, facts(7, 36));
  ASSERT_EQ(trials.size(), 288u);
  std::set<std::string> cells;
  for (size_t i = 0; i < trials.size(); ++i) {
    EXPECT_EQ(trials[i].number, int64_t(i) + 1);
    EXPECT_EQ(trials[i].design.at("left_out").as_text().empty(), i < 36) << "the full channel set comes first";
    cells.insert(trials[i].design.at("left_out").as_text() + "/" + trials[i].design.at("test_name").as_text());
  }
  EXPECT_EQ(cells.size(), 288u);
}

TEST(TrialPlan, TwoChannelsTimesFourPatientsAre12) {
  ExperimentSpec spec;
  auto trials = plan_trials(spec, facts(2, 4));
  ASSERT_EQ(trials.size(), 12u);
  EXPECT_EQ(to_json(trials[0].settings, false), R"({"preprocess.leave_out":[],"validation.test_patients":["p1"],"seed":7})");
  EXPECT_EQ(to_json(trials[11].settings, false), R"({"preprocess.leave_out":["c2"],"validation.test_patients":["p4"],"seed":10})");
  EXPECT_EQ(to_json(trials[11].design.at("channels"), false), R"(["c1"])");
}

TEST(TrialPlan, SeedsAndVariablesMultiply) {
  ExperimentSpec spec;
  spec.strategy.seeds = 3;
  spec.variable = {listed("optimizer.learning_rate", "[0.1, 0.01]"), listed("sampling.batch", "[1, 2, 4]")};
  auto trials = plan_trials(spec, facts(2, 4));
  ASSERT_EQ(trials.size(), size_t(3 * 4 * 3 * 6));
  EXPECT_EQ(trials[1].settings.at("sampling.batch").as_integer(), 2);        // the last variable changes fastest
  EXPECT_EQ(trials[6].settings.at("seed").as_integer(), 7 + 4);              // the second repeat of the first of four patients
  EXPECT_EQ(trials[6 + 72].settings.at("seed").as_integer(), 7 + 4);         // the same seed under another channel set
  std::set<std::string> more, less;
  for (const auto& trial : trials) more.insert(to_json(trial.settings));
  spec.strategy.seeds = 2;
  for (const auto& trial : plan_trials(spec, facts(2, 4))) less.insert(to_json(trial.settings));
  EXPECT_TRUE(std::includes(more.begin(), more.end(), less.begin(), less.end())) << "more seeds leave the others' trials as they were";
}

TEST(TrialPlan, PairsOfChannelsComeAfterSingleOnes) {
  ExperimentSpec spec;
  spec.strategy.channel_pairs = true;
  auto trials = plan_trials(spec, facts(4, 2));
  ASSERT_EQ(trials.size(), size_t((1 + 4 + 6) * 2));
  const PlannedTrial& last = trials.back();
  EXPECT_EQ(last.design.at("left_out").as_text(), "c3+c4");
  EXPECT_EQ(to_json(last.design.at("left_out_channels"), false), R"(["c3","c4"])");
  EXPECT_EQ(to_json(last.design.at("channels"), false), R"(["c1","c2"])");
  EXPECT_EQ(to_json(last.settings.at("preprocess.leave_out"), false), R"(["c3","c4"])");
  EXPECT_EQ(to_json(trials[0].design.at("left_out_channels"), false), "[]");
  EXPECT_EQ(trials[8].design.at("left_out").as_text(), "c4");
  EXPECT_EQ(trials[10].design.at("left_out").as_text(), "c1+c2");
  EXPECT_EQ(trials[10].settings.at("seed").as_integer(), 7) << "pairs share the seeds of the other channel sets";
  std::set<std::string> sets;
  for (const auto& trial : trials) sets.insert(trial.design.at("left_out").as_text());
  EXPECT_EQ(sets.size(), 11u);
  EXPECT_NE(message_of([&] { plan_trials(spec, facts(2, 2)); }).find("at least 3 channels"), std::string::npos);
}

TEST(TrialPlan, FoldsTestEveryPatientOnce) {
  ExperimentSpec spec;
  spec.strategy.folds = 3;
  auto trials = plan_trials(spec, facts(2, 7));
  ASSERT_EQ(trials.size(), 9u);
  std::multiset<std::string> tested;
  for (int i = 0; i < 3; ++i)
    for (const auto& patient : trials[size_t(i)].design.at("test").as_list()) tested.insert(patient.as_text());
  EXPECT_EQ(tested.size(), 7u);
  EXPECT_EQ(std::set<std::string>(tested.begin(), tested.end()).size(), 7u);
  EXPECT_EQ(trials[0].design.at("test"), trials[3].design.at("test"));       // the same folds for every channel set
  EXPECT_EQ(deal_folds(names("p", 7), 3, 7), deal_folds(names("p", 7), 3, 7));
  EXPECT_THROW(deal_folds(names("p", 7), 8, 7), Error);
}

TEST(TrialPlan, KeepsWhatTheRunLeavesOutItself) {
  ExperimentSpec spec;
  DatasetFacts given = facts(2, 2);
  given.left_out = {"c9"};
  EXPECT_EQ(to_json(plan_trials(spec, given).back().settings.at("preprocess.leave_out"), false), R"(["c9","c2"])");
}

TEST(TrialPlan, SweepIsTheProductAndNamesNoTestPatients) {
  ExperimentSpec spec;
  spec.strategy.kind = "sweep";
  spec.variable = {listed("model.kind", "['unet', 'deepmedic']"), ranged(1e-4, 1e-2, "log", 3)};
  auto trials = plan_trials(spec, facts(7, 36));
  ASSERT_EQ(trials.size(), 6u);
  EXPECT_EQ(to_json(trials[1].settings, false), R"({"seed":7,"model.kind":"unet","x":0.001})");
}

TEST(TrialPlan, UnknownNamesAreRefusedWithTheNearest) {
  ExperimentSpec spec;
  spec.strategy.channels = {"T1we"};
  DatasetFacts given{{"T1w", "ADC"}, {"a", "b"}, {}, 1};
  std::string message = message_of([&] { plan_trials(spec, given); });
  EXPECT_NE(message.find("'T1we'"), std::string::npos) << message;
  EXPECT_NE(message.find("did you mean 'T1w'?"), std::string::npos) << message;
  spec.strategy.channels = {};
  given.channels = {"T1w"};
  EXPECT_NE(message_of([&] { plan_trials(spec, given); }).find("at least 2 channels"), std::string::npos);
  given.channels = {"T1w", "ADC"}, given.patients = {"a"};
  EXPECT_NE(message_of([&] { plan_trials(spec, given); }).find("at least 2 patients"), std::string::npos);
}

TEST(TrialPlan, AVariableMayNotSetWhatTheStrategySets) {
  ExperimentSpec spec;
  spec.variable = {listed("preprocess.leave_out", "[['c1']]")};
  EXPECT_NE(message_of([&] { plan_trials(spec, facts(2, 2)); }).find("sets itself"), std::string::npos);
  spec.variable = {listed("a", "[1]"), listed("a", "[2]")};
  EXPECT_NE(message_of([&] { plan_trials(spec, facts(2, 2)); }).find("two variables set 'a'"), std::string::npos);
}

ExperimentSpec dropout_only() {
  ExperimentSpec spec;
  spec.strategy.kind = "channel-dropout";
  return spec;
}

TEST(ChannelDropoutPlan, OneTrainingPerPatientForAllChannelSets) {
  ExperimentSpec spec = dropout_only();
  spec.strategy.seeds = 2;
  spec.variable = {listed("sampling.batch", "[1, 2, 4]")};
  auto trials = plan_trials(spec, facts(7, 5));
  ASSERT_EQ(trials.size(), size_t(5 * 2 * 3));
  EXPECT_EQ(trial_count(spec, facts(7, 5)), 30);
  EXPECT_EQ(to_json(trials[29].settings, false), R"({"validation.test_patients":["p5"],"seed":16,"validation.each_channel":true,"augment.channel_dropout":0.25,"sampling.batch":4})");
  for (size_t i = 0; i < trials.size(); ++i) {
    EXPECT_EQ(trials[i].number, int64_t(i) + 1);
    EXPECT_EQ(trials[i].design.at("channel_dropout"), Value(true));
    EXPECT_EQ(trials[i].design.at("left_out").as_text(), "");
    EXPECT_EQ(trials[i].design.at("channels").as_list().size(), 7u);
    EXPECT_EQ(trials[i].design.at("missing_in_turn").as_list().size(), 7u);
  }
  spec.strategy.folds = 2, spec.strategy.channels = {"c3", "c1"};
  trials = plan_trials(spec, facts(7, 5));
  ASSERT_EQ(trials.size(), size_t(2 * 2 * 3));
  EXPECT_EQ(to_json(trials[0].design.at("missing_in_turn"), false), R"(["c3","c1"])");
}

TEST(ChannelDropoutPlan, TheRunsOwnShareStays) {
  DatasetFacts given = facts(3, 2);
  given.channel_dropout = 0.4;
  EXPECT_FALSE(plan_trials(dropout_only(), given)[0].settings.find("augment.channel_dropout"));
  ExperimentSpec spec = dropout_only();
  spec.variable = {listed("augment.channel_dropout", "[0.1, 0.5]")};
  auto trials = plan_trials(spec, facts(3, 2));
  ASSERT_EQ(trials.size(), 4u);
  EXPECT_EQ(trials[1].settings.at("augment.channel_dropout").as_number(), 0.5);
}

// What leave-one-out does without it stays as it is, number by number; the trainings for all channel sets follow.
TEST(ChannelDropoutPlan, BesideLeaveOneOutItComesLast) {
  ExperimentSpec spec;
  spec.strategy.seeds = 2, spec.strategy.channel_pairs = true;
  auto alone = plan_trials(spec, facts(3, 4));
  spec.strategy.channel_dropout = true;
  auto both = plan_trials(spec, facts(3, 4));
  ASSERT_EQ(both.size(), alone.size() + 4 * 2);
  for (size_t i = 0; i < both.size(); ++i) {
    EXPECT_EQ(both[i].number, int64_t(i) + 1);
    EXPECT_EQ(both[i].design.at("channel_dropout").as_bool(), i >= alone.size());
    if (i >= alone.size()) continue;
    EXPECT_EQ(both[i].settings, alone[i].settings) << "trial " << i + 1;
    EXPECT_FALSE(alone[i].design.find("channel_dropout"));
  }
  for (size_t i = 0; i < 8; ++i) {                                // the first trials are those with all channels
    EXPECT_EQ(both[alone.size() + i].settings.at("seed"), both[i].settings.at("seed"));
    EXPECT_EQ(both[alone.size() + i].design.at("test"), both[i].design.at("test"));
  }
}

TEST(ChannelDropoutPlan, WhatCannotBeIsSaid) {
  ExperimentSpec spec = dropout_only();
  EXPECT_NE(message_of([&] { plan_trials(spec, facts(1, 4)); }).find("at least 2 channels, there is 1"), std::string::npos);
  EXPECT_NE(message_of([&] { plan_trials(spec, facts(2, 1)); }).find("at least 2 patients"), std::string::npos);
  spec.strategy.channel_pairs = true;
  EXPECT_NE(message_of([&] { plan_trials(spec, facts(4, 4)); }).find("one channel missing at a time"), std::string::npos);
  spec = dropout_only(), spec.variable = {listed("validation.each_channel", "[true]")};
  EXPECT_NE(message_of([&] { plan_trials(spec, facts(4, 4)); }).find("which channel-dropout sets itself"), std::string::npos);
  spec = ExperimentSpec(), spec.strategy.channel_dropout = true, spec.strategy.leave_channels = false;
  EXPECT_NE(message_of([&] { plan_trials(spec, facts(4, 4)); }).find("leave_channels is false"), std::string::npos);
}

TEST(Space, RangesHitBothEndsExactly) {
  auto linear = variable_values(ranged(-1, 2, "linear", 4));
  ASSERT_EQ(linear.size(), 4u);
  EXPECT_EQ(linear[0].as_number(), -1);
  EXPECT_EQ(linear[1].as_number(), 0);
  EXPECT_EQ(linear[3].as_number(), 2);
  auto log = variable_values(ranged(1e-5, 1e-1, "log", 5));
  EXPECT_EQ(log[0].as_number(), 1e-5);
  EXPECT_EQ(log[4].as_number(), 1e-1);
  EXPECT_EQ(log[2].as_number(), 1e-3);           // rounded to 12 digits, as a person would have written it
  auto whole = variable_values(ranged(1, 3, "integer", 9));
  ASSERT_EQ(whole.size(), 3u);
  EXPECT_TRUE(whole[1].is_integer());
}

TEST(Space, WholeNumbersOnALogScale) {
  VariableSpec variable = ranged(4, 128, "integer-log", 6);
  auto values = variable_values(variable);
  ASSERT_EQ(values.size(), 6u);
  for (size_t i = 0; i < 6; ++i) EXPECT_EQ(values[i].as_integer(), 4 << i);
  EXPECT_THROW(variable_values(ranged(0, 8, "integer-log", 3)), Error);
}

TEST(Space, AConditionLeavesAVariableOut) {
  VariableSpec depth = listed("model.depth", "[2, 3, 4]"), rate = listed("rate", "[0.1, 0.2]");
  depth.when = parse_toml("model.kind = 'unet'", "test");            // a dotted key and a quoted one say the same
  auto product = variable_product({listed("model.kind", "['unet', 'msd']"), depth, rate});
  ASSERT_EQ(product.size(), 8u);
  EXPECT_EQ(to_json(Value(product[5]), false), R"({"model.kind":"unet","model.depth":4,"rate":0.2})");
  EXPECT_EQ(to_json(Value(product[6]), false), R"({"model.kind":"msd","rate":0.1})");
  VariableSpec deeper = listed("deeper", "[1, 2]");                   // on a variable that is itself left out
  deeper.when = parse_toml("'model.depth' = [3, 4]", "test");
  EXPECT_EQ(variable_product({listed("model.kind", "['unet', 'msd']"), depth, deeper}).size(), 1u + 2 + 2 + 1);
  VariableSpec lost = listed("lost", "[1, 2]");
  lost.when = parse_toml("model.kid = 'unet'", "test");
  std::string message = message_of([&] { variable_product({listed("model.kind", "['unet']"), lost}); });
  EXPECT_NE(message.find("'model.kid'"), std::string::npos) << message;
  EXPECT_NE(message.find("did you mean 'model.kind'?"), std::string::npos) << message;
}

TEST(Space, BadVariablesAreRefused) {
  EXPECT_THROW(variable_values(ranged(0, 1, "log", 3)), Error);
  EXPECT_THROW(variable_values(ranged(2, 1, "linear", 3)), Error);
  EXPECT_THROW(variable_values(listed("x", "[]")), Error);
  EXPECT_THROW(variable_values(listed("x", "[1, 1]")), Error);
  VariableSpec neither;
  neither.key = "x";
  EXPECT_THROW(variable_values(neither), Error);
  VariableSpec both = ranged(0, 1, "linear", 3);
  both.values = Value(Value::List{1});
  EXPECT_THROW(variable_values(both), Error);
}

TEST(Space, LabelsNameValues) {
  VariableSpec variable = listed("model", "[{kind = 'unet'}, {kind = 'deepmedic'}]");
  variable.labels = {"U-Net", "DeepMedic"};
  auto values = variable_values(variable);
  EXPECT_EQ(value_label(variable, values[1]), "DeepMedic");
  variable.labels = {"only one"};
  EXPECT_THROW(variable_values(variable), Error);
  EXPECT_EQ(plain_text(Value("a")), "a");
  EXPECT_EQ(plain_text(Value(0.5)), "0.5");
}

TEST(Space, DottedKeysEnterTables) {
  Value root = parse_toml("seed = 1\n[model]\nkind = 'unet'\n", "test");
  set_dotted(root, "model.depth", Value(3));
  set_dotted(root, "optimizer.learning_rate", Value(0.5));
  EXPECT_EQ(find_dotted(root, "model.kind")->as_text(), "unet");
  EXPECT_EQ(find_dotted(root, "model.depth")->as_integer(), 3);
  EXPECT_EQ(find_dotted(root, "optimizer.learning_rate")->as_number(), 0.5);
  EXPECT_EQ(find_dotted(root, "a.b"), nullptr);
  EXPECT_THROW(set_dotted(root, "seed.x", Value(1)), Error);
  EXPECT_THROW(set_dotted(root, "model..x", Value(1)), Error);
}

}  // namespace
}  // namespace tomograd
