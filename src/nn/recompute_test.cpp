#include <gtest/gtest.h>
#include <torch/torch.h>

#include "nn/golden_test_support.h"
#include "nn/network.h"
#include "nn/tensor_bytes_test_support.h"

namespace tomograd {
namespace {

ModelSpec small_model(const std::string& kind, const std::string& family) {
  ModelSpec spec;
  spec.kind = kind, spec.family = family;
  spec.in_channels = 2, spec.out_channels = 3;
  spec.patch = {18, 20, 22};
  spec.filters = 9, spec.depth = 2;              // more than 8 channels: convolutions of libtorch beside our own
  if (family == "residual") spec.channels = {9, 12, 16}, spec.strides = {cube(2), cube(2)}, spec.depth = 0, spec.filters = 0;
  if (kind == "skip") spec.n_down = {9, 12}, spec.n_skip = {4}, spec.upsample = "linear", spec.pad = "reflection";
  if (kind == "deepmedic") spec.patch = cube(57);
  if (kind != "unet") spec.depth = 0, spec.filters = 0;
  return spec;
}

struct Step { std::vector<at::Tensor> heads; std::map<std::string, at::Tensor> gradients, state; int64_t peak = 0; };

Step step_of(const ModelSpec& spec, bool recomputing, Precision precision, bool fused = true, bool in_double = false) {
  Network network(build_graph(spec), 3, {"a", "b"});
  network.set_precision(precision);
  network.use_fused(fused);
  network.use_recomputing(recomputing);
  if (in_double) network.to_double();
  at::Tensor x = hashed(1, {2, 2, spec.patch.z, spec.patch.y, spec.patch.x});
  if (in_double) x = x.to(at::kDouble);
  Step step;
  TensorBytes bytes;
  at::Tensor loss;
  uint64_t k = 10;
  for (const at::Tensor& head : network.forward(x, true, 5)) {
    step.heads.push_back(head.detach());
    at::Tensor part = (head * hashed(k++, head.sizes()).to(head.scalar_type())).sum();
    loss = loss.defined() ? loss + part : part;
  }
  loss.backward();
  step.peak = bytes.peak();
  for (auto& [name, tensor] : network.parameters()) step.gradients[name] = tensor.grad();
  for (auto& [name, tensor] : network.state()) step.state[name] = tensor.detach();
  return step;
}

// A gradient that several readers add up may be added in another order, each sum off by half an ulp of the largest partial sum.
void expect_same(const Step& a, const Step& b, double epsilon) {
  ASSERT_EQ(a.heads.size(), b.heads.size());
  for (size_t h = 0; h < a.heads.size(); ++h) EXPECT_TRUE(at::equal(a.heads[h], b.heads[h])) << "head " << h;
  for (const auto& [name, gradient] : a.gradients) {
    const at::Tensor& other = b.gradients.at(name);
    ASSERT_EQ(gradient.defined(), other.defined()) << name;
    if (gradient.defined()) { EXPECT_LE(largest_difference(gradient, other), epsilon * (1 + gradient.abs().max().item<double>())) << name; }
  }
  for (const auto& [name, tensor] : a.state) EXPECT_TRUE(at::equal(tensor, b.state.at(name))) << name;
}

TEST(Recompute, SameStepInEveryNetwork) {
  for (auto [kind, family] : {std::pair{"unet", "unet3d"}, {"unet", "residual"}, {"unet", "nnunet"}, {"deepmedic", ""}, {"skip", ""}}) {
    SCOPED_TRACE(std::string(kind) + " " + family);
    ModelSpec spec = small_model(kind, family);
    spec.dropout = 0.2;
    double sums = 6e-8 * double(2 * spec.patch.voxels());  // of so many values of about 1, which cancel where a norm takes a bias away
    expect_same(step_of(spec, false, Precision::f32), step_of(spec, true, Precision::f32), sums);
    expect_same(step_of(spec, false, Precision::f32, false), step_of(spec, true, Precision::f32, false), sums);
  }
}

TEST(Recompute, SameStepInOtherPrecisions) {
  ModelSpec spec = small_model("unet", "unet3d");
  expect_same(step_of(spec, false, Precision::bf16), step_of(spec, true, Precision::bf16), 4e-2);  // sums of gradients in bfloat16: 2^-8 each, a few of them
  expect_same(step_of(spec, false, Precision::f32, true, true), step_of(spec, true, Precision::f32, true, true), 1e-12);
}

// In bfloat16, where no convolution of libtorch unfolds its input, which for small float32 images outweighs all else.
TEST(Recompute, TakesLessMemory) {
  ModelSpec spec;
  spec.kind = "skip";
  spec.in_channels = 2, spec.out_channels = 1;
  spec.n_down = {16, 16, 16}, spec.n_skip = {4};
  spec.upsample = "linear", spec.pad = "reflection";
  spec.patch = cube(48);
  Graph graph = build_graph(spec);
  int64_t with = step_of(spec, true, Precision::bf16).peak, without = step_of(spec, false, Precision::bf16).peak;
  EXPECT_LT(with, without * 17 / 20) << with << " of " << without;
  int64_t planned = recomputing_activation_bytes(graph, spec.patch, 2, 2);
  EXPECT_LT(with, planned * 3 / 2) << with << ", planned " << planned;
  EXPECT_LT(planned, activation_bytes(graph, spec.patch, 2, 2, true));
}

TEST(Recompute, PredictionIsNotTouched) {
  ModelSpec spec = small_model("unet", "residual");
  Network a(build_graph(spec), 3, {"a", "b"}), b(build_graph(spec), 3, {"a", "b"});
  b.use_recomputing(true);
  at::Tensor x = hashed(4, {1, 2, 17, 19, 13});
  EXPECT_TRUE(at::equal(a.forward(x, false)[0], b.forward(x, false)[0]));
}

}  // namespace
}  // namespace tomograd
