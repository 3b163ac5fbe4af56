#include "nn/msd_stack.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "nn/network.h"
#include "spec/model_spec.h"

namespace tomograd {
namespace {

ModelSpec spec_of(int64_t dims, int64_t depth, int64_t width, const std::string& border) {
  ModelSpec spec;
  spec.kind = "msd", spec.dims = dims, spec.depth = depth, spec.width = width, spec.border = border;
  spec.in_channels = 2, spec.out_channels = 3;
  spec.patch = {6, 9, 19};
  return spec;
}

// Weights that are not zero where the paper's start at zero, so that every layer has a gradient.
void fill(Network& network) {
  torch::NoGradGuard no_grad;
  at::manual_seed(4);
  for (auto& [name, tensor] : network.parameters())
    if (tensor.abs().max().item<float>() == 0) tensor.copy_(0.3 * at::randn(tensor.sizes()));
}

struct Outcome { at::Tensor logits, input; std::vector<at::Tensor> weights; };

Outcome outcome(const ModelSpec& spec, bool fused, bool in_double) {
  Network network(build_graph(spec), 5, {"a", "b"});
  fill(network);
  if (in_double) network.to_double();
  network.use_fused(fused);
  at::manual_seed(9);
  at::Tensor x = at::randn({2, 2, 6, 9, 19}), g = at::randn({2, 3, 6, 9, 19});
  if (in_double) x = x.to(at::kDouble), g = g.to(at::kDouble);
  x.requires_grad_(true);
  Outcome result;
  result.logits = network.forward(x, true)[0];
  (result.logits * g).sum().backward();
  result.input = x.grad();
  for (auto& [name, tensor] : network.parameters()) result.weights.push_back(tensor.grad());
  return result;
}

double difference(const at::Tensor& a, const at::Tensor& b) { return ((a.to(at::kDouble) - b.to(at::kDouble)).abs().max() / (b.to(at::kDouble).abs().max() + 1e-30)).item<double>(); }

TEST(MsdStack, FollowsAutogradInDouble) {
  for (int64_t dims : {3, 2})
    for (int64_t width : {1, 2})
      for (const char* border : {"reflect", "zero"}) {
        ModelSpec spec = spec_of(dims, 5, width, border);
        Outcome ours = outcome(spec, true, false), plain = outcome(spec, false, true);
        // eps of a float times the terms of a sum (27 taps x 12 channels; 2052 voxels for weights), in units of the largest value
        EXPECT_LT(difference(ours.logits, plain.logits), 6e-8 * 27 * 12) << dims << " " << width << " " << border;
        EXPECT_LT(difference(ours.input, plain.input), 6e-8 * 27 * 12 * 4);
        for (size_t i = 0; i < ours.weights.size(); ++i) EXPECT_LT(difference(ours.weights[i], plain.weights[i]), 6e-8 * 2052) << "parameter " << i;
      }
}

TEST(MsdStack, TheFirstStepMovesOnlyTheLastLayer) {
  Network network(build_graph(spec_of(3, 4, 1, "reflect")), 1, {});
  at::Tensor x = at::randn({1, 2, 6, 9, 19}), target = at::randint(0, 3, {1, 6, 9, 19}, at::kLong);
  at::Tensor loss = at::cross_entropy_loss(network.forward(x, true)[0], target);
  EXPECT_NEAR(loss.item<double>(), std::log(3.0), 1e-6);               // the softmax starts uniform
  loss.backward();
  for (auto& [name, tensor] : network.parameters()) EXPECT_EQ(tensor.grad().abs().max().item<float>() > 0, name.rfind("final", 0) == 0) << name;
}

TEST(MsdStack, WithoutAHeadGivesItsFeatureMaps) {
  Node node;
  node.op = Op::msd, node.width = 1, node.layer_dilations = {1, 3}, node.reflect = true, node.kernel = cube(3);
  MsdTensors tensors;
  for (int64_t i = 0; i < 2; ++i) tensors.weight.push_back(at::randn({1, 1 + i, 3, 3, 3}).requires_grad_()), tensors.bias.push_back(at::randn({1}).requires_grad_());
  at::Tensor x = at::randn({1, 1, 5, 4, 21}).requires_grad_(), g = at::randn({1, 3, 5, 4, 21});
  at::Tensor ours = msd_stack(node, x, tensors, false), plain = msd_stack_plain(node, x, tensors);
  EXPECT_LT(difference(ours, plain), 1e-6);
  auto one = torch::autograd::grad({(ours * g).sum()}, {x, tensors.weight[0], tensors.bias[1]}), two = torch::autograd::grad({(plain * g).sum()}, {x, tensors.weight[0], tensors.bias[1]});
  for (size_t i = 0; i < one.size(); ++i) EXPECT_LT(difference(one[i], two[i]), 1e-5);
}

TEST(MsdStack, Bf16IsCloseEnoughToDecide) {
  for (int64_t dims : {3, 2}) {
    ModelSpec spec = spec_of(dims, 12, 1, "reflect");
    Network network(build_graph(spec), 5, {});
    fill(network);
    at::Tensor x = at::randn({1, 2, 6, 9, 19});
    at::Tensor exact = at::softmax(network.forward(x, false)[0], 1);
    network.set_precision(Precision::bf16);
    at::Tensor rounded = at::softmax(network.forward(x, false)[0], 1);
    // 2^-9 of every map and weight, over 12 layers and a head of 14 terms of size 0.3: some hundredths of a logit
    EXPECT_LT((exact - rounded).abs().max().item<double>(), 0.05);
    EXPECT_GT((exact - rounded).abs().max().item<double>(), 0);         // it did compute in another format
  }
}

TEST(MsdStack, ChannelsKeepTheirRandomNumbersByName) {
  ModelSpec two = spec_of(3, 3, 1, "reflect"), one = two;
  one.in_channels = 1;
  Network both(build_graph(two), 5, {"a", "b"}), alone(build_graph(one), 5, {"b"});
  at::Tensor wide = both.parameters()[2].second, narrow = alone.parameters()[2].second;  // second layer: [1][3], [1][2]
  double ratio = (wide.select(1, 1) / narrow.select(1, 0)).mean().item<double>();
  EXPECT_LT(difference(wide.select(1, 1), narrow.select(1, 0) * ratio), 1e-6);
  EXPECT_LT(difference(wide.select(1, 2), narrow.select(1, 1) * ratio), 1e-6);           // the hidden channel too
}

}  // namespace
}  // namespace tomograd
