// Figures that need the engine: whole-volume prediction, and training steps from patches already in memory.
#include <torch/torch.h>

#include <cmath>

#include "base/clock.h"
#include "base/error.h"
#include "base/random.h"
#include "cli/engine/compute.h"
#include "cli/engine/verbs.h"
#include "inference/bench_predict.h"
#include "kernels/cpu_isa.h"
#include "nn/loss.h"
#include "nn/network.h"
#include "nn/optimizer.h"

namespace tomograd {
namespace {

Value predict_figures(const Value& settings, const ComputeOptions& compute) {
  PredictBenchSettings bench;
  const auto& size = settings.at("size").as_list();
  bench.volume = {size[0].as_integer(), size[1].as_integer(), size[2].as_integer()};
  bench.channels = settings.at("channels").as_integer();
  bench.precision = compute_precision(compute, "f32");
  bench.max_memory_bytes = compute.max_memory_bytes;
  PredictBench figures = bench_predict(bench);
  Value value = Value::table();
  value["duration_seconds"] = figures.duration_seconds;
  value["peak_bytes"] = figures.peak_bytes;
  value["predicted_peak_bytes"] = figures.predicted_peak_bytes;
  value["tiles"] = figures.tiles;
  value["gflop_per_second"] = figures.forward_flop / figures.duration_seconds * 1e-9;
  return value;
}

Value train_figures(const Value& settings, const ComputeOptions& compute) {
  ModelSpec model;
  model.kind = "unet";
  model.family = "residual";
  model.in_channels = settings.at("channels").as_integer();
  model.out_channels = 2;
  model.patch = cube(64);
  std::vector<std::string> names;
  for (int64_t c = 0; c < model.in_channels; ++c) names.push_back(text("channel", c));
  Network network(build_graph(model), 1, names);
  network.set_precision(compute_precision(compute, "f32"));
  Optimizer optimizer(OptimizerSpec(), network.parameters());
  // A ball to find, so that a falling loss shows that the steps were real ones.
  auto images = at::empty({2, model.in_channels, 64, 64, 64});
  auto labels = at::empty({2, 64, 64, 64}, at::kByte);
  Random random(1, "bench-train");
  float* voxel = images.data_ptr<float>();
  for (int64_t i = 0; i < images.numel(); ++i) {
    int64_t x = i % 64 - 32, y = i / 64 % 64 - 32, z = i / 4096 % 64 - 32;
    voxel[i] = float(random.normal() + (x * x + y * y + z * z < 300 ? 2 : 0));
  }
  uint8_t* label = labels.data_ptr<uint8_t>();
  for (int64_t i = 0; i < labels.numel(); ++i) {
    int64_t x = i % 64 - 32, y = i / 64 % 64 - 32, z = i / 4096 % 64 - 32;
    label[i] = x * x + y * y + z * z < 300;
  }
  Clock& clock = system_clock();
  double first_loss = 0, last_loss = 0, seconds = 0;
  int64_t steps = 0;
  for (int64_t step = 0; seconds < settings.at("seconds").as_number(); ++step) {
    double begun = clock.monotonic_seconds();
    auto value = loss(LossSpec(), network.forward(images, true, step), {1}, labels, nullptr);
    value.backward();
    last_loss = value.item<double>();
    optimizer.step(1e-3);
    optimizer.zero_gradients();
    if (step < 2) first_loss = last_loss;  // warm-up
    else seconds += clock.monotonic_seconds() - begun, ++steps;
  }
  if (!(last_loss < first_loss)) fail_failure(text("the loss did not fall (", first_loss, " to ", last_loss, "); no figure is given"));
  Value value = Value::table();
  value["patches_per_second"] = double(2 * steps) / seconds;
  value["seconds_per_step"] = seconds / double(steps);
  value["gflop_per_second"] = 3 * 2 * forward_flop(network.graph(), cube(64)) * double(steps) / seconds * 1e-9;
  value["final_loss"] = last_loss;
  return value;
}

// The same mixed-scale dense network in libtorch's own convolutions, feature maps joined layer by layer.
Value msd_figures(const Value& settings) {
  const auto& size = settings.at("size").as_list();
  ModelSpec model;
  model.kind = "msd", model.depth = settings.at("depth").as_integer(), model.in_channels = 1, model.out_channels = 2;
  model.patch = {size[0].as_integer(), size[1].as_integer(), size[2].as_integer()};
  Network network(build_graph(model), 1, {});
  network.use_fused(false);
  at::Tensor x = at::randn({1, 1, size[0].as_integer(), size[1].as_integer(), size[2].as_integer()});
  double begun = system_clock().monotonic_seconds();
  network.forward(x, false);
  Value value = Value::table();
  value["torch_seconds"] = system_clock().monotonic_seconds() - begun;
  return value;
}

}  // namespace

Value engine_bench(const std::string& name, const Value& settings, const ComputeOptions& compute, const Talk&) {
  use_threads(compute);
  if (name == "predict") return predict_figures(settings, compute);
  if (name == "train") return train_figures(settings, compute);
  if (name == "msd") return msd_figures(settings);
  fail_usage(text("there is no engine benchmark '", name, "'"), "known: predict, train, msd");
}

}  // namespace tomograd
