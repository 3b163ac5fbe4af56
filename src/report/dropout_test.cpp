// Trainings with channel dropout, alone and beside leave-one-out, from tables made by hand.
#include <gtest/gtest.h>

#include <cmath>

#include "report/hand_made.h"
#include "report/outcomes.h"
#include "report/report_charts.h"
#include "report/report_pages.h"
#include "report/report_text.h"

namespace tomograd {
namespace {

constexpr double close = 1e-12;                  // sums of a few numbers below 1

// [channel set][patient]: `all`, less losses that differ a little from patient to patient.
std::vector<std::vector<double>> table(double all, const std::vector<double>& losses, int patients) {
  std::vector<std::vector<double>> values(1 + losses.size());
  for (int p = 0; p < patients; ++p) {
    values[0].push_back(all + 0.01 * p);
    for (size_t c = 0; c < losses.size(); ++c) values[c + 1].push_back(values[0].back() - losses[c] * (1 + 0.02 * p));
  }
  return values;
}

Made made_of(const std::vector<std::vector<double>>& values) {
  std::vector<std::vector<std::vector<double>>> with_seeds;
  for (const auto& set : values) {
    with_seeds.emplace_back();
    for (double v : set) with_seeds.back().push_back({v});
  }
  return made(with_seeds);
}

std::vector<std::string> names_of(const std::vector<ChannelReport>& channels, const std::vector<size_t>& ranking) {
  std::vector<std::string> names;
  for (size_t index : ranking) names.push_back(channels[index].name);
  return names;
}

TEST(ChannelDropout, AloneItRanksAsTheSameNumbersOfLeaveOneOutDo) {
  auto values = table(0.6, {0.05, 0.3, 0.001}, 12);
  Made loo = made_of(values), alone = with_dropout(made_of(values), made_of(values), true);
  ASSERT_EQ(alone.trials.size(), 12u);
  ReportData by_training = make_report(loo.record, loo.trials), by_dropout = make_report(alone.record, alone.trials);
  ASSERT_EQ(by_dropout.channels.size(), 4u);
  EXPECT_EQ(names_of(by_dropout.channels, by_dropout.ranking), (std::vector<std::string>{"B", "A", "C"}));
  for (size_t c = 0; c < 4; ++c) {
    const ChannelReport &a = by_training.channels[c], &b = by_dropout.channels[c];
    EXPECT_EQ(a.name, b.name);
    EXPECT_EQ(a.mean, b.mean);
    EXPECT_EQ(a.outcomes.size(), b.outcomes.size());
    EXPECT_EQ(a.verdict, b.verdict);
    if (c == 0) continue;
    EXPECT_EQ(a.change.estimate, b.change.estimate);
    EXPECT_EQ(a.holm_p, b.holm_p);
    EXPECT_EQ(b.bytes_saved, 3000000);
    EXPECT_TRUE(std::isnan(b.seconds_saved.estimate)) << "nothing was trained without the channel";
  }
  EXPECT_EQ(by_dropout.trials.size(), 12u) << "the trials stay what they are";
  EXPECT_EQ(by_dropout.counts.total(), 12);
  EXPECT_FALSE(by_dropout.dropout);
  EXPECT_EQ(by_dropout.classes.size(), 2u);
  std::string said = report_text(by_dropout);
  EXPECT_NE(said.find("a change is the loss of a channel that is missing at prediction, not of a training without it"), std::string::npos) << said;
  EXPECT_NE(said.find("Dropping C saves 3.00 MB per scan and a time that was not measured"), std::string::npos) << said;
  EXPECT_NE(trial_table(by_dropout).find("each in turn"), std::string::npos);
}

// Patients of one fold share the network: its luck is counted once.
TEST(ChannelDropout, PatientsThatShareANetworkAreNotAsManyTrainings) {
  auto values = table(0.6, {0.05, 0.3, 0.1}, 12);
  Made folds = with_dropout(made_of(values), made_of(values), true);
  for (size_t p = 0; p < 12; ++p) folds.trials[p].design["test"] = p < 6 ? "first" : "second";
  ReportData report = make_report(folds.record, folds.trials);
  EXPECT_EQ(report.pairs, 12);
  EXPECT_EQ(report.trainings, 2);
  EXPECT_NE(report_text(report).find("Patients share trainings (2 for all channel sets)"), std::string::npos) << report_text(report);
}

TEST(ChannelDropout, BesideLeaveOneOutItIsNeverMixedIn) {
  auto retrained = table(0.6, {0.05, 0.3, 0.1}, 6), dropped = table(0.5, {0.12, 0.2, 0.04}, 6);   // A and C change places
  Made without = made_of(retrained), both = with_dropout(without, made_of(dropped), false);
  ASSERT_EQ(both.trials.size(), 4u * 6 + 6);
  ReportData alone = make_report(without.record, without.trials), report = make_report(both.record, both.trials);
  for (size_t c = 0; c < 4; ++c) {
    EXPECT_EQ(report.channels[c].mean, alone.channels[c].mean);
    EXPECT_EQ(report.channels[c].trials, 6);
    if (c == 0) continue;
    EXPECT_EQ(report.channels[c].change.estimate, alone.channels[c].change.estimate);
    EXPECT_EQ(report.channels[c].seconds_saved.estimate, alone.channels[c].seconds_saved.estimate);
  }
  EXPECT_EQ(report.classes.size(), alone.classes.size());
  EXPECT_EQ(report.classes[0].channels[0].outcomes.size(), 6u);
  EXPECT_EQ(report.trials.size(), 30u);
  EXPECT_EQ(report.counts.complete, 30);
  EXPECT_EQ(report.decision, alone.decision);

  ASSERT_TRUE(report.dropout);
  const DropoutReport& dropout = *report.dropout;
  EXPECT_NEAR(dropout.channels[0].mean, 0.525, close);           // 0.5 + 0.01 * 2.5
  EXPECT_EQ(names_of(dropout.channels, dropout.ranking), (std::vector<std::string>{"B", "A", "C"}));
  EXPECT_EQ(dropout.compared, (std::vector<std::string>{"B", "C", "A"}));
  // Changes are -(0.3, 0.1, 0.05) and -(0.2, 0.04, 0.12), all times one factor: the Hodges-Lehmann estimate of 1 + 0.02 p.
  const double factor = 1.05;                    // symmetric about p = 2.5
  EXPECT_NEAR(dropout.channels[1].change.estimate, -0.12 * factor, close);
  EXPECT_NEAR(dropout.agreement.tau, 1.0 / 3, close);
  EXPECT_NEAR(dropout.agreement.spearman, 0.5, close);
  EXPECT_NEAR(dropout.agreement.distance, (0.1 + 0.06 + 0.07) / 3 * factor, close);
  EXPECT_NEAR(dropout.agreement.excess, (0.1 + 0.06 - 0.07) / 3 * factor, close);
  EXPECT_NEAR(dropout.agreement.chance, 0.5, close);
  EXPECT_EQ(dropout.planned, 6);
  EXPECT_EQ(dropout.planned_retrained, 24);
  EXPECT_NEAR(dropout.seconds, 7200, close);
  EXPECT_NEAR(dropout.seconds_retrained, 6 * 1000 + 18 * 700 + 4 * 15, 1e-9);

  std::string said = report_text(report);
  EXPECT_NE(said.find("One training with channel dropout ranks the 3 channels not quite as the 4 trainings of leave-one-out do: Kendall's tau-b +0.33"), std::string::npos) << said;
  EXPECT_NE(said.find("at 6/24 of the trainings and 0.39 of their time"), std::string::npos) << said;   // 7200 of 18660
  EXPECT_NE(said.find("those trained without it 0.625"), std::string::npos) << said;
  EXPECT_NE(said.find("50 % agree with that of leave-one-out as well"), std::string::npos) << said;
  EXPECT_EQ(said.find("a time that was not measured"), std::string::npos) << said;
  Value json = report_value(report);
  EXPECT_NEAR(json.at("channel_dropout").at("agreement").at("kendall_tau").as_number(), 1.0 / 3, close);
  EXPECT_EQ(json.at("channel_dropout").at("ranking").as_list().size(), 3u);
  EXPECT_FALSE(report_value(alone).find("channel_dropout"));
  EXPECT_NE(report_html(report).find("By channel dropout"), std::string::npos);
}

TEST(ChannelDropout, TheSameOrderIsSaid) {
  Made both = with_dropout(made_of(table(0.6, {0.05, 0.3, 0.1}, 6)), made_of(table(0.6, {0.04, 0.2, 0.09}, 6)), false);
  ReportData report = make_report(both.record, both.trials);
  EXPECT_EQ(report.dropout->agreement.tau, 1);
  EXPECT_NE(report_text(report).find("One training with channel dropout ranks the 3 channels as the 4 trainings of leave-one-out do"), std::string::npos) << report_text(report);
}

TEST(ChannelDropout, UnfinishedTrialsCompareWhatIsThere) {
  Made both = with_dropout(made_of(table(0.6, {0.05, 0.3, 0.1}, 6)), made_of(table(0.6, {0.04, 0.2, 0.09}, 6)), false);
  for (auto& trial : both.trials)
    if (is_dropout(trial)) trial.state = TrialState::waiting, trial.metrics = Value(), trial.timing = Value();
  ReportData report = make_report(both.record, both.trials);
  EXPECT_TRUE(report.dropout->compared.empty());
  EXPECT_EQ(report.pairs, 6);
  EXPECT_NE(report_text(report).find("cannot be compared with leave-one-out yet"), std::string::npos) << report_text(report);
  EXPECT_FALSE(report_html(report).empty());
  EXPECT_FALSE(results_csv(report).empty());
}

TEST(ChannelDropout, ATableHasOneLinePerChannelSet) {
  auto values = table(0.6, {0.05, 0.3, 0.1}, 2);
  Made alone = with_dropout(made_of(values), made_of(values), true);
  std::string csv = results_csv(make_report(alone.record, alone.trials));
  EXPECT_EQ(csv.substr(0, csv.find('\n')), "trial,state,left_out,channel_dropout,test,repeat,seed,dice,dice P1,dice P2,steps,parameters,fingerprint");
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 1 + 2 * 4);
  EXPECT_NE(csv.find("\n1,complete,B,true,P1,0,1,0.3"), std::string::npos) << csv;
  Made plain = made_of(values);
  EXPECT_EQ(results_csv(make_report(plain.record, plain.trials)).find("channel_dropout"), std::string::npos);
}

TEST(ChannelDropout, TheChartNamesItsDots) {
  Made both = with_dropout(made_of(table(0.6, {0.05, 0.3, 0.1}, 6)), made_of(table(0.6, {0.04, 0.2, 0.09}, 6)), false);
  const ReportData report = make_report(both.record, both.trials);
  int charts = 0;
  for (const auto& chart : report_charts(report)) {
    if (chart.file != "dropout_agreement") continue;
    ++charts;
    for (const char* name : {">A</text>", ">B</text>", ">C</text>"}) EXPECT_NE(chart.svg.find(name), std::string::npos) << name;
    EXPECT_FALSE(chart.png.empty());
  }
  EXPECT_EQ(charts, 1);
}

}  // namespace
}  // namespace tomograd
