// Whole runs over two ranks: what is written, by whom, and that resuming gives the same bits.
#include <cmath>
#include <sstream>

#include "training/ranks_test_support.h"
#include "training/trainer_test_run.h"

namespace tomograd {
namespace {

class RankedRunTest : public TrainerTest {
 protected:
  void SetUp() override {
    if (!RankGroup::available()) GTEST_SKIP() << "this build has no Gloo (libgloo-dev)";
    TrainerTest::SetUp();
  }
  void TearDown() override {
    if (RankGroup::available()) TrainerTest::TearDown();
  }

  RunSpec ranked_spec(const std::string& out, int64_t steps) {
    RunSpec run = spec(out, steps);
    run.sampling.batch = 3;
    return run;
  }

  std::vector<TrainResult> train_ranks(const RunSpec& run, int64_t ranks, bool resume = false, TrainObserver* observer = nullptr, std::stop_token stop = {}) {
    std::vector<TrainResult> results(static_cast<size_t>(ranks));
    errors_ = as_ranks(ranks, [&](RankGroup& group) {
      TrainObserver silent;
      bool leads = group.place().rank == 0;
      TrainOptions options;
      options.resume = resume;
      options.ranks = &group;
      if (leads) options.stop = stop;
      results[size_t(group.place().rank)] = train(system_env(), system_clock(), run, options, leads && observer ? *observer : silent);
    });
    return results;
  }

  std::vector<double> losses(const std::string& out) {
    std::vector<double> list;
    std::istringstream lines(read_text(system_env(), join_path(folder_, out + "/metrics.jsonl")));
    for (std::string line; std::getline(lines, line);)
      if (Value value = parse_json(line, "metrics"); value.find("loss")) list.push_back(value.at("loss").as_number());
    return list;
  }

  std::vector<std::string> errors_;
};

TEST_F(RankedRunTest, TrainsWhatOneProcessTrains) {
  TrainObserver silent;
  train(system_env(), system_clock(), ranked_spec("alone", 6), {}, silent);
  std::vector<TrainResult> results = train_ranks(ranked_spec("two", 6), 2);
  for (const auto& error : errors_) ASSERT_EQ(error, "");
  std::vector<double> alone = losses("alone"), two = losses("two");
  ASSERT_EQ(alone.size(), 6u);
  ASSERT_EQ(two.size(), 6u);
  EXPECT_NEAR(two[0], alone[0], 1e-6);           // the same patches and weights: sums of float32 alone
  for (size_t i = 1; i < 6; ++i) EXPECT_NEAR(two[i], alone[i], 1e-3);  // Adam divides by the size of small gradients, so rounding grows
  EXPECT_EQ(results[0].test.size(), 1u);
  EXPECT_EQ(results[1].test.size(), 0u);
  EXPECT_EQ(results[1].steps, 6);
  EXPECT_EQ(manifest("two").at("ranks").as_integer(), 2);
  EXPECT_EQ(manifest("alone").find("ranks"), nullptr);
}

TEST_F(RankedRunTest, StoppedAndResumedHasTheSameBits) {
  train_ranks(ranked_spec("whole", 10), 2);
  for (const auto& error : errors_) ASSERT_EQ(error, "");
  StopAt stopper(4);
  train_ranks(ranked_spec("parts", 10), 2, false, &stopper, stopper.source.get_token());
  for (const auto& error : errors_) EXPECT_NE(error.find("stopped at step 4"), std::string::npos) << error;
  train_ranks(ranked_spec("parts", 10), 2, true);
  for (const auto& error : errors_) ASSERT_EQ(error, "");
  for (std::string file : {"model.safetensors", "metrics.jsonl"}) EXPECT_EQ(bytes("parts/" + file), bytes("whole/" + file)) << file;
}

TEST_F(RankedRunTest, GoesOnWithAnotherNumberAndSaysSo) {
  train_ranks(ranked_spec("run", 4), 2);
  for (const auto& error : errors_) ASSERT_EQ(error, "");
  RunSpec further = ranked_spec("run", 4);
  Warnings warnings;
  TrainOptions options;
  options.resume = true;
  TrainObserver silent;
  train(system_env(), system_clock(), further, options, silent);
  EXPECT_NE(warnings.told.find("begun with 2 ranks and goes on with 1"), std::string::npos) << warnings.told;
}

TEST_F(RankedRunTest, MoreRanksThanPatches) {
  RunSpec few = ranked_spec("few", 3);
  few.sampling.batch = 2;
  Warnings warnings;
  train_ranks(few, 3);
  for (const auto& error : errors_) ASSERT_EQ(error, "");
  EXPECT_NE(warnings.told.find("1 of 3 ranks have no patch"), std::string::npos) << warnings.told;
  TrainObserver silent;
  RunSpec alone = few;
  alone.out = join_path(folder_, "few_alone");
  train(system_env(), system_clock(), alone, {}, silent);
  EXPECT_NEAR(losses("few")[0], losses("few_alone")[0], 1e-6);
}

}  // namespace
}  // namespace tomograd
