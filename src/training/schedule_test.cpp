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

}  // namespace tomograd
