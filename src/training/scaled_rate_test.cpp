// optimizer.batch_scaling in a run: the rate that moves the weights is the one that the log shows.
#include "training/trainer_test_run.h"

namespace tomograd {

TEST_F(TrainerTest, TheScaledRateIsTheOneThatTrains) {
  TrainObserver silent;
  RunSpec scaled = spec("scaled", 2), plain = spec("plain", 2);
  scaled.optimizer.batch_scaling = "linear", scaled.optimizer.scaled_from = 2, scaled.optimizer.learning_rate = 5e-3;  // 4 patches a step
  Warnings warnings;
  train(system_env(), system_clock(), scaled, {}, silent);
  EXPECT_NE(warnings.told.find("warmup_steps is 0"), std::string::npos) << warnings.told;
  train(system_env(), system_clock(), plain, {}, silent);
  EXPECT_EQ(bytes("scaled/metrics.jsonl"), bytes("plain/metrics.jsonl"));
  EXPECT_NE(read_text(system_env(), join_path(folder_, "scaled/metrics.jsonl")).find("\"learning_rate\":0.01"), std::string::npos);
}

}  // namespace tomograd
