// validation.each_channel: the scores without a channel are those of the same scan without its file.
#include <algorithm>

#include "training/missing_channel.h"
#include "training/trainer_test_run.h"

namespace tomograd {

class EachChannelTest : public TrainerTest {
 protected:
  RunSpec dropping(const std::string& out, bool each_channel) {
    RunSpec run = spec(out, 30);
    run.augment.channel_dropout = 0.25;
    run.validation.each_channel = each_channel, run.validation.every_steps = 0;
    return run;
  }
  TrainResult result(const RunSpec& run) {
    TrainObserver silent;
    return train(system_env(), system_clock(), run, {}, silent);
  }
};

TEST_F(EachChannelTest, ScoresAreThoseOfAScanWithoutTheFile) {
  TrainResult each = result(dropping("each", true));
  ASSERT_EQ(each.without.size(), 2u);
  EXPECT_EQ(each.without[0].channel, "A");
  for (const auto& without : each.without) {
    RunSpec run = dropping("no_" + without.channel, false);
    run.data = changed_dataset("no_" + without.channel + ".json", [&](Dataset& dataset) { dataset.cases[2].images.erase(without.channel); });
    TrainResult missing = result(run);           // the same training: P2 is tested only
    ASSERT_EQ(bytes("no_" + without.channel + "/metrics.jsonl"), bytes("each/metrics.jsonl"));
    EXPECT_TRUE(missing.without.empty());
    ASSERT_EQ(without.test.size(), 1u);
    EXPECT_EQ(without.test[0].dice, missing.test[0].dice) << without.channel;
    EXPECT_EQ(without.test[0].assd, missing.test[0].assd) << without.channel;
    EXPECT_EQ(without.test[0].case_id, "P2");
    EXPECT_EQ(without.channel_bytes, each.channel_bytes / 2);    // both files are of one size
  }
  EXPECT_EQ(each.test[0].dice, result(dropping("plain", false)).test[0].dice);
  EXPECT_GT(each.without[1].test[0].dice[0], each.without[0].test[0].dice[0]) << "B is noise, A shows the ball";
  int reads = 0;
  const Value written = manifest("each");
  for (const auto& read : written.at("reads").as_list()) reads += read.at("case").as_text() == "P2";
  EXPECT_EQ(reads, 1) << "a case is read once for all channels";
}

TEST_F(EachChannelTest, AChannelThatIsMissingAnywayChangesNothing) {
  RunSpec run = dropping("run", true);
  run.data = changed_dataset("no_B.json", [](Dataset& dataset) { dataset.cases[2].images.erase("B"); });
  TrainResult each = result(run);
  EXPECT_EQ(each.without[1].test[0].dice, each.test[0].dice);
  EXPECT_NE(each.without[0].test[0].volume_error, each.test[0].volume_error);
}

TEST_F(EachChannelTest, WhatCannotBeIsSaidBeforeAnythingIsWritten) {
  RunSpec run = dropping("run", true);
  run.preprocess.leave_out = {"A"};
  EXPECT_NE(error_of([&] { result(run); }).find("uses 'B' alone"), std::string::npos);
  run = dropping("run", true), run.validation.test_patients = {};
  EXPECT_NE(error_of([&] { result(run); }).find("there are none"), std::string::npos);
  EXPECT_EQ(system_env().kind(join_path(folder_, "run")), FileKind::missing);
}

TEST(MissingChannel, PutsEverythingBack) {
  PreparedCase prepared;
  for (float v : {1.0f, 2.0f, 3.0f}) prepared.images.emplace_back(5, v), prepared.outside.push_back(-v), prepared.present.push_back(true);
  {
    MissingChannel missing(prepared, 1);
    EXPECT_EQ(std::count(prepared.images[1].begin(), prepared.images[1].end(), 0.0f), 5);
    EXPECT_EQ(prepared.outside, (std::vector<float>{-1, 0, -3}));
    EXPECT_EQ(prepared.present, (std::vector<bool>{true, false, true}));
  }
  EXPECT_EQ(std::count(prepared.images[1].begin(), prepared.images[1].end(), 2.0f), 5);
  EXPECT_EQ(prepared.outside, (std::vector<float>{-1, -2, -3}));
  EXPECT_EQ(prepared.present, (std::vector<bool>{true, true, true}));
}

}  // namespace tomograd
