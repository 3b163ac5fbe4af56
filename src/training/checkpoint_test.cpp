// A checkpoint that cannot be saved costs nothing that was saved before, and a damaged one is noticed.
#include "training/checkpoint.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <torch/torch.h>

#include "base/error.h"
#include "base/log.h"
#include "base/random.h"
#include "support/fault_env.h"

namespace tomograd {
namespace {

TensorFile content_of(int64_t step) {
  TensorFile content;
  content.tensors.emplace("model.weight", at::full({3, 5}, double(step), at::kFloat));
  content.tensors.emplace("optimizer.weight.first", at::arange(7, at::kFloat) * double(step));
  content.metadata["state"] = "{\"seconds\":" + std::to_string(step) + "}";
  return content;
}

class CheckpointTest : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/tomograd-checkpoint-XXXXXX";
    folder_ = mkdtemp(name);
    before_ = set_log_sink([this](LogLevel, const std::string& message) { said_ += message + "\n"; });
  }
  void TearDown() override {
    set_log_sink(before_);
    system_env().remove_tree(folder_);
  }
  // The step of the newest checkpoint, whose tensors must be those of that step; 0 = none.
  int64_t newest() {
    auto found = load_newest_checkpoint(system_env(), folder_);
    if (!found) return 0;
    TensorFile expected = content_of(found->step);
    EXPECT_EQ(found->content.tensors.size(), expected.tensors.size());
    for (const auto& [key, tensor] : expected.tensors) EXPECT_TRUE(found->content.tensors.at(key).equal(tensor)) << key << " of step " << found->step;
    return found->step;
  }
  std::string folder_, said_;
  LogSink before_;
};

TEST_F(CheckpointTest, AFailingOperationLeavesTheOldOrTheNewOne) {
  FaultEnv faulty(system_env());
  for (bool for_ever : {false, true}) {
    int64_t failures = 0;
    for (int64_t number = 0;; ++number) {
      system_env().remove_tree(folder_);
      save_checkpoint(system_env(), folder_, 10, content_of(10), 2);
      save_checkpoint(system_env(), folder_, 20, content_of(20), 2);
      faulty.fail_at(number, for_ever);
      bool threw = false;
      try {
        save_checkpoint(faulty, folder_, 30, content_of(30), 2);
      } catch (const Error& error) {
        threw = true;
        EXPECT_EQ(error.kind(), ErrorKind::failure);
      }
      int64_t step = newest();
      EXPECT_TRUE(step == 20 || step == 30) << "operation " << number << ": step " << step;
      if (!threw) { EXPECT_EQ(step, 30); }
      EXPECT_EQ(said_, "") << "operation " << number << " left a damaged checkpoint under its name";
      save_checkpoint(system_env(), folder_, 40, content_of(40), 2);  // space again: it goes on
      EXPECT_EQ(newest(), 40);
      if (faulty.failed() == 0) break;
      ++failures;
    }
    EXPECT_GE(failures, 10);
  }
}

TEST_F(CheckpointTest, EveryFlippedBitAndEveryCutIsNoticed) {
  save_checkpoint(system_env(), folder_, 10, content_of(10), 2);
  save_checkpoint(system_env(), folder_, 20, content_of(20), 2);
  std::string path = folder_ + "/checkpoints/step-20.safetensors", whole = read_text(system_env(), path);
  Random random(1, "damage");
  for (int round = 0; round < 400; ++round) {
    std::string damaged = whole;
    if (round % 2) damaged.resize(size_t(random.below(int64_t(whole.size()))));
    else damaged[size_t(random.below(int64_t(whole.size())))] ^= char(1 << random.below(8));
    publish_text(system_env(), path, damaged);
    said_.clear();
    ASSERT_EQ(newest(), 10) << "round " << round;
    ASSERT_NE(said_.find("step-20.safetensors is damaged"), std::string::npos);
  }
  publish_text(system_env(), path, whole);
  EXPECT_EQ(newest(), 20);
}

}  // namespace
}  // namespace tomograd
