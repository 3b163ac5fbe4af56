#include "search/rung_plan.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "base/error.h"
#include "spec/text_formats.h"

namespace tomograd {
namespace {

ExperimentSpec halving(const std::string& strategy, const std::string& rest = "") {
  return spec_from<ExperimentSpec>(parse_toml("[run]\nmax_steps = 270\n[strategy]\n" + strategy + "\n" + rest, "test"));
}

const std::string rates = "[[variable]]\nkey = \"optimizer.learning_rate\"\nvalues = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]\n";

// What observations_of() would say of trials whose value is `value` of their settings.
std::vector<Observation> told_of(const std::vector<PlannedTrial>& trials, int64_t each, const std::function<double(const PlannedTrial&)>& value) {
  std::vector<Observation> told;
  for (size_t i = 0; i < trials.size(); i += size_t(each)) {
    double v = value(trials[i]);
    told.push_back({int64_t(told.size()) + 1, trials[i].settings, std::isnan(v) ? ObservationState::failed : std::isinf(v) ? ObservationState::pending : ObservationState::complete, v});
  }
  return told;
}

double rate(const PlannedTrial& trial) { return trial.settings.at("optimizer.learning_rate").as_number(); }

TEST(RungPlan, TheBestGoOnFromWhereTheyStopped) {
  ExperimentSpec spec = halving("kind = \"sweep\"\nhalving = 3\nseeds = 2", rates);
  std::vector<Rung> rungs = rungs_of(spec);
  ASSERT_EQ(rungs.size(), 3u);
  EXPECT_EQ(rungs[0].budget, 30);
  EXPECT_EQ(rungs[1].budget, 90);
  EXPECT_EQ(rungs[2].budget, 270);
  EXPECT_EQ(trial_count(spec, {}), (9 + 3 + 1) * 2);
  std::vector<PlannedTrial> all = plan_trials(spec, {});
  ASSERT_EQ(all.size(), 18u);
  for (const auto& trial : all) {
    EXPECT_EQ(trial.settings.at("pause_steps").as_integer(), 30);
    EXPECT_EQ(trial.design.find("begun_as"), nullptr);
  }
  auto promise = [](const PlannedTrial& trial) { return -std::abs(rate(trial) - 0.42); };  // 0.4, then 0.5, then 0.3
  std::vector<PlannedTrial> second = next_trials(spec, {}, told_of(all, 2, promise));
  ASSERT_EQ(second.size(), 6u);
  EXPECT_EQ(rate(second[0]), 0.4);
  EXPECT_EQ(rate(second[2]), 0.5);
  EXPECT_EQ(rate(second[4]), 0.3);
  EXPECT_EQ(second[0].number, 19);
  EXPECT_EQ(second[5].number, 24);
  EXPECT_EQ(second[3].design.at("begun_as").as_integer(), 10);         // configuration 5, second seed
  EXPECT_EQ(second[3].settings.at("seed"), all[9].settings.at("seed"));
  EXPECT_EQ(second[3].settings.at("pause_steps").as_integer(), 90);
  EXPECT_EQ(second[3].design.at("rung").as_integer(), 2);
  all.insert(all.end(), second.begin(), second.end());
  EXPECT_TRUE(next_trials(spec, {}, told_of(all, 2, [&](const PlannedTrial& trial) { return trial.number == 19 ? INFINITY : promise(trial); })).empty());
  // More training may turn the order round.
  std::vector<PlannedTrial> last = next_trials(spec, {}, told_of(all, 2, [&](const PlannedTrial& trial) { return trial.number > 18 ? -rate(trial) : promise(trial); }));
  ASSERT_EQ(last.size(), 2u);
  EXPECT_EQ(rate(last[0]), 0.3);
  EXPECT_EQ(last[0].settings.at("pause_steps").as_integer(), 0);       // to the end
  EXPECT_EQ(last[1].design.at("begun_as").as_integer(), 6);
  EXPECT_EQ(last[1].number, 26);
  all.insert(all.end(), last.begin(), last.end());
  EXPECT_TRUE(next_trials(spec, {}, told_of(all, 2, promise)).empty());
}

TEST(RungPlan, FailedConfigurationsDoNotGoOn) {
  ExperimentSpec spec = halving("kind = \"random\"\ntrials = 9\nhalving = 3", "[[variable]]\nkey = \"optimizer.learning_rate\"\nrange = [0.01, 1]\n");
  std::vector<PlannedTrial> all = plan_trials(spec, {});
  ASSERT_EQ(all.size(), 9u);
  std::vector<PlannedTrial> second = next_trials(spec, {}, told_of(all, 1, [](const PlannedTrial& trial) { return trial.number == 4 || trial.number == 7 ? 1 : NAN; }));
  ASSERT_EQ(second.size(), 2u);                  // three were to go on, two are left
  EXPECT_EQ(second[0].number, 10);
  EXPECT_EQ(second[0].design.at("begun_as").as_integer(), 4);
  all.insert(all.end(), second.begin(), second.end());
  std::vector<PlannedTrial> last = next_trials(spec, {}, told_of(all, 1, [](const PlannedTrial& trial) { return trial.number == 4 || trial.number == 7 || trial.number == 11 ? 1 : NAN; }));
  ASSERT_EQ(last.size(), 1u);
  EXPECT_EQ(last[0].number, 12);
  EXPECT_EQ(last[0].design.at("begun_as").as_integer(), 7);
  EXPECT_TRUE(next_trials(spec, {}, told_of(all, 1, [](const PlannedTrial&) { return NAN; })).empty());
}

TEST(RungPlan, RefusesWhatItCannotHalve) {
  auto refused = [](const ExperimentSpec& spec) {
    try {
      plan_trials(spec, {});
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_NE(refused(halving("kind = \"bayesian\"\nhalving = 3", rates)).find("bayesian"), std::string::npos);
  EXPECT_NE(refused(halving("kind = \"sweep\"\nhalving = 1", rates)).find("halving is 1"), std::string::npos);
  EXPECT_NE(refused(halving("kind = \"sweep\"\nhalving = 3\nleast_steps = 271", rates)).find("271"), std::string::npos);
  EXPECT_NE(refused(halving("kind = \"sweep\"\nhalving = 3", "[[variable]]\nkey = \"max_steps\"\nvalues = [1, 2]\n")).find("max_steps"), std::string::npos);
  ExperimentSpec timed = halving("kind = \"sweep\"\nhalving = 3", rates);
  timed.run["max_seconds"] = 5.0;
  EXPECT_NE(refused(timed).find("max_seconds"), std::string::npos);
}

// A nested search has all channel sets and patients for each proposal; the last changes fastest.
TEST(TrialDesign, ANestedProposalIsAWholeLeaveOneOut) {
  ExperimentSpec spec = halving("kind = \"random\"\ntrials = 5\nnested = true", "[[variable]]\nkey = \"optimizer.learning_rate\"\nrange = [0.01, 1]\n");
  DatasetFacts facts;
  facts.channels = {"A", "B"}, facts.patients = {"P1", "P2", "P3", "P4"};
  EXPECT_EQ(trials_per_proposal(spec, facts), 12);
  std::vector<PlannedTrial> trials = plan_trials(spec, facts);
  ASSERT_EQ(trials.size(), 60u);
  EXPECT_EQ(trials[12 + 4].design.at("left_out").as_text(), "A");
  EXPECT_EQ(trials[12 + 4].design.at("test_name").as_text(), "P1");
  EXPECT_EQ(trials[12 + 4].design.at("proposal").as_integer(), 2);
  EXPECT_EQ(rate(trials[12]), rate(trials[23]));
  EXPECT_NE(rate(trials[11]), rate(trials[12]));
  spec.strategy.leave_channels = false;
  EXPECT_EQ(trials_per_proposal(spec, facts), 4);
}

}  // namespace
}  // namespace tomograd
