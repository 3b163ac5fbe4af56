// Training with recomputation and over two logical devices.
#include "nn/safetensors.h"
#include "training/trainer.h"
#include "training/trainer_test_run.h"

#include <ATen/ATen.h>

namespace tomograd {
namespace {

TensorFile model_of(const std::string& run) { return read_safetensors(system_env(), join_path(run, "model.safetensors")); }

}  // namespace

TEST_F(TrainerTest, RecomputedAndSplitRunsTrainAsPlainOnes) {
  TrainObserver silent;
  RunSpec plain = spec("plain", 5);
  train(system_env(), system_clock(), plain, {}, silent);
  TensorFile expected = model_of(plain.out);
  for (const char* device : {"cpu", "cpu,cpu"}) {
    SCOPED_TRACE(device);
    RunSpec placed = spec(std::string("placed-") + std::to_string(std::string(device).size()), 5);
    placed.recompute = true;
    placed.device = device;
    train(system_env(), system_clock(), placed, {}, silent);
    TensorFile found = model_of(placed.out);
    // Gradients may be added up in another order. AdamW moves a weight by the rate in a step however small its gradient is, so biases that a
    // norm cancels, whose gradient is nothing but rounding, are left out.
    for (const auto& [name, tensor] : expected.tensors)
      if (name.ends_with(".weight")) { EXPECT_LE((tensor - found.tensors.at(name)).abs().mean().item<double>(), 0.02 * 5 * plain.optimizer.learning_rate) << name; }
    RunSpec resumed = placed;
    resumed.out += "-again";
    resumed.pause_steps = 3;
    train(system_env(), system_clock(), resumed, {}, silent);
    resumed.pause_steps = 0;
    TrainOptions again;
    again.resume = true;
    train(system_env(), system_clock(), resumed, again, silent);
    TensorFile same = model_of(resumed.out);
    for (const auto& [name, tensor] : found.tensors) EXPECT_TRUE(at::equal(tensor, same.tensors.at(name))) << name;
  }
  RunSpec wrong = spec("wrong", 2);
  wrong.device = "gpu";
  EXPECT_NE(error_of([&] { train(system_env(), system_clock(), wrong, {}, silent); }).find("device is 'gpu'"), std::string::npos);
}

}  // namespace tomograd
