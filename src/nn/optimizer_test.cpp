#include "nn/optimizer.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "base/error.h"
#include "nn/golden_test_support.h"

namespace tomograd {
namespace {

NamedTensors two_parameters() { return {{"a.weight", hashed(20, {3, 2, 1, 1, 2}).requires_grad_()}, {"b.bias", hashed(21, {5}).requires_grad_()}}; }

void give_gradients(NamedTensors& parameters, int step) {
  for (size_t i = 0; i < parameters.size(); ++i) parameters[i].second.mutable_grad() = hashed(30 + 2 * uint64_t(step) + i, parameters[i].second.sizes());
}

at::Tensor joined(const NamedTensors& list) {
  std::vector<at::Tensor> flat;
  for (auto& [name, tensor] : list) flat.push_back(tensor.detach().reshape(-1));
  return at::cat(flat);
}

OptimizerSpec optimizer_of_kind(const std::string& kind) {
  OptimizerSpec spec;
  spec.kind = kind;
  spec.weight_decay = 0.01;
  if (kind == "adamw") spec.beta1 = 0.8, spec.beta2 = 0.99;
  if (kind == "deepmedic_rmsprop") spec.weight_decay = 0, spec.momentum = 0.6;
  return spec;
}

void follow(Optimizer& optimizer, NamedTensors& parameters, int from, int to) {
  for (int step = from; step < to; ++step) {
    give_gradients(parameters, step);
    optimizer.step(0.05 / (1 + step));
  }
}

TEST(Optimizer, FollowsTheGoldenSequences) {
  for (std::string name : {"sgd", "sgd_clipped", "adam", "adamw", "deepmedic_rmsprop"}) {
    OptimizerSpec spec = optimizer_of_kind(name == "sgd_clipped" ? "sgd" : name);
    if (name == "sgd_clipped") spec.clip_norm = 0.3;
    bool penalties = name == "deepmedic_rmsprop";
    NamedTensors parameters = two_parameters();
    Optimizer optimizer(spec, parameters, penalties ? 1e-3 : 0, penalties ? 1e-2 : 0);
    follow(optimizer, parameters, 0, 6);
    EXPECT_LT(largest_difference(joined(parameters), golden("optimisers.safetensors").tensors.at(name)), 2e-6) << name;
  }
}

TEST(Optimizer, ResumesBitForBit) {
  for (std::string kind : {"sgd", "adam", "adamw", "deepmedic_rmsprop"}) {
    OptimizerSpec spec = optimizer_of_kind(kind);
    spec.average = 0.9;
    NamedTensors whole = two_parameters();
    Optimizer undisturbed(spec, whole);
    follow(undisturbed, whole, 0, 6);

    NamedTensors first = two_parameters();
    Optimizer before(spec, first);
    follow(before, first, 0, 3);
    std::map<std::string, at::Tensor> saved;
    for (auto& [name, tensor] : before.state()) saved[name] = tensor.clone();
    NamedTensors second;
    for (auto& [name, tensor] : first) second.emplace_back(name, tensor.detach().clone().requires_grad_());
    Optimizer after(spec, second);
    after.load(saved);
    follow(after, second, 3, 6);
    EXPECT_TRUE(at::equal(joined(second), joined(whole))) << kind;
    EXPECT_TRUE(at::equal(joined(after.averaged()), joined(undisturbed.averaged()))) << kind;
  }
}

TEST(Optimizer, AccumulatedGradientsAreAveraged) {
  NamedTensors once = two_parameters(), thrice = two_parameters();
  Optimizer a(optimizer_of_kind("adamw"), once), b(optimizer_of_kind("adamw"), thrice);
  give_gradients(once, 0);
  give_gradients(thrice, 0);
  for (auto& [name, tensor] : thrice) tensor.mutable_grad() = tensor.grad() * 4;  // exact in floating point
  double norm = a.step(0.1);
  EXPECT_DOUBLE_EQ(b.step(0.1, 4), norm);
  EXPECT_TRUE(at::equal(joined(once), joined(thrice)));
}

TEST(Optimizer, AGradientThatIsNotFiniteChangesNothing) {
  NamedTensors parameters = two_parameters();
  at::Tensor before = joined(parameters).clone();
  Optimizer optimizer(optimizer_of_kind("adamw"), parameters);
  give_gradients(parameters, 0);
  parameters[1].second.mutable_grad()[2] = std::numeric_limits<float>::infinity();
  EXPECT_FALSE(std::isfinite(optimizer.step(0.1)));
  EXPECT_TRUE(at::equal(joined(parameters), before));
  EXPECT_EQ(optimizer.state()[0].second.item<int64_t>(), 0);
}

TEST(Optimizer, AverageFollowsTheWeights) {
  OptimizerSpec spec = optimizer_of_kind("sgd");
  spec.average = 0.9;
  NamedTensors parameters = two_parameters();
  Optimizer optimizer(spec, parameters);
  at::Tensor average = joined(parameters).to(at::kDouble);
  for (int step = 0; step < 4; ++step) {
    follow(optimizer, parameters, step, step + 1);
    double d = std::min(0.9, (2.0 + step) / (11.0 + step));
    average = d * average + (1 - d) * joined(parameters).to(at::kDouble);
  }
  EXPECT_LT(largest_difference(joined(optimizer.averaged()), average), 1e-6);
}

TEST(Optimizer, RefusesAForeignCheckpoint) {
  NamedTensors parameters = two_parameters();
  Optimizer optimizer(optimizer_of_kind("adamw"), parameters);
  std::map<std::string, at::Tensor> saved;
  for (auto& [name, tensor] : optimizer.state()) saved[name] = tensor;
  saved.erase("optimizer.second.b.bias");
  EXPECT_THROW(optimizer.load(saved), Error);
  saved["optimizer.second.b.bias"] = at::zeros({4});
  EXPECT_THROW(optimizer.load(saved), Error);
  Optimizer without(optimizer_of_kind("adamw"), parameters);
  for (auto& [name, tensor] : parameters) tensor.mutable_grad() = at::Tensor();
  EXPECT_THROW(without.step(0.1), Error);
}

}  // namespace
}  // namespace tomograd
