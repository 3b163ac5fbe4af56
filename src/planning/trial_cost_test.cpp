#include "planning/trial_cost.h"

#include <gtest/gtest.h>

#include <cmath>

#include "planning/planning_test_files.h"

namespace tomograd {
namespace {

TEST(TrialCost, TheStudysEightDays) {
  Schedule six = schedule_of(288, 6, 1, 4);
  EXPECT_EQ(six.waves, 48);
  EXPECT_DOUBLE_EQ(six.instance_hours, 1152);
  EXPECT_DOUBLE_EQ(six.wall_hours / 24, 8.0);
  // Its text quotes 0.56 an hour and 1400 in all, which do not belong together: 645 is the one, 1.204 an hour near the other.
  EXPECT_NEAR(six.instance_hours * 0.56, 645.12, 1e-9);
  EXPECT_NEAR(six.instance_hours * 1.204, 1387.008, 1e-9);
}

TEST(TrialCost, TrialsAreWholeAndIdleInstancesAreNotPaid) {
  Schedule uneven = schedule_of(289, 6, 1, 4);   // 48 full waves and one trial
  EXPECT_EQ(uneven.waves, 49);
  EXPECT_DOUBLE_EQ(uneven.wall_hours, 196);
  EXPECT_DOUBLE_EQ(uneven.instance_hours, (48 * 6 + 1) * 4.0);
  Schedule four = schedule_of(10, 2, 4, 3);      // 8 at once, then 2 on one instance of 4 devices
  EXPECT_EQ(four.waves, 2);
  EXPECT_DOUBLE_EQ(four.instance_hours, (2 + 1) * 3.0);
  Schedule few = schedule_of(3, 6, 1, 4);
  EXPECT_DOUBLE_EQ(few.instance_hours, 12);
  EXPECT_NE(error_text([] { schedule_of(0, 6, 1, 4); }), "");
}

TEST(TrialCost, CountForADeadlineIsTheLeast) {
  for (double deadline : {4.0, 7.9, 8.0, 48.0, 191.9, 192.0, 1152.0}) {
    auto count = count_for_deadline(288, 1, 4, deadline);
    ASSERT_TRUE(count) << deadline;
    EXPECT_LE(schedule_of(288, *count, 1, 4).wall_hours, deadline);
    if (*count > 1) {
      EXPECT_GT(schedule_of(288, *count - 1, 1, 4).wall_hours, deadline) << deadline;
    }
  }
  EXPECT_EQ(count_for_deadline(288, 1, 4, 48), 24);
  EXPECT_EQ(count_for_deadline(288, 8, 4, 48), 3);
  EXPECT_EQ(count_for_deadline(288, 1, 4, 3.9), std::nullopt);
  EXPECT_EQ(count_for_deadline(30, 1, 0.1, 0.3), 10);  // 0.3 / 0.1 is below 3 in doubles
}

TEST(TrialCost, WhatADeviceLacksItComputesInF32) {
  DeviceSpec t4;
  t4.f32_teraflops = 8, t4.f16_teraflops = 65, t4.memory_gigabytes_per_second = 320;
  EXPECT_DOUBLE_EQ(rates_of(t4, "bf16").flop_per_second, 8e12);
  EXPECT_DOUBLE_EQ(rates_of(t4, "auto").flop_per_second, 8e12);
  EXPECT_DOUBLE_EQ(rates_of(t4, "f16").flop_per_second, 65e12);
  EXPECT_DOUBLE_EQ(rates_of(t4, "f32").bytes_per_second, 320e9);
}

TEST(TrialCost, TheSlowerOfArithmeticAndMemoryBounds) {
  EXPECT_DOUBLE_EQ(bound_seconds({8e12, 80e9}, {4e12, 80e9}), 2);
  EXPECT_DOUBLE_EQ(bound_seconds({8e12, 80e9}, {80e12, 20e9}), 4);
}

TrialTime measured() {
  TrialTime time;
  time.basis = TimeBasis::measured;
  time.hours = exactly(10);
  time.step = {1e12, 10e9};                      // bound here: max(1/1, 10/50) = 1 s, reached to a half
  time.step_seconds = 2;
  time.here = {1e12, 50e9};
  time.here_device = "desk";
  return time;
}

DeviceSpec device(const std::string& name, double teraflops, double gigabytes) {
  DeviceSpec made;
  made.name = name, made.f32_teraflops = teraflops, made.memory_gigabytes_per_second = gigabytes;
  return made;
}

TEST(TrialCost, MeasuredHoursScaleWithTheBound) {
  Interval fast = hours_on(measured(), {}, device("other", 10, 1000), "f32");  // bound 0.1 s: a tenth
  EXPECT_DOUBLE_EQ(fast.mid, 1);
  EXPECT_DOUBLE_EQ(fast.high, 2.5);
  EXPECT_DOUBLE_EQ(fast.low, 0.5);               // half of the bound is reached here, so at most twice as fast
  Interval starved = hours_on(measured(), {}, device("other", 10, 20), "f32");  // 10 GB at 20 GB/s: half a second
  EXPECT_DOUBLE_EQ(starved.mid, 5);
  Interval same = hours_on(measured(), {}, device("desk", 1, 50), "f32");
  EXPECT_EQ(same, (Interval{8, 10, 12.5}));
}

TEST(TrialCost, StatedAndLimitedHoursHoldEverywhere) {
  TrialTime stated;
  stated.hours = exactly(4);
  InstanceSpec instance;
  EXPECT_EQ(hours_on(stated, instance, device("any", 99, 999), "f32"), exactly(4));
  instance.hours_factor = 0.25;                  // the catalogue knows better
  EXPECT_EQ(hours_on(stated, instance, device("any", 99, 999), "f32"), exactly(1));
  stated.basis = TimeBasis::limited;
  EXPECT_EQ(hours_on(stated, instance, device("any", 99, 999), "f32"), exactly(4));
}

TEST(TrialCost, EveryFurtherPredictionTakesTime) {
  EXPECT_EQ(limited_hours(3600, {}), (Interval{1, 1.1, 1.5}));
  TestPredictions eight;
  eight.per_case = 8;                            // seven channels, each missing once
  EXPECT_DOUBLE_EQ(limited_hours(7200, eight).mid, 2 * (1.1 + 7 * 0.05));
  EXPECT_DOUBLE_EQ(limited_hours(7200, eight).high, 2 * (1.5 + 7 * 0.5));
  EXPECT_DOUBLE_EQ(measured_hours(3600, 360, 0, {}).mid, 1.1);
  EXPECT_DOUBLE_EQ(measured_hours(3600, 360, 4, {}).mid, 1.1 + 4 * 0.05);
  EXPECT_DOUBLE_EQ(measured_hours(3600, 360, 4, {}).high, 1.5 * 1.1);
  // The measured trial predicts once, one of two trials eight times: on average three and a half predictions more.
  EXPECT_DOUBLE_EQ(measured_hours(3600, 360, 0, {9, 4.5, 1}).mid, 1.1 + 3.5 * 0.05);
  // The measured trial predicts eight times: all is in what happens once, and a look is at most an eighth of it.
  EXPECT_DOUBLE_EQ(measured_hours(3600, 720, 0, {9, 8, 8}).mid, 1.2);
  EXPECT_DOUBLE_EQ(measured_hours(3600, 720, 4, {9, 8, 8}).high, (1.2 + 4 * 0.025) * 1.1);
}

TEST(TrialCost, InterruptionsLoseAtMostACheckpointInterval) {
  Interval factor = interruption_factor({0.01, 0.04}, 0.5, 0.25);
  EXPECT_DOUBLE_EQ(factor.low, 1.005);           // 0.01 x (0.25 + 0.25)
  EXPECT_DOUBLE_EQ(factor.mid, 1.01);            // sqrt(0.01 x 0.04) = 0.02
  EXPECT_DOUBLE_EQ(factor.high, 1.03);           // 0.04 x (0.5 + 0.25)
}

TEST(TrialCost, AStepIsForwardAndTwiceThatBackward) {
  ModelSpec spec;
  spec.kind = "unet", spec.family = "residual", spec.in_channels = 1, spec.out_channels = 2, spec.patch = cube(32);
  Graph graph = build_graph(spec);
  StepWork one = step_work(graph, cube(32), 1, 4), three = step_work(graph, cube(32), 3, 4);
  EXPECT_DOUBLE_EQ(one.flop, 3 * forward_flop(graph, cube(32)));
  EXPECT_DOUBLE_EQ(three.flop, 3 * one.flop);
  EXPECT_GT(three.bytes, 2.5 * one.bytes);
}

}  // namespace
}  // namespace tomograd
