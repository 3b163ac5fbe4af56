#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "report/hand_made.h"
#include "report/outcomes.h"
#include "report/report_charts.h"
#include "report/report_text.h"

namespace tomograd {
namespace {

// The classes of hand-made trials are x = value - 0.05 and y = value + 0.05; here the loss of channel A shows in y alone.
Made one_sided() {
  Made hand = made(changed(twelve()));
  for (auto& trial : hand.trials) {
    if (left_out_channel(trial) != "A") continue;
    double base = 0.5 + 0.01 * (std::stod(trial.design.at("test_name").as_text().substr(1)) - 1), change = trial.metrics.at("test").as_list()[0].at("dice").as_list()[0].as_number() + 0.05 - base;
    trial.metrics["test"].as_list()[0]["dice"] = Value(Value::List{base - 0.05, base + 0.05 + 2 * change});
  }
  return hand;
}

TEST(ClassOutcomes, AChannelMayMatterForOneTargetAlone) {
  Made hand = one_sided();
  ReportData report = make_report(hand.record, hand.trials);
  ASSERT_EQ(report.classes.size(), 2u);
  EXPECT_EQ(report.classes[0].name, "x");
  const ChannelReport &x = report.classes[0].channels[1], &y = report.classes[1].channels[1], &mean = report.channels[1];
  EXPECT_NEAR(x.change.estimate, 0, 1e-14);
  EXPECT_NEAR(y.change.estimate, 2 * mean.change.estimate, 1e-14);
  EXPECT_EQ(x.verdict, Verdict::does_not_matter);
  EXPECT_EQ(y.verdict, Verdict::matters);
  EXPECT_EQ(report.classes[1].pairs, 12);
  EXPECT_EQ(report.channels[report.ranking[0]].name, "A");
  std::vector<std::string> files;
  for (const auto& chart : report_charts(report)) files.push_back(chart.file);
  for (const char* file : {"class_changes", "grouped_trials_x", "mean_outcome_x", "paired_change_y"}) EXPECT_NE(std::find(files.begin(), files.end(), file), files.end()) << file;
  EXPECT_EQ(report_value(report).at("classes").as_list()[1].at("channels").as_list()[1].at("verdict").as_text(), "matters");
}

TEST(ClassOutcomes, APatientWithoutTheClassIsNoPair) {
  Made hand = one_sided();
  for (auto& trial : hand.trials)
    if (trial.design.at("test_name") == Value("P3")) trial.metrics["test"].as_list()[0]["dice"].as_list()[1] = Value();
  ReportData report = make_report(hand.record, hand.trials);
  EXPECT_EQ(report.classes[1].pairs, 11);
  EXPECT_EQ(report.classes[0].pairs, 12);
}

TEST(ClassOutcomes, OneClassAndPlainNumbersHaveNone) {
  Made hand = one_sided();
  for (auto& trial : hand.trials) {
    trial.metrics["test"].as_list()[0]["classes"] = Value(Value::List{"background", "y"});
  }
  EXPECT_TRUE(make_report(hand.record, hand.trials).classes.empty());
  for (auto& trial : hand.trials) trial.metrics = parse_json(R"({"dice":0.5})", "t");
  EXPECT_TRUE(make_report(hand.record, hand.trials).classes.empty());
}

// Channels B and C dropped together: each trial's value is "all" less `loss`.
void add_joint(Made& hand, double loss) {
  size_t n = hand.trials.size();
  for (size_t i = 0; i < n; ++i) {
    if (!left_out_channel(hand.trials[i]).empty()) continue;
    TrialRecord trial = hand.trials[i];
    trial.number = int64_t(hand.trials.size()) + 1;
    trial.design["left_out"] = "B+C", trial.design["left_out_channels"] = Value(Value::List{"B", "C"}), trial.settings["preprocess.leave_out"] = trial.design.at("left_out_channels");
    for (auto& v : trial.metrics["test"].as_list()[0]["dice"].as_list()) v = Value(v.as_number() - loss - 0.0001 * double(i));
    trial.metrics["channel_bytes"] = int64_t(3000000), trial.timing["seconds"] = 500.0;
    hand.trials.push_back(trial);
  }
}

Made two_droppable() {
  auto changes = twelve();
  for (double& c : changes[2]) c *= 0.01;        // C, like B, is within the margin
  return made(changed(changes));
}

TEST(JointOutcomes, TheSavingIsTakenFromTrainingsWithoutTheDroppedChannels) {
  Made hand = two_droppable();
  std::string added = make_report(hand.record, hand.trials).decision;
  EXPECT_NE(added.find("this adds up single changes, they were not dropped together"), std::string::npos) << added;
  add_joint(hand, 0.003);
  ReportData report = make_report(hand.record, hand.trials);
  ASSERT_EQ(report.joint.size(), 2u);
  EXPECT_EQ(report.joint[1].name, "B+C");
  EXPECT_EQ(report.channels.size(), 4u) << "a set is no channel of the ranking";
  std::vector<std::string> files;
  for (const auto& chart : report_charts(report)) files.push_back(chart.file);
  EXPECT_NE(std::find(files.begin(), files.end(), "pair_matrix"), files.end());
  EXPECT_NE(report.decision.find("saves 6.00 MB per scan and "), std::string::npos) << report.decision;
  EXPECT_NE(report.decision.find("measured on trainings without them all."), std::string::npos) << report.decision;
  EXPECT_NEAR(report.joint[1].change.estimate, -0.00355, 1e-5) << "median of 0.003 to 0.0041";
}

TEST(JointOutcomes, WhatMattersTogetherIsSaidToBeUnproven) {
  Made hand = two_droppable();
  add_joint(hand, 0.1);
  std::string said = make_report(hand.record, hand.trials).decision;
  EXPECT_NE(said.find("is not shown for dropping them together"), std::string::npos) << said;
}

}  // namespace
}  // namespace tomograd
