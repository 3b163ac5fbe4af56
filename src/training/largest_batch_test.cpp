// The search with an injected memory, and real steps of a small run under a limit.
#include "training/largest_batch.h"

#include <algorithm>
#include <cmath>

#include "base/peak_memory.h"
#include "training/rehearsal.h"
#include "training/step_times.h"
#include "training/trainer_test_run.h"

namespace tomograd {

TEST(LargestBatch, IsFoundForEverySizeOfMemory) {
  for (int64_t most : {1, 2, 13, 64, 100})
    for (int64_t room = 0; room <= most + 1; ++room) {
      std::vector<int64_t> asked;
      int64_t found = largest_that_fits(most, [&](int64_t size) {
        EXPECT_GE(size, 1);
        EXPECT_LE(size, most);
        asked.push_back(size);
        return size <= room;
      });
      EXPECT_EQ(found, std::min(room, most)) << "of " << most;
      EXPECT_LE(asked.size(), 2 * std::size_t(std::log2(double(std::max<int64_t>(1, room)))) + 3);
      std::sort(asked.begin(), asked.end());
      EXPECT_EQ(std::adjacent_find(asked.begin(), asked.end()), asked.end()) << "a size was tried twice";
    }
}

TEST(LargestBatch, WhatIsMuchTooLargeIsNeverAsked) {
  // Doubling goes at most to twice of what fits.
  largest_that_fits(4096, [](int64_t size) { EXPECT_LE(size, 66); return size <= 33; });
}

TEST(LargestBatch, SettingsCarryTheScalingRule) {
  RunSpec run;
  run.preprocess.channels = {"A"};
  run.sampling.patch = {10, 100, 1000};          // 5 MB a patch with its labels
  run.sampling.batch = 2, run.sampling.queue_megabytes = 80;
  run.optimizer.kind = "sgd", run.optimizer.learning_rate = 0.1, run.optimizer.accumulate = 3;
  EXPECT_EQ(batch_settings(run, 8), (std::vector<std::string>{"sampling.batch=8", "optimizer.batch_scaling=linear", "optimizer.scaled_from=6"}));
  EXPECT_DOUBLE_EQ(batch_learning_rate(run, 8), 0.4);
  run.optimizer.kind = "adamw";
  EXPECT_EQ(batch_settings(run, 18), (std::vector<std::string>{"sampling.batch=18", "sampling.queue_megabytes=180", "optimizer.batch_scaling=sqrt", "optimizer.scaled_from=6"}));
  EXPECT_DOUBLE_EQ(batch_learning_rate(run, 18), 0.3);
  run.optimizer.batch_scaling = "linear", run.optimizer.scaled_from = 3;  // the run's own rule stays
  EXPECT_EQ(batch_settings(run, 4), (std::vector<std::string>{"sampling.batch=4"}));
  EXPECT_DOUBLE_EQ(batch_learning_rate(run, 4), 0.4);
  run.optimizer.batch_scaling = "none";
  EXPECT_EQ(batch_settings(run, 2), (std::vector<std::string>{"sampling.batch=2"}));
  EXPECT_DOUBLE_EQ(batch_learning_rate(run, 2), 0.1);
}

TEST_F(TrainerTest, BatchesAreTriedUnderTheLimit) {
  if (!restart_peak_bytes()) GTEST_SKIP() << "this kernel keeps the peak of the whole process, other tests and all";
  RunSpec small = spec("none", 10);
  small.sampling.queue_megabytes = 1;
  small.validation.every_steps = 0;
  Rehearsal run(system_env(), system_clock(), small, 0);
  int64_t limit = run.predicted_bytes(5) + 1000;
  ASSERT_GT(run.predicted_bytes(6), limit);
  std::vector<int64_t> told;
  std::vector<BatchTrial> trials = try_batches(run, limit, 4096, [&](const BatchTrial& trial) { told.push_back(trial.batch); }, {});
  EXPECT_EQ(told, (std::vector<int64_t>{1, 2, 4, 8, 6, 5}));
  ASSERT_EQ(trials.size(), told.size());
  for (const auto& trial : trials) {
    EXPECT_EQ(trial.peak_bytes > 0, trial.batch <= 5) << trial.batch;  // what is predicted not to fit allocates nothing
    EXPECT_EQ(trial.fits, trial.batch <= 5) << trial.batch << " needed " << trial.needed_bytes << " of " << limit;
    EXPECT_EQ(trial.patches_per_second.least > 0, trial.fits) << trial.batch;
    EXPECT_LE(trial.peak_bytes, trial.predicted_bytes) << trial.batch;
  }
  EXPECT_EQ(system_env().kind(join_path(folder_, "none")), FileKind::missing);
}

TEST_F(TrainerTest, StepsAreTimedWithAndWithoutLoading) {
  RunSpec small = spec("none", 10);
  Rehearsal run(system_env(), system_clock(), small, 0);
  double share = 0;
  StepTimes times = measure_step_times(run, 2, [&](double now) { EXPECT_GT(now, share); share = now; }, {});
  EXPECT_EQ(share, 1);
  EXPECT_EQ(times.steps, 2);
  EXPECT_EQ(times.read_seconds.size(), 1u);      // one patient is validated, one tested
  EXPECT_EQ(times.decoded_blocks + times.cached_blocks, 0);
  ASSERT_EQ(int64_t(times.epochs.size()), measured_epochs);
  for (const auto& epoch : times.epochs) {
    EXPECT_EQ(epoch.without_loading.wait, 0);
    EXPECT_GT(epoch.with_loading.wait, 0);
    EXPECT_GT(epoch.make, 0);
    for (const auto* seconds : {&epoch.with_loading, &epoch.without_loading}) EXPECT_TRUE(seconds->forward > 0 && seconds->backward > 0 && seconds->update > 0);
  }
  EXPECT_EQ(system_env().kind(join_path(folder_, "none")), FileKind::missing);
}

}  // namespace tomograd
