#include "nn/network.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "base/error.h"
#include "nn/golden_test_support.h"
#include "nn/layers.h"
#include "nn/loss.h"

namespace tomograd {
namespace {

ModelSpec model(const std::string& kind, const std::string& family, int64_t in = 2, Extent patch = cube(16)) {
  ModelSpec spec;
  spec.kind = kind;
  spec.family = family;
  spec.in_channels = in;
  spec.out_channels = 3;
  spec.patch = patch;
  return spec;
}

ModelSpec small_residual(int64_t in = 2) {
  ModelSpec spec = model("unet", "residual", in);
  spec.channels = {4, 8, 16};
  spec.strides = {cube(2), cube(2)};
  return spec;
}

Node node_of(Op op) {
  Node node;
  node.op = op;
  node.name = "n";
  return node;
}

TEST(Layers, MirroredPaddingRepeatsTheEdge) {
  at::Tensor x = at::arange(3, at::kFloat).view({1, 1, 1, 1, 3});
  at::Tensor y = pad_mirrored(x, {0, 0, 4}, {1, 0, 2});
  EXPECT_TRUE(at::equal(y[0][0][1][0], at::tensor({2.0f, 2.0f, 1.0f, 0.0f, 0.0f, 1.0f, 2.0f, 2.0f, 1.0f})));
}

TEST(Layers, PaddingKindsPerAxis) {
  Node conv = node_of(Op::conv);
  conv.kernel = cube(3);
  conv.padding[0] = Padding::valid, conv.padding[1] = Padding::same, conv.padding[2] = Padding::mirror;
  at::Tensor x = hashed(1, {1, 2, 5, 4, 3}), w = hashed(2, {3, 2, 3, 3, 3});
  at::Tensor padded = at::constant_pad_nd(pad_mirrored(x, {0, 0, 1}, {0, 0, 1}), {0, 0, 1, 1}, 0);
  EXPECT_LT(largest_difference(convolve(conv, x, w, {}), at::conv3d(padded, w)), 1e-5);
  conv.kernel = {1, 1, 4};  // an even kernel: one voxel before, two after
  conv.padding[2] = Padding::same;
  w = hashed(3, {1, 2, 1, 1, 4});
  EXPECT_LT(largest_difference(convolve(conv, x, w, {}), at::conv3d(at::constant_pad_nd(x, {1, 2}, 0), w)), 1e-5);
}

TEST(Layers, UpsamplingRepeatsAndPoolingKeepsTheCutWindow) {
  Node up = node_of(Op::upsample);
  up.factor = {1, 1, 3};
  at::Tensor x = at::tensor({1.0f, 2.0f}).view({1, 1, 1, 1, 2});
  EXPECT_TRUE(at::equal(upsample(up, x, {1, 1, 6}).flatten(), at::tensor({1.0f, 1.0f, 1.0f, 2.0f, 2.0f, 2.0f})));
  up.linear_upsample = true;
  up.factor = {1, 1, 2};
  EXPECT_LT(largest_difference(upsample(up, x, {1, 1, 4}).flatten(), at::tensor({1.0f, 1.25f, 1.75f, 2.0f})), 1e-6);
  Node average = node_of(Op::pool);
  average.factor = {1, 1, 2};
  average.max_pool = false;
  at::Tensor row = at::tensor({1.0f, 3.0f, 7.0f}).view({1, 1, 1, 1, 3});
  EXPECT_TRUE(at::equal(pool(average, row).flatten(), at::tensor({2.0f, 7.0f})));
  average.padding[2] = Padding::valid;
  EXPECT_TRUE(at::equal(pool(average, row).flatten(), at::tensor({2.0f})));
}

TEST(Layers, AdditionPadsAndDropsChannels) {
  Node add = node_of(Op::add);
  add.pad_channels = true;
  at::Tensor two = at::ones({1, 2, 1, 1, 1}), three = at::full({1, 3, 1, 1, 1}, 2.0f);
  EXPECT_TRUE(at::equal(add_nodes(add, {three, two}).flatten(), at::tensor({3.0f, 3.0f, 2.0f})));
  EXPECT_TRUE(at::equal(add_nodes(add, {two, three}).flatten(), at::tensor({3.0f, 3.0f})));
  add.pad_channels = false;
  EXPECT_THROW(add_nodes(add, {two, three}), Error);
}

TEST(Layers, DropoutIsAFunctionOfSeedStepAndName) {
  Node node = node_of(Op::dropout);
  node.dropout = 0.25;
  node.drops_channels = false;
  at::Tensor x = at::ones({2, 3, 20, 20, 20});
  at::Tensor a = dropout_mask(node, x, 1, 5);
  int threads = at::get_num_threads();
  at::set_num_threads(1);
  EXPECT_TRUE(at::equal(a, dropout_mask(node, x, 1, 5)));
  at::set_num_threads(threads);
  EXPECT_FALSE(at::equal(a, dropout_mask(node, x, 1, 6)));
  EXPECT_FALSE(at::equal(a, dropout_mask(node, x, 2, 5)));
  EXPECT_NEAR(a.mean().item<double>(), 0.75, 5 * std::sqrt(0.25 * 0.75 / 48000));  // five standard deviations
  EXPECT_NEAR(drop_out(node, x, true, 1, 5).mean().item<double>(), 1, 0.02);
  node.classic_dropout = true;
  EXPECT_NEAR(drop_out(node, x, true, 1, 5).mean().item<double>(), 0.75, 0.02);
  EXPECT_FLOAT_EQ(drop_out(node, x, false, 1, 5).mean().item<float>(), 0.75f);
  node.drops_channels = true;
  EXPECT_EQ(dropout_mask(node, x, 1, 5).numel(), 6);
}

TEST(Network, InitialWeightsAreHeNormalAndDependOnTheSeedAlone) {
  ModelSpec spec = model("unet", "unet3d");
  spec.depth = 2;
  Network a(build_graph(spec), 7, {"x", "y"}), b(build_graph(spec), 7, {"x", "y"}), c(build_graph(spec), 8, {"x", "y"});
  auto pa = a.parameters(), pb = b.parameters(), pc = c.parameters();
  std::vector<Parameter> facts = parameters(a.graph());
  for (size_t i = 0; i < pa.size(); ++i) {
    EXPECT_TRUE(at::equal(pa[i].second, pb[i].second));
    if (pa[i].second.dim() != 5) continue;
    EXPECT_FALSE(at::equal(pa[i].second, pc[i].second));
    auto fact = std::find_if(facts.begin(), facts.end(), [&](auto& f) { return f.name == pa[i].first; });
    double n = double(pa[i].second.numel()), deviation = std::sqrt(2.0 / double(fact->fan_in));
    at::Tensor w = pa[i].second.detach().to(at::kDouble);
    EXPECT_NEAR(w.mean().item<double>(), 0, 5 * deviation / std::sqrt(n)) << pa[i].first;
    EXPECT_NEAR(w.std().item<double>(), deviation, 5 * deviation / std::sqrt(2 * n)) << pa[i].first;
  }
}

TEST(Network, ChannelsThatStayKeepTheirRandomNumbers) {
  Network all(build_graph(small_residual(3)), 1, {"T1", "T2", "ADC"}), without(build_graph(small_residual(2)), 1, {"T1", "ADC"});
  auto pa = all.parameters(), pw = without.parameters();
  ASSERT_EQ(pa.size(), pw.size());
  int first = 0;
  for (size_t i = 0; i < pa.size(); ++i) {
    at::Tensor a = pa[i].second.detach(), w = pw[i].second.detach();
    if (a.sizes() == w.sizes()) {
      EXPECT_TRUE(at::equal(a, w)) << pa[i].first;
    } else {
      ++first;
      double scale = std::sqrt(3.0 / 2.0);  // the fan-in's
      EXPECT_LT(largest_difference(a.select(1, 0) * scale, w.select(1, 0)), 1e-6);
      EXPECT_LT(largest_difference(a.select(1, 2) * scale, w.select(1, 1)), 1e-6);
    }
  }
  EXPECT_EQ(first, 2);
}

TEST(Network, GradientsAreThoseOfFiniteDifferences) {
  Network network(build_graph(small_residual()), 1, {});
  network.to_double();
  at::Tensor x = hashed(1, {1, 2, 8, 8, 8}).to(at::kDouble), labels = ((hashed(2, {1, 8, 8, 8}) + 0.5) * 3).to(at::kByte);
  auto value = [&] { return loss(LossSpec(), network.forward(x, true), {1}, labels, nullptr); };
  value().backward();
  for (auto& [name, tensor] : network.parameters()) {
    at::Tensor flat = tensor.detach().view(-1);
    for (int64_t i : {int64_t{0}, flat.numel() / 2}) {
      double at_i = flat[i].item<double>(), step = 1e-5;
      flat[i] = at_i + step;
      double up = value().item<double>();
      flat[i] = at_i - step;
      double down = value().item<double>();
      flat[i] = at_i;
      EXPECT_NEAR(tensor.grad().reshape(-1)[i].item<double>(), (up - down) / (2 * step), 1e-6) << name;
    }
  }
}

// The fused kernels against the plain operations, output and every gradient, for both formats. Differences in float32 are
// rounding; bfloat16 keeps 8 bits, so results of the two orders of work agree to about 2 % of their size.
TEST(Network, FusedIsPlain) {
  for (Precision precision : {Precision::f32, Precision::bf16}) {
    ModelSpec spec = small_residual();
    spec.channels = {4, 16, 48};  // 4: several voxels in a vector, 48: three vectors in a voxel
    for (Extent size : {Extent{16, 16, 16}, Extent{8, 12, 20}}) {
      std::vector<at::Tensor> outputs, gradients;
      for (bool fused : {false, true}) {
        Network network(build_graph(spec), 1, {});
        network.set_precision(precision);
        network.use_fused(fused);
        at::Tensor x = hashed(1, {2, 2, size.z, size.y, size.x}), y = network.forward(x, true)[0];
        outputs.push_back(y.detach());
        (y * hashed(2, y.sizes())).sum().backward();
        std::vector<at::Tensor> flat;
        for (auto& [name, tensor] : network.parameters()) {
          bool idle = name.size() > 10 && name.substr(name.size() - 10) == ".conv.bias";
          flat.push_back(idle ? at::zeros({1}) : tensor.grad().reshape(-1));  // what the norm cancels is rounding in one, zero in the other
        }
        gradients.push_back(at::cat(flat));
      }
      double tolerance = precision == Precision::f32 ? 1e-4 : 0.04;
      EXPECT_LT(((outputs[0] - outputs[1]).norm() / outputs[0].norm()).item<double>(), tolerance);
      EXPECT_LT(((gradients[0] - gradients[1]).norm() / gradients[0].norm()).item<double>(), precision == Precision::f32 ? 1e-3 : 0.15);
    }
  }
}

TEST(Network, RepeatsGiveTheSameBits) {
  Network network(build_graph(small_residual()), 1, {});
  at::Tensor x = hashed(1, {2, 2, 16, 16, 16});
  auto run = [&] {
    for (auto& [name, tensor] : network.parameters()) tensor.mutable_grad() = at::Tensor();
    at::Tensor y = network.forward(x, true)[0];
    y.square().mean().backward();
    std::vector<at::Tensor> flat = {y.detach().reshape(-1)};
    for (auto& [name, tensor] : network.parameters()) flat.push_back(tensor.grad().reshape(-1));
    return at::cat(flat);
  };
  EXPECT_TRUE(at::equal(run(), run()));
}

TEST(Network, InferenceHasOneHeadAndNoAutogradGraph) {
  ModelSpec spec = model("unet", "nnunet", 2, cube(32));
  spec.filters = 4;
  Network network(build_graph(spec), 1, {});
  at::Tensor x = hashed(1, {1, 2, 32, 32, 32});
  EXPECT_EQ(network.forward(x, true).size(), network.graph().outputs.size());
  auto heads = network.forward(x, false);
  ASSERT_EQ(heads.size(), 1u);
  EXPECT_FALSE(heads[0].requires_grad());
  EXPECT_EQ(heads[0].scalar_type(), at::kFloat);
}

TEST(Network, EveryModelTrainsAStep) {
  std::vector<ModelSpec> specs = {model("unet", "residual"), model("unet", "unet3d"), model("unet", "nnunet"), model("deepmedic", "residual")};
  for (ModelSpec& spec : specs) {
    spec.filters = 4;
    if (spec.kind == "deepmedic") spec.path_channels = {4, 4, 4, 4, 4, 4, 4, 4}, spec.fc_channels = {8, 8};
    for (Precision precision : {Precision::f32, Precision::bf16}) {
      Network network(build_graph(spec), 1, {});
      network.set_precision(precision);
      at::Tensor x = hashed(1, {2, 2, 16, 16, 16});
      auto heads = network.forward(x, true, 3);
      std::vector<double> weights;
      for (const Head& head : network.graph().outputs) weights.push_back(head.loss_weight);
      at::Tensor value = loss(LossSpec(), heads, weights, at::ones({2, 16, 16, 16}, at::kByte), nullptr);
      value.backward();
      EXPECT_TRUE(std::isfinite(value.item<double>())) << spec.kind << spec.family;
      for (auto& [name, tensor] : network.parameters()) {
        ASSERT_TRUE(tensor.grad().defined()) << spec.kind << " " << spec.family << " " << name;
        EXPECT_TRUE(tensor.grad().isfinite().all().item<bool>()) << name;
      }
    }
  }
}

TEST(Network, LoadsOnlyWhatHasItsShape) {
  Network small(build_graph(small_residual(2)), 1, {}), large(build_graph(small_residual(3)), 2, {});
  std::map<std::string, at::Tensor> tensors;
  for (auto& [name, tensor] : small.state()) tensors[name] = tensor.detach().clone();
  EXPECT_THROW(large.load(tensors, false), Error);
  EXPECT_THROW(large.load(tensors, true), Error);  // by position the channels would be mixed up
  tensors.erase(tensors.begin());
  EXPECT_THROW(small.load(tensors, false), Error);
  small.load(tensors, true);
}

TEST(Network, RefusesWhatDoesNotFit) {
  Network network(build_graph(small_residual()), 1, {});
  EXPECT_THROW(network.forward(at::zeros({1, 3, 16, 16, 16}), false), Error);
  EXPECT_THROW(network.forward(at::zeros({2, 16, 16, 16}), false), Error);
  EXPECT_THROW(network.set_precision(Precision::f16), Error);
  EXPECT_THROW(Network(build_graph(small_residual()), 1, {"one"}), Error);
}

}  // namespace
}  // namespace tomograd
