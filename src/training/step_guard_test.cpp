#include "training/step_guard.h"

#include <gtest/gtest.h>

#include <limits>

#include "base/error.h"
#include "spec/text_formats.h"
#include "training/trainer_test_run.h"

namespace tomograd {
namespace {

constexpr double overflowed = std::numeric_limits<double>::infinity(), undefined = std::numeric_limits<double>::quiet_NaN();

StepGuard guard_with(const std::string& kind, const std::string& precision = "f32") {
  RunSpec spec;
  spec.precision = precision;
  spec.loss_scale.kind = kind;
  return StepGuard(spec);
}

// Steps until the run is given up, when none is good.
int64_t steps_to_failure(StepGuard guard, double loss, double norm) {
  for (int64_t step = 1; step < 1000; ++step)
    if (!error_of([&] { guard.judge(step, loss, norm); }).empty()) return step;
  return -1;
}

TEST(StepGuard, TwentyStepsInARowEndARunButNotWhereTheScaleStillFalls) {
  EXPECT_EQ(steps_to_failure(guard_with("none"), 1, overflowed), 20);
  EXPECT_EQ(steps_to_failure(guard_with("constant"), 1, overflowed), 20);
  EXPECT_EQ(steps_to_failure(guard_with("dynamic"), 1, overflowed), 16 + 20);       // 2^16 falls to 1 first
  EXPECT_EQ(steps_to_failure(guard_with("dynamic_2e32"), 1, undefined), 32 + 20);
  EXPECT_EQ(steps_to_failure(guard_with("dynamic_2e32"), undefined, undefined), 20);  // no scale cures the loss itself
  EXPECT_EQ(steps_to_failure(guard_with("dynamic_2e32"), 1, 1), -1);
}

TEST(StepGuard, SaysWhatWasSkippedAndWhy) {
  std::string error = error_of([] {
    StepGuard guard = guard_with("none");
    for (int64_t step = 41; step < 100; ++step) guard.judge(step, 0.5, overflowed);
  });
  EXPECT_NE(error.find("not finite in 20 steps in a row, last at step 60"), std::string::npos) << error;
  Warnings warnings;
  StepGuard guard = guard_with("none");
  guard.judge(7, 0.5, overflowed);
  EXPECT_EQ(warnings.told, "step 7 was skipped: its loss is 0.5, its gradient's norm inf\n");
  StepGuard scaled = guard_with("dynamic");
  scaled.judge(1, 0.5, overflowed);              // how a scale finds its place is no warning
  EXPECT_EQ(warnings.told.find("step 1 "), std::string::npos);
  (void)guard_with("none", "f16");
  EXPECT_NE(warnings.told.find("lost in f16"), std::string::npos);
}

TEST(StepGuard, LogsTheScaleThatTheStepWasTakenWith) {
  StepGuard guard = guard_with("dynamic");
  guard.judge(1, 0.5, overflowed);
  std::vector<std::pair<std::string, double>> values;
  guard.add_metrics(values);
  ASSERT_EQ(values.size(), 1u);
  EXPECT_EQ(values[0], (std::pair<std::string, double>("loss_scale", 65536)));
  EXPECT_EQ(guard.scaler().scale(), 32768);
  values.clear();
  guard_with("none").add_metrics(values);
  EXPECT_TRUE(values.empty());
}

TEST(StepGuard, GoesOnFromItsState) {
  StepGuard whole = guard_with("dynamic_2e32"), second = guard_with("dynamic_2e32");
  for (int64_t step = 1; step <= 45; ++step) whole.judge(step, 1, overflowed);
  second.restore(nullptr);                       // of an older version: from the start
  EXPECT_EQ(second.state(), guard_with("dynamic_2e32").state());
  Value saved = parse_json(to_json(whole.state(), false), "state");
  second.restore(&saved);
  EXPECT_EQ(second.state(), whole.state());
  EXPECT_EQ(steps_to_failure(second, 1, overflowed), 52 - 45);
}

}  // namespace
}  // namespace tomograd
