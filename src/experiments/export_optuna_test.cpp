#include "experiments/export_optuna.h"

#include <gtest/gtest.h>

#include "spec/experiment_spec.h"
#include "spec/text_formats.h"

namespace tomograd {
namespace {

std::vector<Value> lines_of(const std::string& journal) {
  std::vector<Value> lines;
  for (size_t begin = 0, end; (end = journal.find('\n', begin)) != std::string::npos; begin = end + 1) lines.push_back(parse_json(journal.substr(begin, end - begin), "journal"));
  return lines;
}

StudyMaterial study() {
  ExperimentSpec spec;
  spec.name = "s", spec.strategy.kind = "sweep";
  VariableSpec rate, width, kind;
  rate.key = "optimizer.learning_rate", rate.range = {1e-4, 1e-2}, rate.scale = "log";
  width.key = "model.width", width.range = {4, 32}, width.scale = "integer";
  kind.key = "model.channels", kind.values = parse_json("[[8,16],[8,32]]", "t");
  spec.variable = {rate, width, kind};
  StudyMaterial material;
  material.experiment.name = "s", material.experiment.spec = spec_to_value(spec), material.experiment.created = 1000;
  const TrialState states[] = {TrialState::complete, TrialState::failed, TrialState::running, TrialState::waiting, TrialState::complete};
  for (int64_t i = 0; i < 5; ++i) {
    TrialRecord trial;
    trial.number = i + 1, trial.state = states[i];
    trial.settings = parse_json(R"({"optimizer.learning_rate":0.02,"model.width":8,"model.channels":[8,32],"seed":1})", "t");
    trial.design = parse_json(R"({"left_out":"","test_name":"","seed":1})", "t");
    if (i == 0) trial.metrics = parse_json(R"({"dice":0.75,"steps":10})", "t"), trial.timing = parse_json(R"({"seconds":2.5})", "t");
    if (i == 4) trial.metrics = parse_json(R"({"dice":null})", "t");
    material.trials.push_back(trial);
  }
  material.events = {{1, 2000, "claimed", 1, 1, "w"}, {2, 3500, "lost", 1, 1, ""}, {3, 4000, "claimed", 1, 2, "w"}, {4, 6250, "complete", 1, 2, ""}, {5, 7000, "note", 1, 0, "look"}, {6, 7000, "note", 0, 0, "all"}};
  material.intermediate[1] = {{5, 0.5}, {10, 0.7}};
  return material;
}

TEST(OptunaJournal, OneOperationPerLine) {
  auto lines = lines_of(optuna_journal(study()));
  EXPECT_EQ(lines.front().at("op_code"), Value(0));
  EXPECT_EQ(lines.front().at("directions").as_list()[0], Value(2));
  int trials = 0, notes = 0;
  for (const auto& line : lines) {
    trials += line.at("op_code") == Value(4);
    if (const Value* attribute = line.find("user_attr")) notes += attribute->find("notes") != nullptr;
  }
  EXPECT_EQ(trials, 5);
  EXPECT_EQ(notes, 1);
}

TEST(OptunaJournal, ATrialHasItsValuesTimesAndDistributions) {
  auto lines = lines_of(optuna_journal(study()));
  const Value& trial = lines[lines.size() - 5];
  EXPECT_EQ(trial.at("state"), Value(1));
  EXPECT_EQ(trial.at("value"), Value(0.75));
  EXPECT_EQ(trial.at("datetime_start").as_text(), "1970-01-01T00:00:02.000000+00:00");
  EXPECT_EQ(trial.at("datetime_complete").as_text(), "1970-01-01T00:00:06.250000+00:00");
  EXPECT_EQ(trial.at("params").at("optimizer.learning_rate").as_number(), 0.02);
  EXPECT_EQ(trial.at("params").at("model.channels").as_number(), 1);
  Value rate = parse_json(trial.at("distributions").at("optimizer.learning_rate").as_text(), "t");
  EXPECT_EQ(rate.at("name").as_text(), "FloatDistribution");
  EXPECT_EQ(rate.at("attributes").at("high").as_number(), 0.02) << "the range grows to what trials have";
  EXPECT_TRUE(rate.at("attributes").at("log").as_bool());
  EXPECT_EQ(parse_json(trial.at("distributions").at("model.width").as_text(), "t").at("name").as_text(), "IntDistribution");
  EXPECT_EQ(parse_json(trial.at("distributions").at("model.channels").as_text(), "t").at("attributes").at("choices").as_list()[1].as_text(), "[8,32]");
  EXPECT_EQ(trial.at("intermediate_values").at("10").as_number(), 0.7);
  EXPECT_EQ(trial.at("user_attrs").at("notes").as_list()[0].at("text").as_text(), "look");
  EXPECT_EQ(trial.at("user_attrs").at("seconds").as_number(), 2.5);
}

TEST(OptunaJournal, StatesAreThoseOfOptuna) {
  auto lines = lines_of(optuna_journal(study()));
  const int expected[] = {1, 3, 0, 4, 3};          // a complete trial without a value is none of Optuna's
  for (size_t i = 0; i < 5; ++i) EXPECT_EQ(lines[lines.size() - 5 + i].at("state"), Value(expected[i])) << i;
  EXPECT_TRUE(lines[lines.size() - 2].at("datetime_start").is_nothing());
  EXPECT_EQ(lines[lines.size() - 2].find("datetime_complete"), nullptr);
}

// Trial 2 is missing: its place is kept, so that trial 3 is Optuna's trial 2.
TEST(OptunaJournal, NumbersDoNotShift) {
  StudyMaterial material = study();
  material.trials.erase(material.trials.begin() + 1);
  auto lines = lines_of(optuna_journal(material));
  EXPECT_EQ(lines[lines.size() - 4].at("state"), Value(3));
  EXPECT_EQ(lines[lines.size() - 4].find("params"), nullptr);
  EXPECT_EQ(lines[lines.size() - 3].at("user_attrs").at("trial"), Value(3));
}

}  // namespace
}  // namespace tomograd
