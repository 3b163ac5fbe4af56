// What half precision does to training, as the talks on mixed precision show it (Micikevicius et al. 2018): each fact once, small
// enough to be checked by hand. FP16 has 11 significant bits: from 1 to 2 its numbers are 2^-10 apart, the largest is 65504, the
// smallest 2^-24. Storage and single operations only; networks compute in f16 on CUDA alone.
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cmath>
#include <limits>

#include "nn/golden_test_support.h"
#include "nn/gradient_report.h"
#include "nn/loss_scaler.h"

namespace tomograd {
namespace {

const float infinite_float = std::numeric_limits<float>::infinity();

at::Tensor half_of(double value) { return at::full({}, value, at::kHalf); }

TEST(HalfFacts, OneAndALittleIsOne) {
  EXPECT_EQ((half_of(1) + half_of(0.0001)).item<float>(), 1);
  EXPECT_EQ((half_of(1) + half_of(0x1p-11)).item<float>(), 1);         // half a step: to the even neighbour
  EXPECT_EQ((half_of(1) + half_of(0x1.004p-11)).item<float>(), 1 + 0x1p-10f);
  EXPECT_EQ((at::full({}, 1.0f) + 0.0001f).item<float>(), 1.0001f);
}

TEST(HalfFacts, ASumLeavesTheRange) {
  at::Tensor values = at::full({4096}, 16.0, at::kHalf);
  EXPECT_EQ(values.sum().item<float>(), infinite_float);               // 65536, rounded once
  EXPECT_EQ(values.sum(at::kFloat).item<float>(), 65536);
  EXPECT_EQ(values.narrow(0, 0, 4094).sum().item<float>(), 65504);
  c10::Half running = 0;
  for (int i = 0; i < 4096; ++i) running = running + c10::Half(16);
  EXPECT_EQ(float(running), 32768);              // one after the other it stands still where 16 is half a step
}

// One weight goes down (w - 2)^2 / 2 from 1 at a rate of 2^-12, so that every update is at most 2^-12 of it.
constexpr double toy_rate = 0x1p-12;
constexpr int toy_updates = 1024;

c10::Half slope_at(c10::Half weight) { return weight - c10::Half(2); }

TEST(HalfFacts, SmallUpdatesAreLost) {
  c10::Half weight = 1;
  for (int i = 0; i < toy_updates; ++i) weight = weight - c10::Half(float(toy_rate)) * slope_at(weight);
  EXPECT_EQ(float(weight), 1);
}

// The rounding of the weight to FP16 is off by 2^-11 at most, which moves all updates together by rate times updates of that; the
// additions in float32 by 2^-24 each.
TEST(HalfFacts, Float32MastersKeepThem) {
  OptimizerSpec spec;
  spec.kind = "sgd", spec.momentum = 0, spec.weight_decay = 0;
  at::Tensor master = at::ones({1}).requires_grad_();
  Optimizer optimizer(spec, {{"w", master}});
  for (int i = 0; i < toy_updates; ++i) {
    master.mutable_grad() = at::full({1}, float(slope_at(c10::Half(master.item<float>()))));
    optimizer.step(toy_rate);
  }
  EXPECT_NEAR(master.item<double>(), 2 - std::pow(1 - toy_rate, toy_updates), toy_rate * toy_updates * 0x1p-11 + toy_updates * 0x1p-24);
}

// loss = w a b in FP16: the gradient of w is a b = 2^-26.
void backward_through_half_of(const at::Tensor& weight, const LossScaler& scaler) {
  weight.mutable_grad() = at::Tensor();
  at::Tensor loss = (weight.to(at::kHalf) * half_of(0x1p-13) * half_of(0x1p-13)).to(at::kFloat);
  scaler.scaled(loss).backward();
}

LossScaleSpec half_scale(const std::string& kind, double value) {
  LossScaleSpec spec;
  spec.kind = kind, spec.value = value;
  return spec;
}

TEST(HalfFacts, SmallGradientsAreFlushedAndScalingKeepsThem) {
  OptimizerSpec spec;
  spec.kind = "sgd", spec.momentum = 0, spec.weight_decay = 0;
  at::Tensor weight = at::zeros({}).requires_grad_();
  Optimizer optimizer(spec, {{"w", weight}});
  backward_through_half_of(weight, LossScaler(half_scale("none", 0)));
  EXPECT_EQ(weight.grad().item<float>(), 0);
  LossScaler scaler(half_scale("constant", 0x1p10));
  backward_through_half_of(weight, scaler);
  GradientReport report = gradient_report({{"w", weight}}, 1, scaler.scale());
  EXPECT_EQ(report.layers[0].unscaled.flushed, 1);
  EXPECT_EQ(report.layers[0].scaled.subnormal, 1);  // 2^-16
  optimizer.step(1, 1, scaler.scale());
  EXPECT_EQ(weight.item<float>(), -0x1p-26f);
}

// A scale of 2^16 is infinite_float in FP16 itself: the first step overflows, the second is taken with 2^15. From 2^32 that costs 17.
TEST(HalfFacts, ADynamicScaleFindsItsPlace) {
  for (auto [kind, skipped] : {std::pair<const char*, int>{"dynamic", 1}, std::pair<const char*, int>{"dynamic_2e32", 17}}) {
    OptimizerSpec spec;
    spec.kind = "sgd", spec.momentum = 0, spec.weight_decay = 0;
    at::Tensor weight = at::zeros({}).requires_grad_();
    Optimizer optimizer(spec, {{"w", weight}});
    LossScaler scaler(half_scale(kind, 0));
    for (int step = 0; step < skipped + 3; ++step) {
      backward_through_half_of(weight, scaler);
      scaler.update(std::isfinite(optimizer.step(1, 1, scaler.scale())));
    }
    EXPECT_EQ(scaler.skipped(), skipped);
    EXPECT_EQ(scaler.scale(), 0x1p15);
    EXPECT_EQ(weight.item<float>(), -3 * 0x1p-26f);
  }
}

// What is stored in FP16 comes back with 11 bits where it lies between 2^-14 and 65504: the initial weights of a network do.
TEST(HalfFacts, StoredWeightsKeepElevenBits) {
  ModelSpec model;
  model.kind = "unet", model.family = "residual", model.in_channels = 2, model.out_channels = 3, model.patch = cube(16), model.channels = {16, 32};
  Network network(build_graph(model), 1, {});
  for (auto& [name, tensor] : network.parameters()) {
    at::Tensor exact = tensor.detach().to(at::kDouble), stored = tensor.detach().to(at::kHalf), back = stored.to(at::kDouble);
    EXPECT_EQ(stored.nbytes() * 2, tensor.nbytes()) << name;
    at::Tensor allowed = at::maximum(exact.abs() * 0x1p-11, at::full_like(exact, 0x1p-25));
    EXPECT_TRUE(((back - exact).abs() <= allowed).all().item<bool>()) << name;
  }
}

}  // namespace
}  // namespace tomograd
