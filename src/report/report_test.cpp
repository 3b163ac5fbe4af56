#include "report/report_data.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <cmath>
#include <filesystem>

#include "base/env.h"
#include "base/random.h"
#include "report/hand_made.h"
#include "report/numbers.h"
#include "report/outcomes.h"
#include "report/report_charts.h"
#include "report/report_pages.h"
#include "report/report_text.h"
#include "search/space.h"
#include "spec/text_formats.h"

namespace tomograd {
namespace {

TEST(Report, NumbersOfAHandMadeTable) {
  Made hand = made(changed(four));
  ReportData report = make_report(hand.record, hand.trials);
  ASSERT_EQ(report.channels.size(), 4u);
  EXPECT_EQ(report.channels[0].name, "all");
  EXPECT_EQ(report.channels[0].outcomes.size(), 4u);
  // Sums of a few numbers below 1: a handful of roundings of 2^-53 each.
  constexpr double close = 1e-14;
  EXPECT_NEAR(report.channels[0].mean, 0.515, close);
  EXPECT_NEAR(report.channels[1].mean, 0.515 - 0.275, close);
  EXPECT_NEAR(report.channels[1].change.estimate, -0.275, close);
  EXPECT_NEAR(report.channels[1].change.low, -0.35, close);
  EXPECT_NEAR(report.channels[1].change.high, -0.20, close);
  EXPECT_EQ(report.channels[1].change.coverage, 0.875);        // 1 - 2/2^4
  EXPECT_EQ(report.channels[1].p, 0.125);
  EXPECT_EQ(report.channels[1].holm_p, 0.375);
  EXPECT_EQ(report.pairs, 4);
  EXPECT_EQ(report.smallest_p, 0.125);
  EXPECT_EQ(report.smallest_holm_p, 0.375);
  std::vector<std::string> ranking;
  for (size_t index : report.ranking) ranking.push_back(report.channels[index].name);
  EXPECT_EQ(ranking, (std::vector<std::string>{"A", "C", "B"}));
  EXPECT_EQ(report.steps_low, 90);
  EXPECT_EQ(report.steps_high, 93);
  EXPECT_EQ(report.channels[2].bytes_saved, 3000000);
  EXPECT_EQ(report.channels[2].seconds_saved.estimate, 300);
  EXPECT_TRUE(std::isnan(report.tau));
}

// Channels with 4, no and 3 patients in any order: the comparisons that there are rest on 3.
TEST(Report, AChannelWithoutResultsDoesNotChangeWhatTheOthersRestOn) {
  const char* const orders[][3] = {{"A", "B", "C"}, {"C", "A", "B"}, {"B", "A", "C"}};
  for (const auto& order : orders) {
    Made hand = made(changed(four));
    std::vector<TrialRecord> trials;
    for (const char* wanted : {"", order[0], order[1], order[2]})
      for (auto trial : hand.trials) {
        if (left_out_channel(trial) != wanted) continue;
        bool missing = std::string(wanted) == "B" || (std::string(wanted) == "C" && trial.design.at("test_name") == Value("P4"));
        if (missing) trial.state = TrialState::failed, trial.metrics = Value();
        trials.push_back(trial);
      }
    ReportData report = make_report(hand.record, trials);
    EXPECT_EQ(report.pairs, 3) << order[0] << order[1] << order[2];
    EXPECT_EQ(report.smallest_p, 0.25) << order[0] << order[1] << order[2];   // 2 / 2^3
  }
}

// What "all" needs is no saving of a channel that has not been left out yet; a table of each channel's bytes is one all the same.
TEST(Report, AChannelWithoutResultsSavesNothingYet) {
  Made hand = made(changed(four));
  for (auto& trial : hand.trials)
    if (left_out_channel(trial) == "B") trial.state = TrialState::waiting, trial.metrics = Value(), trial.timing = Value();
  ReportData report = make_report(hand.record, hand.trials);
  EXPECT_EQ(report.channels[1].bytes_saved, 3000000);
  EXPECT_TRUE(std::isnan(report.channels[2].bytes_saved)) << report.channels[2].bytes_saved;
  EXPECT_TRUE(std::isnan(report.channels[2].seconds_saved.estimate));
  for (auto& trial : hand.trials)
    if (trial.metrics.find("channel_bytes")) trial.metrics["channel_bytes"] = parse_json(R"({"A":1000,"B":2000,"C":3000})", "t");
  report = make_report(hand.record, hand.trials);
  for (size_t c = 1; c < 4; ++c) EXPECT_EQ(report.channels[c].bytes_saved, 1000 * double(c));
}

TEST(Report, FourPatientsCannotProveAnything) {
  Made hand = made(changed(four));
  ReportData report = make_report(hand.record, hand.trials);
  EXPECT_FALSE(report.can_reach_significance);
  for (size_t i = 1; i < report.channels.size(); ++i) EXPECT_EQ(report.channels[i].verdict, Verdict::undecided) << report.channels[i].name;
  std::string said = report_text(report), page = report_html(report), json = to_json(report_value(report)["findings"]) + to_json(report_value(report)["limits"]) + report.decision;
  for (const auto& where : {said, page, json}) EXPECT_EQ(where.find("significant"), std::string::npos) << where;
  EXPECT_NE(said.find("smallest two-sided p that the signed-rank test can reach is 0.125, after Holm's correction over 3 channels 0.375"), std::string::npos) << said;
  EXPECT_NE(said.find("covers 87.5 %"), std::string::npos) << said;
  EXPECT_NE(report.decision.find("No channel is shown not to matter"), std::string::npos);
  EXPECT_NE(report.decision.find("Dropping B saves 3.00 MB per scan"), std::string::npos) << report.decision;
  EXPECT_NE(said.find("One seed per trial"), std::string::npos);
  EXPECT_NE(said.find("90 to 93 (median 92) optimiser steps"), std::string::npos) << said;
}

TEST(Report, TwelvePatientsCan) {
  Made hand = made(changed(twelve()));
  Value phantom = parse_json(R"({"format":"tomograd.phantom/1","planted_shares":{"A":0.7,"B":0.0,"C":0.3}})", "t");
  ReportData report = make_report(hand.record, hand.trials, {.phantom = phantom});
  EXPECT_TRUE(report.can_reach_significance);
  EXPECT_EQ(report.channels[1].verdict, Verdict::matters);
  EXPECT_EQ(report.channels[2].verdict, Verdict::does_not_matter);
  EXPECT_EQ(report.channels[3].verdict, Verdict::undecided);
  EXPECT_NE(report_text(report).find("Shown to matter (significant, Holm p < 0.05): A."), std::string::npos) << report_text(report);
  EXPECT_NE(report.decision.find("Dropping B saves 3.00 MB per scan and 300 s per training [300 s, 300 s] for a Dice change of "), std::string::npos) << report.decision;
  EXPECT_NE(report_text(report).find("Kendall's tau"), std::string::npos);
  EXPECT_EQ(report.channels[1].planted, 0.7);
  EXPECT_NE(report_text(report).find("Named (significant, Holm p < 0.05): A matters more than the other channels: "), std::string::npos) << report_text(report);
  EXPECT_EQ(report.planted_losses, 0) << "shares are no losses";
}

// Seven channels that matter alike: every single change is far from zero, and yet no channel may be named. 1000 tables of
// twelve patients; at 5 % the count has a standard deviation of sqrt(1000 * 0.05 * 0.95) = 6.9, three of them are allowed.
TEST(ChannelContrasts, ANullPhantomRaisesFewFalseAlarms) {
  Random random(5, "null phantom");
  int alarms = 0, found = 0;
  for (int table = 0; table < 1000; ++table)
    for (bool null : {true, false}) {
      ReportData report;
      report.channels.resize(8);
      report.channels[0].name = "all";
      for (int patient = 0; patient < 12; ++patient) {
        double of_patient = 0.03 * random.normal();      // the trial with all channels is in every change
        for (size_t c = 1; c < 8; ++c) {
          report.channels[c].name = text("C", c);
          double loss = null ? 0.077 : c == 1 ? 0.2 : 0.05;
          report.channels[c].changes.push_back({text("P", patient), -loss + of_patient + 0.02 * random.normal(), {}, text(patient)});
        }
      }
      contrast_channels(report);
      bool any = false;
      for (size_t c = 1; c < 8; ++c) any = any || report.channels[c].contrast_holm_p < 0.05;
      alarms += null && any;
      found += !null && report.channels[1].contrast_holm_p < 0.05 && report.channels[1].contrast.high < 0;
    }
  RecordProperty("false_alarms_of_1000", alarms);
  EXPECT_LE(alarms, 50 + 21);
  EXPECT_GE(found, 990);
}

// Four trainings of three patients each, whose luck moves these three together and differs between channel sets.
TEST(ChannelContrasts, TheLuckOfSharedTrainingsRaisesFewFalseAlarms) {
  Random random(6, "shared trainings");
  int alarms = 0, alarms_of_patients = 0, found = 0;
  for (int table = 0; table < 1000; ++table)
    for (bool null : {true, false}) {
      ReportData report;
      report.channels.resize(8);
      report.channels[0].name = "all";
      for (size_t c = 1; c < 8; ++c) report.channels[c].name = text("C", c);
      for (int fold = 0; fold < 4; ++fold) {
        std::vector<double> luck(8);
        for (double& l : luck) l = 0.015 * random.normal();
        for (int patient = 0; patient < 3; ++patient)
          for (size_t c = 1; c < 8; ++c) {
            double loss = null ? 0.077 : c == 1 ? 0.2 : 0.05;
            report.channels[c].changes.push_back({text("P", 3 * fold + patient), -loss + luck[c] + luck[0] + 0.01 * random.normal(), {}, text("fold ", fold)});
          }
      }
      contrast_channels(report);
      for (auto& channel : report.channels) EXPECT_TRUE(channel.name == "all" || channel.contrast.coverage > 0.95);
      bool any = false;
      for (size_t c = 1; c < 8; ++c) any = any || report.channels[c].contrast_holm_p < 0.05;
      alarms += null && any;
      found += !null && report.channels[1].contrast_holm_p < 0.05 && report.channels[1].contrast.high < 0;
      if (!null) continue;
      for (auto& channel : report.channels)
        for (auto& change : channel.changes) change.tested_with = change.patient;      // as if each patient had its own training
      contrast_channels(report);
      any = false;
      for (size_t c = 1; c < 8; ++c) any = any || report.channels[c].contrast_holm_p < 0.05;
      alarms_of_patients += any;
    }
  RecordProperty("false_alarms_of_1000", alarms);
  EXPECT_LE(alarms, 50 + 21);                    // 5 % and three standard deviations of a count of 1000
  EXPECT_GE(alarms_of_patients, 150);
  EXPECT_GE(found, 800);
}

TEST(Report, OneTrainingForAllPatientsShowsNothing) {
  Made hand = made(changed(twelve()));
  for (auto& trial : hand.trials) trial.design["test"] = Value(Value::List{"P1", "P2"});
  ReportData report = make_report(hand.record, hand.trials);
  EXPECT_EQ(report.pairs, 12);
  EXPECT_EQ(report.trainings, 1);
  EXPECT_FALSE(report.can_reach_significance);
  for (size_t c = 1; c < report.channels.size(); ++c) EXPECT_EQ(report.channels[c].verdict, Verdict::undecided);
  EXPECT_NE(report_text(report).find("One training per channel set tested all patients"), std::string::npos);
}

TEST(Report, RepeatsOfOneGroupAreTrainings) {
  auto values = changed(twelve());
  for (auto& channel : values)
    for (size_t p = 0; p < 12; ++p) channel[p].push_back(channel[p][0] + (&channel == &values[0] ? 0 : 0.001)), channel[p].push_back(channel[p][0] - 0.001);
  Made hand = made(values);
  for (auto& trial : hand.trials) trial.design["test"] = Value(Value::List{"P1", "P2"});
  ReportData report = make_report(hand.record, hand.trials);
  EXPECT_EQ(report.trainings, 3);
  EXPECT_EQ(report.channels[1].verdict, Verdict::matters);
  EXPECT_NE(report_text(report).find("Patients share trainings (3 per channel set)"), std::string::npos);
}

TEST(ChannelContrasts, OneChannelHasNoOthers) {
  Made hand = made(changed({four[0]}));
  ReportData report = make_report(hand.record, hand.trials);
  EXPECT_TRUE(std::isnan(report.channels[1].contrast_holm_p));
}

TEST(Report, TauIsOneForThePlantedOrderAndMinusOneForItsOpposite) {
  Made hand = made(changed(four));
  for (auto [json, tau] : {std::pair{R"({"ideal_dice_loss":{"A":0.5,"C":0.2,"B":0.1}})", 1.0}, {R"({"importance":{"A":1,"C":2,"B":3}})", -1.0}, {R"({"planted_order":["A","C","B"]})", 1.0}})
    EXPECT_EQ(make_report(hand.record, hand.trials, {.phantom = parse_json(json, "t")}).tau, tau) << json;
}

TEST(Report, TheMarginDecidesNotTheTest) {
  // A loss that the test finds beyond doubt, far below the margin: it does not matter.
  std::vector<std::vector<double>> changes(2);
  for (int p = 0; p < 12; ++p) changes[0].push_back(-0.001 - 0.0001 * p), changes[1].push_back(0.05 + 0.001 * p);
  Made hand = made(changed(changes));
  ReportData report = make_report(hand.record, hand.trials);
  EXPECT_LT(report.channels[1].holm_p, 0.05);
  EXPECT_EQ(report.channels[1].verdict, Verdict::does_not_matter);
  EXPECT_EQ(report.channels[2].verdict, Verdict::harms);
  EXPECT_NE(report.decision.find("Every channel by itself can be dropped"), std::string::npos) << report.decision;
}

TEST(Report, SeedsAreAveragedBeforeTheTestAndToldApartFromPatients) {
  auto values = changed(four);
  for (auto& channel : values)
    for (auto& patient : channel) patient = {patient[0] + 0.03, patient[0] - 0.03};
  for (size_t p = 0; p < 4; ++p) values[1][p] = {values[1][p][0] + 0.02, values[1][p][1] - 0.02};  // the changes themselves vary by seed
  Made hand = made(values);
  ReportData report = make_report(hand.record, hand.trials);
  EXPECT_EQ(report.pairs, 4);
  EXPECT_EQ(report.channels[1].outcomes.size(), 8u);
  EXPECT_NEAR(report.channels[1].change.estimate, -0.275, 1e-14);
  EXPECT_NEAR(report.channels[1].variance.seed, 2 * 0.02 * 0.02, 1e-14);  // sample variance of {+d, -d} is 2 d^2
  EXPECT_GT(report.channels[1].variance.patient, 0);
  EXPECT_EQ(report_text(report).find("One seed per trial"), std::string::npos);
}

TEST(Report, TimeIsNotMeasurableWhenTrialsRanForAFixedTime) {
  Made hand = made(changed(twelve()), R"({"max_steps":0,"max_seconds":20.0})");
  ReportData report = make_report(hand.record, hand.trials);
  EXPECT_TRUE(report.limited_by_time);
  EXPECT_TRUE(std::isnan(report.channels[1].seconds_saved.estimate));
  EXPECT_NE(report.decision.find("no measurable time (every trial trained for the same fixed time; a step took 0.250 s ± 0.000 s with all"), std::string::npos) << report.decision;
}

TEST(Report, MissingTrialsAreSaidAndPairedOut) {
  Made hand = made(changed(twelve()));
  hand.trials[0].state = TrialState::failed, hand.trials[0].metrics = Value();    // "all", P1
  hand.trials[13].state = TrialState::waiting, hand.trials[13].metrics = Value();  // without A, P2
  ReportData report = make_report(hand.record, hand.trials);
  EXPECT_EQ(report.channels[1].changes.size(), 10u);
  EXPECT_EQ(report.channels[2].changes.size(), 11u);
  EXPECT_EQ(report.pairs, 10);
  EXPECT_NE(report_text(report).find("2 of 48 trials have no result"), std::string::npos);
}

TEST(Report, NothingDoneYetIsNoError) {
  Made hand = made(changed(four));
  for (auto& trial : hand.trials) trial.state = TrialState::waiting, trial.metrics = Value(), trial.timing = Value();
  ReportData report = make_report(hand.record, hand.trials);
  EXPECT_TRUE(report.ranking.empty());
  EXPECT_TRUE(report_charts(report).empty());
  EXPECT_EQ(report.decision, "");
  EXPECT_NE(report_html(report).find("0 of 16 trials complete"), std::string::npos);
  to_json(report_value(report));
}

TEST(Report, ASweepMarksItsBestAndSumsUpPerValue) {
  ExperimentSpec spec;
  spec.name = "sweep", spec.strategy.kind = "sweep", spec.strategy.seeds = 2;
  VariableSpec rate, kind;
  rate.key = "optimizer.learning_rate", rate.values = parse_json("[0.1,0.01]", "t");
  kind.key = "model.kind", kind.values = parse_json(R"(["unet","deepmedic"])", "t"), kind.labels = {"U-Net", "DeepMedic"};
  spec.variable = {rate, kind};
  ExperimentRecord record;
  record.name = "sweep", record.spec = spec_to_value(spec);
  std::vector<TrialRecord> trials;
  for (const auto& planned : plan_trials(spec, DatasetFacts{})) {
    TrialRecord trial;
    trial.number = planned.number, trial.settings = planned.settings, trial.design = planned.design, trial.state = TrialState::complete;
    trial.metrics = Value::table(), trial.timing = Value::table();
    trial.metrics["validation_dice"] = 0.1 * double(planned.number);
    trial.timing["seconds_per_step"] = planned.settings.at("model.kind") == Value("unet") ? 0.5 : 0.25, trial.timing["peak_bytes"] = int64_t(1000000) * planned.number;
    trials.push_back(trial);
  }
  ReportData report = make_report(record, trials);
  ASSERT_EQ(report.configurations.size(), 4u);
  EXPECT_TRUE(report.configurations[0].best);
  EXPECT_EQ(report.configurations[0].labels, (std::vector<std::string>{"0.01", "DeepMedic"}));
  EXPECT_NEAR(report.configurations[0].metric.mean, 0.75, 1e-14);
  EXPECT_NEAR(report.configurations[0].metric.deviation, std::sqrt(0.005), 1e-14);
  ASSERT_EQ(report.values.size(), 4u);
  EXPECT_EQ(report.values[2].value, "U-Net");
  EXPECT_EQ(report.values[2].seconds_per_step.mean, 0.5);
  EXPECT_NEAR(report.values[2].metric.mean, (0.1 + 0.2 + 0.5 + 0.6) / 4, 1e-14);
  EXPECT_EQ(report.values[3].peak_bytes.mean, 5500000);             // trials 3, 4, 7, 8
  EXPECT_NE(report_text(report).find("Best: optimizer.learning_rate = 0.01, model.kind = DeepMedic"), std::string::npos) << report_text(report);
}

TEST(Report, CsvHoldsNothingThatDependsOnTime) {
  Made hand = made(changed(four)), slower = hand;
  for (auto& trial : slower.trials) trial.timing["seconds"] = 1234.5, trial.attempts = 7, trial.failures = 3;
  std::string csv = results_csv(make_report(hand.record, hand.trials));
  EXPECT_EQ(csv, results_csv(make_report(slower.record, slower.trials)));
  EXPECT_EQ(csv.substr(0, csv.find('\n')), "trial,state,left_out,test,repeat,seed,dice,dice P1,dice P2,dice P3,dice P4,steps,parameters,fingerprint");
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 17);
  EXPECT_NE(timing_csv(make_report(slower.record, slower.trials)).find("1,7,3,1234.5,0.25,500000000"), std::string::npos);
}

TEST(Report, WritesAllItsFilesAndThePageIsOfOnePiece) {
  char name[] = "/tmp/tomograd_report_XXXXXX";
  std::string folder = ::mkdtemp(name);
  Made hand = made(changed(four));
  hand.record.name = "<b>&";
  std::vector<std::string> files = write_report(system_env(), make_report(hand.record, hand.trials), folder);
  EXPECT_EQ(files.size(), 11u * 2 + 4);        // of the mean over classes 4, of two classes 3 each, of both together 1
  for (const auto& file : files) EXPECT_GT(system_env().file_size(file), 100) << file;
  std::string page = read_text(system_env(), folder + "/report.html");
  EXPECT_NE(page.find("<svg"), std::string::npos);
  EXPECT_NE(page.find("&lt;b&gt;&amp;"), std::string::npos);
  EXPECT_EQ(page.find("<b>&<"), std::string::npos);
  EXPECT_EQ(page.find("src="), std::string::npos);             // nothing is fetched
  EXPECT_EQ(page.find("href=\"http"), std::string::npos);
  Value json = parse_json(read_text(system_env(), folder + "/report.json"), "report.json");
  EXPECT_EQ(json.at("format").as_text(), "tomograd.report/1");
  EXPECT_EQ(json.at("ranking").as_list()[0].as_text(), "A");
  EXPECT_TRUE(json.at("channels").as_list()[1].at("planted_importance").is_nothing());
  std::filesystem::remove_all(folder);
}

TEST(Numbers, AreWrittenForPeople) {
  EXPECT_EQ(signed_text(-0.0301), "−0.030");
  EXPECT_EQ(signed_text(0.0001), "0.000");
  EXPECT_EQ(signed_text(-0.0001), "0.000");
  EXPECT_EQ(signed_text(0.5), "+0.500");
  EXPECT_EQ(fixed_text(std::nan("")), "–");
  EXPECT_EQ(p_text(0.0004), "< 0.001");
  EXPECT_EQ(p_text(0.041259765625), "0.041");
  EXPECT_EQ(spent_text(900), "0.25 h");
  EXPECT_EQ(spent_text(35.4), "35 s");
  EXPECT_EQ(megabytes_text(4800000), "4.80 MB");
  EXPECT_EQ(names_text({"a", "b", "c"}), "a, b and c");
  EXPECT_EQ(text_table({"a", "n"}, {{"−x", "10"}, {"long", "2"}}), "a      n\n−x    10\nlong   2\n");
}

}  // namespace
}  // namespace tomograd
