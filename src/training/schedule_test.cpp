#include "training/schedule.h"

#include <gtest/gtest.h>

#include <cmath>

namespace tomograd {

TEST(Schedule, PolyFallsToItsFloor) {
  ScheduleSpec spec;
  EXPECT_DOUBLE_EQ(schedule_factor(spec, 0, 0), 1);
  EXPECT_DOUBLE_EQ(schedule_factor(spec, 0.5, 10), std::pow(0.5, 0.9));
  EXPECT_DOUBLE_EQ(schedule_factor(spec, 1, 20), 0.01);
  EXPECT_DOUBLE_EQ(schedule_factor(spec, 7, 20), 0.01);  // past the end of the run nothing grows again
}

TEST(Schedule, StepsHalveAtEachMilestone) {
  ScheduleSpec spec;
  spec.kind = "steps";
  spec.milestones = {0.5, 0.75};
  EXPECT_DOUBLE_EQ(schedule_factor(spec, 0.49, 0), 1);
  EXPECT_DOUBLE_EQ(schedule_factor(spec, 0.5, 0), 0.5);
  EXPECT_DOUBLE_EQ(schedule_factor(spec, 0.9, 0), 0.25);
}

TEST(Schedule, WarmupRisesLinearly) {
  ScheduleSpec spec;
  spec.kind = "constant";
  spec.warmup_steps = 4;
  EXPECT_DOUBLE_EQ(schedule_factor(spec, 0, 0), 0.25);
  EXPECT_DOUBLE_EQ(schedule_factor(spec, 0, 3), 1);
  EXPECT_DOUBLE_EQ(schedule_factor(spec, 0, 9), 1);
}

TEST(Schedule, TheRateFollowsThePatchesOfAStep) {
  OptimizerSpec spec;
  spec.learning_rate = 0.25, spec.scaled_from = 3;
  EXPECT_EQ(scaled_learning_rate(spec, 48), 0.25);               // none
  spec.batch_scaling = "linear";
  EXPECT_DOUBLE_EQ(scaled_learning_rate(spec, 48), 4);
  EXPECT_DOUBLE_EQ(scaled_learning_rate(spec, 3), 0.25);
  EXPECT_DOUBLE_EQ(scaled_learning_rate(spec, 1), 0.25 / 3);     // fewer patches, a lower rate
  spec.batch_scaling = "sqrt";
  EXPECT_DOUBLE_EQ(scaled_learning_rate(spec, 48), 1);
  EXPECT_DOUBLE_EQ(scaled_learning_rate(spec, 3), 0.25);
}

TEST(Schedule, ALinearRiseWithoutWarmupIsTold) {
  OptimizerSpec optimizer;
  ScheduleSpec schedule;
  optimizer.learning_rate = 0.5, optimizer.scaled_from = 4;
  EXPECT_EQ(batch_scaling_warning(optimizer, schedule, 16), "");
  optimizer.batch_scaling = "sqrt";
  EXPECT_EQ(batch_scaling_warning(optimizer, schedule, 16), "");
  optimizer.batch_scaling = "linear";
  EXPECT_NE(batch_scaling_warning(optimizer, schedule, 16).find("from 0.5 to 2 for 16 patches"), std::string::npos) << batch_scaling_warning(optimizer, schedule, 16);
  EXPECT_EQ(batch_scaling_warning(optimizer, schedule, 4), "");  // nothing is raised
  schedule.warmup_steps = 1;
  EXPECT_EQ(batch_scaling_warning(optimizer, schedule, 16), "");
}

}  // namespace tomograd
