// The deep image prior's network against the published one (tests/golden/generate_skip.py), and the operations that it brought.
#include <gtest/gtest.h>
#include <torch/torch.h>

#include "arch/lanczos.h"
#include "base/error.h"
#include "nn/golden_test_support.h"
#include "nn/lanczos.h"
#include "nn/layers.h"
#include "nn/norms.h"
#include "nn/reflect_pad.h"
#include "spec/text_formats.h"

namespace tomograd {
namespace {

struct SkipCase {
  const char *name, *options;
  Extent size;
};

const SkipCase skip_cases[] = {
    {"default", "", {11, 13, 9}},
    {"reflection", "pad = 'reflection'\nupsample = 'linear'\nn_up = [5, 3]\nk_up = 5", {11, 13, 9}},
    {"average", "pad = 'reflection'\nupsample = 'linear'\ndownsample = 'avg'\nk_skip = 3", {12, 8, 16}},
    {"maximum", "downsample = 'max'\nactivation = 'elu'", {12, 8, 16}},
    {"lanczos2", "downsample = 'lanczos2'\nup_1x1 = 'no'", {12, 8, 16}},
    {"lanczos3", "downsample = 'lanczos3'\nactivation = 'swish'\npad = 'reflection'\nn_skip = [3, 2]", {12, 8, 16}},
    {"planes", "dims = 2\nupsample = 'linear'\nn_skip = [2, 3]", {1, 13, 18}},
    {"planes_lanczos2", "dims = 2\npad = 'reflection'\ndownsample = 'lanczos2'", {1, 12, 16}},
    {"logits", "sigmoid = 'no'\nactivation = 'none'\nconv_bias = 'no'", {11, 13, 9}},
    {"no_skip", "n_down = [4, 5, 6]\nn_up = [3, 4, 5]\nn_skip = [0, 3, 0]\nupsample = 'linear'", {16, 8, 24}},
};

Network skip_network(const SkipCase& one) {
  std::string options = one.options;
  if (options.find("n_down") == std::string::npos) options += "\nn_down = [4, 6]";
  auto spec = spec_from<ModelSpec>(parse_toml("kind = 'skip'\nin_channels = 3\nout_channels = 2\n" + options, one.name));
  spec.patch = one.size;
  Network network(build_graph(spec), 1, {});
  set_hashed(network);
  return network;
}

at::Tensor golden_of(const SkipCase& one, const char* part) {
  static const TensorFile file = golden("skip.safetensors");
  return file.tensors.at(text(one.name, "/", part)).to(at::kDouble);
}

// The loss whose gradients the golden file holds: the inner product of the result with hashed numbers.
at::Tensor weighed(Network& network, const at::Tensor& x) {
  at::Tensor y = network.forward(x, true)[0];
  return (y * hashed(2, y.sizes()).to(y.scalar_type())).sum();
}

// Output, and the gradients' products with hashed numbers, within `tolerance` of their size.
void check_golden(const SkipCase& one, Network& network, const at::Tensor& x, double tolerance) {
  at::Tensor expected = golden_of(one, "output").reshape({1, 2, one.size.z, one.size.y, one.size.x}), products = golden_of(one, "gradients");
  EXPECT_LT(largest_difference(network.forward(x, false)[0], expected), tolerance * expected.abs().max().item<double>());
  weighed(network, x).backward();
  auto parameters = network.parameters();
  ASSERT_EQ(int64_t(parameters.size()), products.numel());
  double of_all = 0;                             // a bias before a norm has no gradient but rounding, of the size of the others' terms
  for (auto& [name, tensor] : parameters) {
    ASSERT_TRUE(tensor.grad().defined()) << name;
    of_all = std::max(of_all, tensor.grad().norm().item<double>());
  }
  for (size_t i = 0; i < parameters.size(); ++i) {
    auto& [name, tensor] = parameters[i];
    at::Tensor weights = hashed(500 + i, tensor.sizes()).to(at::kDouble);
    double product = (tensor.grad().to(at::kDouble) * weights).sum().item<double>();
    EXPECT_NEAR(product, products[int64_t(i)].item<double>(), tolerance * of_all * weights.norm().item<double>()) << name;
  }
}

class SkipGolden : public testing::TestWithParam<SkipCase> {};

TEST_P(SkipGolden, Float32) {
  for (bool fused : {true, false}) {
    SCOPED_TRACE(fused);
    Network network = skip_network(GetParam());
    network.use_fused(fused);
    Extent size = GetParam().size;
    check_golden(GetParam(), network, hashed(1, {1, 3, size.z, size.y, size.x}), 1e-4);
  }
}

TEST_P(SkipGolden, Float64) {
  Network network = skip_network(GetParam());
  network.to_double();
  Extent size = GetParam().size;
  check_golden(GetParam(), network, hashed(1, {1, 3, size.z, size.y, size.x}).to(at::kDouble), 1e-10);
}

INSTANTIATE_TEST_SUITE_P(Published, SkipGolden, testing::ValuesIn(skip_cases), [](auto& info) { return std::string(info.param.name); });

class SkipDifferences : public testing::TestWithParam<SkipCase> {};

TEST_P(SkipDifferences, AreTheGradients) {
  Network network = skip_network(GetParam());
  network.to_double();
  Extent size = GetParam().size;
  at::Tensor x = hashed(1, {1, 3, size.z, size.y, size.x}).to(at::kDouble);
  weighed(network, x).backward();
  torch::NoGradGuard no_grad;
  for (auto& [name, tensor] : network.parameters()) {
    at::Tensor flat = tensor.detach().view(-1);
    int64_t i = flat.numel() / 2;
    double at_i = flat[i].item<double>(), step = 1e-6;  // small, so that hardly a value crosses a kink within it
    flat[i] = at_i + step;
    double up = weighed(network, x).item<double>();
    flat[i] = at_i - step;
    double down = weighed(network, x).item<double>();
    flat[i] = at_i;
    EXPECT_NEAR(tensor.grad().reshape(-1)[i].item<double>(), (up - down) / (2 * step), 1e-5) << name;
  }
}

INSTANTIATE_TEST_SUITE_P(Finite, SkipDifferences, testing::Values(skip_cases[3], skip_cases[5], skip_cases[9]), [](auto& info) { return std::string(info.param.name); });

TEST(ReflectPad, DoesNotRepeatTheEdgeHoweverWide) {
  at::Tensor x = at::arange(3, at::kFloat).view({1, 1, 1, 1, 3});
  at::Tensor y = pad_reflected(x, {0, 0, 5}, {0, 0, 2});
  EXPECT_TRUE(at::equal(y.flatten(), at::tensor({1.0f, 0.0f, 1.0f, 2.0f, 1.0f, 0.0f, 1.0f, 2.0f, 1.0f, 0.0f})));
}

TEST(ReflectPad, IsLibtorchsForwardAndBackward) {
  for (at::MemoryFormat format : {at::MemoryFormat::Contiguous, at::MemoryFormat::ChannelsLast3d}) {
    at::Tensor x = hashed(1, {2, 3, 4, 2, 5}).contiguous(format).requires_grad_(), y = hashed(1, {2, 3, 4, 2, 5}).requires_grad_();
    at::Tensor ours = pad_reflected(x, {2, 1, 3}, {1, 1, 0}), theirs = at::reflection_pad3d(y, {3, 0, 1, 1, 2, 1});
    EXPECT_TRUE(at::equal(ours, theirs));
    EXPECT_TRUE(ours.is_contiguous(format));
    at::Tensor g = hashed(2, ours.sizes());
    (ours * g).sum().backward();
    (theirs * g).sum().backward();
    EXPECT_LT(largest_difference(x.grad(), y.grad()), 1e-6);
  }
}

TEST(ReflectPad, BeforeAConvolution) {
  Node conv;
  conv.op = Op::conv;
  conv.kernel = {4, 1, 3};                       // even: one voxel before, two after
  conv.padding[0] = conv.padding[1] = conv.padding[2] = Padding::reflect;
  at::Tensor x = hashed(1, {1, 2, 5, 1, 4}), w = hashed(2, {3, 2, 4, 1, 3});
  EXPECT_LT(largest_difference(convolve(conv, x, w, {}), at::conv3d(at::reflection_pad3d(x, {1, 1, 0, 0, 1, 2}), w)), 1e-5);
}

TEST(LanczosDownsampling, IsTheFilterWithRepeatedEdges) {
  Node node;
  node.op = Op::lanczos;
  for (int64_t lobes : {2, 3})
    for (Extent factor : {Extent{1, 1, 2}, Extent{3, 1, 2}, cube(2)}) {
      node.factor = factor, node.lobes = lobes;
      at::Tensor flat = at::full({1, 2, 7, 5, 9}, 3.0, at::kDouble), coarse = at::full({1, 2, ceil_div(7, factor.z), ceil_div(5, factor.y), ceil_div(9, factor.x)}, 3.0, at::kDouble);
      EXPECT_LT(largest_difference(lanczos(node, flat), coarse), 1e-12);
    }
  node.factor = {1, 1, 2}, node.lobes = 2;
  at::Tensor row = hashed(1, {1, 1, 1, 1, 9}), y = lanczos(node, row);
  LanczosFilter filter = lanczos_filter(2, 2);
  for (int64_t i = 0; i < 5; ++i) {
    double sum = 0;
    for (int64_t t = 0; t < 8; ++t) sum += filter.taps[size_t(t)] * row.flatten()[std::clamp<int64_t>(2 * i - 3 + t, 0, 8)].item<double>();
    EXPECT_NEAR(y.flatten()[i].item<double>(), sum, 1e-6);
  }
  EXPECT_EQ(lanczos(node, row.to(at::kBFloat16)).scalar_type(), at::kBFloat16);
}

TEST(Skip, InstanceNormTakesGradientsInEveryMemoryOrder) {
  Node norm;
  norm.op = Op::norm, norm.norm = Norm::instance;
  at::Tensor weight = hashed(1, {7}), bias = hashed(2, {7});
  for (int64_t batch : {1, 2})
    for (at::MemoryFormat format : {at::MemoryFormat::Contiguous, at::MemoryFormat::ChannelsLast3d}) {
      at::Tensor x = hashed(3, {batch, 7, 5, 4, 3}).requires_grad_();
      at::Tensor y = normalize(norm, x, {weight, bias, {}, {}, {}}, true);
      at::Tensor gradient = torch::autograd::grad({y}, {x}, {hashed(4, y.sizes()).contiguous(format)})[0];
      at::Tensor expected = (x - x.mean({2, 3, 4}, true)) / (x.var({2, 3, 4}, false, true) + norm.epsilon).sqrt() * weight.view({1, 7, 1, 1, 1}) + bias.view({1, 7, 1, 1, 1});
      EXPECT_LT(largest_difference(y.detach(), expected.detach()), 1e-5);
      EXPECT_LT(largest_difference(gradient, torch::autograd::grad({expected}, {x}, {hashed(4, y.sizes())})[0]), 1e-5);
    }
}

TEST(Skip, UpsamplingKeepsTheMemoryOrder) {
  Node up;
  up.op = Op::upsample;
  up.factor = {2, 1, 3};
  at::Tensor x = hashed(1, {2, 3, 2, 4, 5}), last = x.contiguous(at::MemoryFormat::ChannelsLast3d);
  at::Tensor y = upsample(up, x, {4, 4, 15}), z = upsample(up, last, {4, 4, 15});
  EXPECT_TRUE(at::equal(y, z));
  EXPECT_TRUE(z.is_contiguous(at::MemoryFormat::ChannelsLast3d));
}

// Sizes that no scale divides, which the published network answers in another size.
const SkipCase odd_cases[] = {{"odd", "downsample = 'avg'\nactivation = 'swish'", {9, 11, 7}},
                              {"odd", "downsample = 'lanczos2'\npad = 'reflection'\nactivation = 'elu'\nn_skip = [0, 2]", {9, 11, 7}}};

struct SkipStep { at::Tensor output, gradient; };

SkipStep skip_step(const SkipCase& one, Precision precision, bool fused, bool recomputing) {
  Network network = skip_network(one);
  network.set_precision(precision);
  network.use_fused(fused);
  network.use_recomputing(recomputing);
  at::Tensor y = network.forward(hashed(1, {1, 3, one.size.z, one.size.y, one.size.x}), true)[0];
  EXPECT_EQ(spatial_size(y), one.size);
  (y * hashed(2, y.sizes())).sum().backward();
  std::vector<at::Tensor> flat;
  for (auto& [name, tensor] : network.parameters()) flat.push_back(tensor.grad().defined() ? tensor.grad().reshape(-1) : at::full({1}, NAN));
  return {y.detach(), at::cat(flat)};
}

double relative(const at::Tensor& a, const at::Tensor& b) { return ((a - b).norm() / b.norm()).item<double>(); }

TEST(Skip, TrainsInEveryFormat) {
  for (const SkipCase& one : odd_cases) {
    SkipStep plain = skip_step(one, Precision::f32, false, false), fused = skip_step(one, Precision::f32, true, false), narrow = skip_step(one, Precision::bf16, true, false);
    EXPECT_LT(relative(fused.output, plain.output), 1e-5);
    EXPECT_LT(relative(fused.gradient, plain.gradient), 1e-4);
    EXPECT_LT(relative(narrow.output, plain.output), 0.05);  // bfloat16 keeps 8 bits
    EXPECT_LT(relative(narrow.gradient, plain.gradient), 0.3);
  }
}

TEST(Skip, RecomputesTheSameStep) {
  for (const SkipCase& one : odd_cases) {
    SkipStep kept = skip_step(one, Precision::f32, true, false), again = skip_step(one, Precision::f32, true, true);
    EXPECT_LT(relative(again.output, kept.output), 1e-5);
    EXPECT_LT(relative(again.gradient, kept.gradient), 1e-4);
  }
}

}  // namespace
}  // namespace tomograd
