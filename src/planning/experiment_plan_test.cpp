#include "planning/experiment_plan.h"

#include <gtest/gtest.h>

#include "planning/planning_test_files.h"

namespace tomograd {
namespace {

const InstancePlan& on(const ExperimentPlan& plan, const std::string& type) {
  for (const auto& one : plan.instances)
    if (one.instance.type == type) return one;
  throw std::runtime_error(type);
}

TEST(ExperimentPlan, TheHeadAndNeckStudy) {
  ExperimentPlan plan = make_plan(delivered_catalogue(), head_neck_question());
  const InstancePlan& four = on(plan, "g4dn.4xlarge");
  EXPECT_EQ(four.count, 6);
  EXPECT_DOUBLE_EQ(four.wall_hours.mid / 24, 8.0);
  EXPECT_DOUBLE_EQ(four.instance_hours.mid, 1152);
  EXPECT_NEAR(four.cost.mid, 1387.008, 1e-9);
  EXPECT_TRUE(four.cost.exact());
  const InstancePlan& twelve = on(plan, "g4dn.12xlarge");  // four trials at a time each
  EXPECT_DOUBLE_EQ(twelve.wall_hours.mid, 48);
  EXPECT_NEAR(twelve.cost.mid, 288 * 3.912, 1e-9);
  InstanceCatalogue quoted = delivered_catalogue();
  quoted.instance[0].on_demand_per_hour = 0.56;
  EXPECT_NEAR(on(make_plan(quoted, head_neck_question()), "g4dn.xlarge").cost.mid, 645.12, 1e-9);
}

TEST(ExperimentPlan, EachRankTakesADevice) {
  PlanQuestion question = head_neck_question();
  question.network.run.ranks = 2;
  ExperimentPlan plan = make_plan(delivered_catalogue(), question);
  const InstancePlan& two = on(plan, "g4dn.12xlarge");  // four devices: two trials at a time
  EXPECT_EQ(two.at_once(), 2);
  EXPECT_DOUBLE_EQ(two.wall_hours.mid, 96);      // 288 trials on 6 x 2 places, 4 h each as stated
  EXPECT_DOUBLE_EQ(two.instance_hours.mid, 576);
  EXPECT_NE(two.commands.back().find("--workers 12 --gpus 2"), std::string::npos) << two.commands.back();
  const InstancePlan& one = on(plan, "g4dn.xlarge");
  EXPECT_FALSE(one.memory.fits());
  EXPECT_NE(one.memory.change.find("a type with 2 devices"), std::string::npos);
  question.network.run.ranks = 3;                // one of the four stays idle
  EXPECT_EQ(on(make_plan(delivered_catalogue(), question), "g4dn.12xlarge").at_once(), 1);
  // Measured was one process: two share its work, and do not quite halve its time.
  question.network.run.ranks = 1, question.time.basis = TimeBasis::measured;
  question.time.step = {1e12, 1e9}, question.time.step_seconds = 1, question.time.here = {2e12, 1e11};
  Interval alone = on(make_plan(delivered_catalogue(), question), "g4dn.12xlarge").trial_hours;
  question.network.run.ranks = 2;
  Interval shared = on(make_plan(delivered_catalogue(), question), "g4dn.12xlarge").trial_hours;
  EXPECT_DOUBLE_EQ(shared.low, alone.low / 2);
  EXPECT_GT(shared.mid, alone.mid / 2);
  EXPECT_LT(shared.mid, alone.mid);
}

TEST(ExperimentPlan, TotalsHoldTheirParts) {
  ExperimentPlan plan = make_plan(delivered_catalogue(), head_neck_question());
  const InstancePlan& one = on(plan, "g4dn.xlarge");
  EXPECT_NEAR(one.head_node_cost.mid, 192 * 0.0416, 1e-9);
  EXPECT_NEAR(one.total.mid, one.cost.mid + one.head_node_cost.mid + one.storage_cost.mid + one.transfer_cost, 1e-9);
  EXPECT_NEAR(one.upload_seconds, 36 * 33.6e6 * 8 / 100e6, 1e-9);  // 100 Mbit/s
  ASSERT_TRUE(one.spot);
  EXPECT_NEAR(one.spot->cost.low, 1152 * 0.2 * (1 + 0.0005 * 0.2), 1e-9);  // a checkpoint every 0.1 h, 0.15 h to come back
  EXPECT_GT(one.spot->wall_hours.high, one.wall_hours.high);
  EXPECT_FALSE(on(plan, "p5.4xlarge").spot);
  EXPECT_EQ(on(plan, "lab").total, on(plan, "lab").cost);
}

TEST(ExperimentPlan, CheapestUnderADeadline) {
  PlanQuestion question = head_neck_question();
  question.deadline_hours = 48;
  ExperimentPlan plan = make_plan(delivered_catalogue(), question);
  EXPECT_EQ(on(plan, "g4dn.xlarge").count, 24);
  EXPECT_EQ(on(plan, "p4d.24xlarge").count, 3);
  EXPECT_EQ(*on(plan, "lab").meets_deadline, false);  // there is one
  ASSERT_TRUE(plan.cheapest);
  const InstancePlan& best = plan.instances[plan.cheapest->index];
  double paid = plan.cheapest->spot ? best.spot->total.mid : best.total.mid;
  for (const auto& one : plan.instances)
    if (*one.meets_deadline && !one.instance.example) {
      EXPECT_LE(paid, one.total.mid) << one.instance.type;
    }
  // Spot instances are more, so that they are in time after interruptions too: a trial takes up to 4 h x (1 + 0.1 x 0.25).
  EXPECT_EQ(on(plan, "g4dn.xlarge").spot->count, 27);
  EXPECT_LE(on(plan, "g4dn.xlarge").spot->wall_hours.high, 48);
  EXPECT_TRUE(plan.cheapest->spot);
  EXPECT_LE(plan.cheapest->spot ? best.spot->wall_hours.high : best.wall_hours.high, 48);
}

TEST(ExperimentPlan, ADeadlineThatNothingMeetsIsAnsweredWithTheSoonest) {
  PlanQuestion question = head_neck_question();
  question.deadline_hours = 2;
  EXPECT_NE(error_text([&] { make_plan(delivered_catalogue(), question); }).find("no type meets the deadline of 2.0 h: the soonest that any is sure to end is after 4.0 h"), std::string::npos);
  question.deadline_hours = 100, question.count = 6, question.types = {"g4dn.xlarge"};
  EXPECT_NE(error_text([&] { make_plan(delivered_catalogue(), question); }).find("after 192.0 h"), std::string::npos);
}

TEST(ExperimentPlan, FastestUnderABudget) {
  PlanQuestion question = head_neck_question();
  question.budget = 700;
  ExperimentPlan plan = make_plan(delivered_catalogue(), question);
  ASSERT_TRUE(plan.fastest);
  const InstancePlan& best = plan.instances[plan.fastest->index];
  EXPECT_LE(plan.fastest->spot ? best.spot->total.high : best.total.high, 700);
  double hours = plan.fastest->spot ? best.spot->wall_hours.mid : best.wall_hours.mid;
  for (const auto& one : plan.instances)
    if (one.memory.fits() && !one.instance.example && one.total.high <= 700) {
      EXPECT_LE(hours, one.wall_hours.mid) << one.instance.type;
    }
}

TEST(ExperimentPlan, ABudgetThatIsTooSmallPaysForSomeTrials) {
  PlanQuestion question = head_neck_question();
  question.budget = 200, question.types = {"g4dn.xlarge", "g4dn.4xlarge"};
  ExperimentPlan plan = make_plan(delivered_catalogue(), question);
  EXPECT_FALSE(plan.fastest);
  const InstancePlan& one = on(plan, "g4dn.xlarge");
  EXPECT_EQ(*one.within_budget, false);
  EXPECT_EQ(one.affordable_trials, int64_t(200 / one.spot->total.high * 288));
  EXPECT_TRUE(plan.cheapest);
}

TEST(ExperimentPlan, WhatDoesNotFitIsNeverChosen) {
  PlanQuestion question = head_neck_question();
  question.network.run.sampling.batch = 24;
  ExperimentPlan plan = make_plan(delivered_catalogue(), question);
  ASSERT_TRUE(plan.cheapest);
  EXPECT_TRUE(plan.instances[plan.cheapest->index].memory.fits());
  EXPECT_FALSE(on(plan, "g4dn.xlarge").memory.fits());
  bool fitting = true;                           // those that do not fit come last
  for (const auto& one : plan.instances) EXPECT_TRUE(fitting || !one.memory.fits()), fitting = one.memory.fits();
}

TEST(ExperimentPlan, AnExampleIsChosenOnlyWhenAskedFor) {
  PlanQuestion question = head_neck_question();
  ExperimentPlan plan = make_plan(delivered_catalogue(), question);
  EXPECT_EQ(plan.instances[plan.cheapest->index].instance.type, "g4dn.xlarge");
  EXPECT_EQ(plan.instances[0].instance.type, "lab");
  question.types = {"g4dn.xlarge", "lab"};
  plan = make_plan(delivered_catalogue(), question);
  EXPECT_EQ(plan.instances[plan.cheapest->index].instance.type, "lab");
}

TEST(ExperimentPlan, CommandsAreWhatAShellTakes) {
  PlanQuestion question = head_neck_question();
  question.experiment = "my study's.toml", question.settings = {"data=d.json", "run.sampling.patch=[9, 165, 165]"}, question.types = {"lab"};
  EXPECT_EQ(make_plan(delivered_catalogue(), question).instances[0].commands.at(0), "tomograd experiment run 'my study'\\''s.toml' --set data=d.json --set 'run.sampling.patch=[9, 165, 165]' --workers 1");
}

TEST(ExperimentPlan, TheMarketLimitsTheChoice) {
  PlanQuestion question = head_neck_question();
  question.market = Market::on_demand;
  EXPECT_FALSE(make_plan(delivered_catalogue(), question).cheapest->spot);
  question.market = Market::spot, question.types = {"p5.4xlarge"};  // no spot price is known
  EXPECT_FALSE(make_plan(delivered_catalogue(), question).cheapest);
}

TEST(ExperimentPlan, RefusesWhatMakesNoSense) {
  auto refused = [](auto change) {
    PlanQuestion question = head_neck_question();
    change(question);
    return error_text([&] { make_plan(delivered_catalogue(), question); });
  };
  EXPECT_NE(refused([](auto& q) { q.budget = -200; }).find("-200"), std::string::npos);
  EXPECT_NE(refused([](auto& q) { q.deadline_hours = 0; }), "");
  EXPECT_NE(refused([](auto& q) { q.count = 0; }), "");
  EXPECT_NE(refused([](auto& q) { q.trials = 0; }), "");
  EXPECT_NE(refused([](auto& q) { q.time.hours = exactly(0); }), "");
  EXPECT_NE(refused([](auto& q) { q.types = {"g4dn.huge"}; }).find("g4dn.huge"), std::string::npos);
}

TEST(ExperimentPlan, LargeDataGetAParallelFileSystem) {
  PlanQuestion question = head_neck_question();
  EXPECT_EQ(storage_need(question, 1000).lustre_gigabytes, 0);
  question.dataset_bytes = 100e9;
  EXPECT_EQ(storage_need(question, 1000).lustre_gigabytes, 1200);
  question.dataset_bytes = 1200e9;
  EXPECT_EQ(storage_need(question, 1000).lustre_gigabytes, 1200);
  question.dataset_bytes = 2401e9;
  EXPECT_EQ(storage_need(question, 1000).lustre_gigabytes, 4800);
}

TEST(ExperimentPlan, TextAndJsonSayTheSame) {
  PlanQuestion question = head_neck_question();
  question.types = {"g4dn.xlarge"};
  ExperimentPlan plan = make_plan(delivered_catalogue(), question);
  EXPECT_EQ(plan_lines(plan)[0].rfind("288 trials x 4 h = 1152 h; 6 x g4dn.xlarge: 8.0 days, 606 $ on demand, 23", 0), 0u) << plan_lines(plan)[0];
  Value value = plan_value(plan);
  EXPECT_EQ(value.at("trials").as_integer(), 288);
  EXPECT_EQ(value.at("hours").as_number(), 1152);
  EXPECT_FALSE(value.at("estimate").as_bool());
  const Value& one = value.at("instances").as_list()[0];
  EXPECT_EQ(one.at("days").as_number(), 8);
  EXPECT_EQ(one.at("count").as_integer(), 6);
  EXPECT_NEAR(one.at("cost").as_number(), 605.952, 1e-9);
}

TEST(ExperimentPlan, SmallNumbersDoNotBecomeZero) {
  EXPECT_EQ(interval_text({0.001, 0.00135, 0.25}, 2), "0.0014 (0.001-0.25)");
  EXPECT_EQ(interval_text(exactly(8), 1), "8.0");
  EXPECT_EQ(interval_text(exactly(0.04), 1), "0.04");
  EXPECT_EQ(interval_text(exactly(0), 2), "0");
}

TEST(ExperimentPlan, EstimatesCarryTheirInterval) {
  PlanQuestion question = head_neck_question();
  question.types = {"g4dn.xlarge"};
  question.time.basis = TimeBasis::limited;
  question.time.hours = {3.5, 4, 6};
  ExperimentPlan plan = make_plan(delivered_catalogue(), question);
  EXPECT_NE(plan_lines(plan)[0].find("288 trials x 4 (3.5-6) h"), std::string::npos) << plan_lines(plan)[0];
  EXPECT_NE(plan_lines(plan)[0].find("8.0 (7-12) days, 606 (530-909) $ on demand"), std::string::npos) << plan_lines(plan)[0];
  EXPECT_TRUE(plan_value(plan).at("estimate").as_bool());
}

}  // namespace
}  // namespace tomograd
