// Whole networks against MONAI and against references written down from the papers: outputs, and the gradient of every
// parameter as its inner product with hashed numbers.
#include <gtest/gtest.h>
#include <torch/torch.h>

#include "nn/golden_test_support.h"

namespace tomograd {
namespace {

// Float32 networks whose values are near 1: each of the ~10 layers adds rounding of about eps * sqrt(terms) < 1e-5.
constexpr double tolerance = 1e-4;

void check_training(Network& network, const TensorFile& expected, const at::Tensor& input, uint64_t seed_of_output) {
  for (auto& [name, tensor] : network.parameters()) tensor.mutable_grad() = at::Tensor();
  at::Tensor y = network.forward(input, true)[0];
  EXPECT_LT(largest_difference(y.detach(), expected.tensors.at("output")), tolerance);
  (y * hashed(seed_of_output, y.sizes())).sum().backward();
  at::Tensor products = expected.tensors.at("gradients");
  auto parameters = network.parameters();
  ASSERT_EQ(int64_t(parameters.size()), products.numel());
  for (size_t i = 0; i < parameters.size(); ++i) {
    auto& [name, tensor] = parameters[i];
    ASSERT_TRUE(tensor.grad().defined()) << name;
    at::Tensor weights = hashed(500 + i, tensor.sizes()).to(at::kDouble), gradient = tensor.grad().to(at::kDouble);
    double product = (gradient * weights).sum().item<double>(), size = gradient.norm().item<double>() * weights.norm().item<double>();
    EXPECT_NEAR(product, products[int64_t(i)].item<double>(), 1e-4 * size + 1e-3) << name;
  }
}

ModelSpec small(const std::string& kind, const std::string& family) {
  ModelSpec spec;
  spec.kind = kind;
  spec.family = family;
  spec.in_channels = 2;
  spec.out_channels = 3;
  spec.patch = {8, 16, 24};
  return spec;
}

class Golden : public testing::TestWithParam<bool> {};  // fused kernels on, off

TEST_P(Golden, ResidualIsMonai) {
  ModelSpec spec = small("unet", "residual");
  spec.channels = {4, 8, 16, 32};
  spec.strides = {cube(2), cube(2), cube(2)};
  Network network(build_graph(spec), 1, {});
  network.use_fused(GetParam());
  set_hashed(network);
  check_training(network, golden("monai_unet.safetensors"), hashed(1, {2, 2, 8, 16, 24}), 2);
}

TEST_P(Golden, UNet3d) {
  ModelSpec spec = small("unet", "unet3d");
  spec.depth = 2;
  spec.filters = 4;
  Network network(build_graph(spec), 1, {});
  network.use_fused(GetParam());
  set_hashed(network);
  TensorFile expected = golden("unet3d.safetensors");
  at::Tensor x = hashed(1, {2, 2, 8, 12, 16});
  check_training(network, expected, x, 2);
  EXPECT_LT(largest_difference(network.forward(x, false)[0], expected.tensors.at("inference")), tolerance);
}

TEST_P(Golden, DeepMedic) {
  ModelSpec spec = small("deepmedic", "");
  spec.family = "residual";
  spec.variant = "default";
  spec.factors = {cube(1), cube(3)};
  spec.path_channels = {4, 4, 5, 5, 6, 6, 7, 7};
  spec.fc_channels = {8, 16};
  spec.patch = {50, 51, 57};
  spec.dropout = 0;
  Network network(build_graph(spec), 1, {});
  network.use_fused(GetParam());
  set_hashed(network);
  TensorFile expected = golden("deep_medic.safetensors");
  network.forward(hashed(1, {2, 2, 50, 51, 57}), true);
  check_training(network, expected, hashed(2, {2, 2, 50, 51, 57}), 3);
  at::Tensor x = hashed(4, {1, 2, 50, 51, 57});
  EXPECT_LT(largest_difference(network.forward(x, false)[0], expected.tensors.at("inference")), tolerance);

  spec.dropout = 0.5;
  Network dropping(build_graph(spec), 1, {});
  std::map<std::string, at::Tensor> state;
  for (auto& [name, tensor] : network.state()) state[name] = tensor;
  dropping.load(state, false);
  EXPECT_LT(largest_difference(dropping.forward(x, false)[0], expected.tensors.at("inference_dropout")), tolerance);
}

INSTANTIATE_TEST_SUITE_P(Kernels, Golden, testing::Bool(), [](auto& info) { return info.param ? "fused" : "plain"; });

}  // namespace
}  // namespace tomograd
