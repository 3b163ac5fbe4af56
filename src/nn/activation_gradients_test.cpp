#include "nn/activation_gradients.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cmath>
#include <numeric>

#include "nn/golden_test_support.h"

namespace tomograd {
namespace {

Network watched_network() {
  ModelSpec spec;
  spec.family = "unet3d";
  spec.in_channels = 2, spec.out_channels = 3;
  spec.patch = cube(16);
  spec.filters = 9, spec.depth = 2;
  return Network(build_graph(spec), 3, {"a", "b"});
}

at::Tensor watched_input() { return hashed(1, {2, 2, 16, 16, 16}); }

const LayerGradients* named(const std::vector<LayerGradients>& layers, const std::string& name) {
  for (const auto& layer : layers)
    if (layer.layer == name) return &layer;
  return nullptr;
}

int64_t in_histogram(const LayerGradients& layer) { return std::accumulate(layer.histogram.begin(), layer.histogram.end(), int64_t{0}); }

// A loss of 2^k times the sum of the logits has that gradient at each of them, and the sum over the classes of 2^k times the weights
// at what the last convolution, of 1 x 1 x 1, reads: with nothing scaled, and with a scale of 2^k, of which the histogram knows nothing.
TEST(ActivationGradients, AreThoseThatArriveAtTheNodes) {
  Network network = watched_network();
  network.to_double();
  const Node& last = network.graph().nodes[size_t(network.graph().outputs[0].node)];
  const Node& before = network.graph().nodes[size_t(last.inputs[0])];
  ASSERT_EQ(last.op, Op::conv);
  at::Tensor weight;
  for (auto& [name, tensor] : network.parameters())
    if (name == last.name + ".weight") weight = tensor.detach();
  ASSERT_EQ(weight.numel() / weight.size(0), weight.size(1));
  constexpr int64_t voxels = 2 * 16 * 16 * 16;
  for (double scale : {1.0, 0x1p20}) {
    ActivationGradients watched(network, scale);
    (network.forward(watched_input().to(at::kDouble), true)[0].sum() * 0x1p20).backward();
    std::vector<LayerGradients> layers = watched.layers();
    const LayerGradients *logits = named(layers, last.name), *read = named(layers, before.name);
    ASSERT_TRUE(logits && read);
    EXPECT_EQ(logits->values, 3 * voxels);
    int place = (scale == 1 ? 20 : 0) - LayerGradients::lowest_exponent;
    EXPECT_EQ(logits->histogram[size_t(place)], 3 * voxels);
    EXPECT_EQ(logits->scaled.overflow, 3 * voxels);   // 2^20 is beyond FP16, whatever made it so large
    EXPECT_EQ(logits->unscaled.overflow, scale == 1 ? 3 * voxels : 0);
    std::array<int64_t, LayerGradients::exponents> expected{};
    for (int64_t c = 0; c < weight.size(1); ++c) expected[size_t(std::ilogb(weight.select(1, c).sum().item<double>() * 0x1p20 / scale) - LayerGradients::lowest_exponent)] += voxels;
    EXPECT_EQ(read->histogram, expected);
  }
}

TEST(ActivationGradients, AddUpOverPassesAndEndWithTheWatch) {
  Network network = watched_network();
  std::vector<LayerGradients> once;
  {
    ActivationGradients watched(network, 1);
    network.forward(watched_input(), true)[0].sum().backward();
    once = watched.layers();
    network.forward(watched_input(), true)[0].sum().backward();
    ASSERT_EQ(watched.layers().size(), once.size());
    for (size_t i = 0; i < once.size(); ++i) EXPECT_EQ(watched.layers()[i].values, 2 * once[i].values) << once[i].layer;
  }
  EXPECT_GT(once.size(), 10u);
  for (const auto& layer : once) EXPECT_EQ(in_histogram(layer), layer.counted()) << layer.layer;
  at::Tensor late;
  {
    ActivationGradients watched(network, 1);
    late = network.forward(watched_input(), true)[0].sum();
    EXPECT_TRUE(watched.layers().empty());
  }
  late.backward();                               // its hooks outlive the watch and its network's interest
  ActivationGradients another(network, 1);
  EXPECT_TRUE(another.layers().empty());
}

// The bits of the gradients that the optimiser sees, with and without; how it is computed does not matter.
TEST(ActivationGradients, WatchingChangesNothing) {
  for (Precision precision : {Precision::f32, Precision::bf16})
    for (bool fused : {true, false})
      for (bool recomputing : {false, true}) {
        SCOPED_TRACE(testing::Message() << int(precision) << fused << recomputing);
        Network plain = watched_network(), watched = watched_network();
        std::vector<LayerGradients> layers;
        for (Network* network : {&plain, &watched}) {
          network->set_precision(precision), network->use_fused(fused), network->use_recomputing(recomputing);
          std::optional<ActivationGradients> watch;
          if (network == &watched) watch.emplace(*network, 1.0);
          at::Tensor head = network->forward(watched_input(), true, 1)[0];
          (head * hashed(9, head.sizes())).sum().backward();
          if (watch) layers = watch->layers();
        }
        auto a = plain.parameters(), b = watched.parameters();
        for (size_t i = 0; i < a.size(); ++i) EXPECT_TRUE(at::equal(a[i].second.grad(), b[i].second.grad())) << a[i].first;
        // Every convolution is among them, also where most else is computed a second time.
        int64_t convolutions = 0;
        for (const Node& node : watched.graph().nodes) convolutions += node.op == Op::conv && named(layers, node.name);
        EXPECT_GE(convolutions, 5);
      }
}

TEST(ActivationGradients, ArePartOfTheReport) {
  Network network = watched_network();
  ActivationGradients watched(network, 1);
  network.forward(watched_input(), true)[0].sum().backward();
  GradientReport report = gradient_report(network.parameters(), 1, 1);
  EXPECT_EQ(gradient_report_value(report).find("activations"), nullptr);
  report.activations = watched.layers();
  Value value = gradient_report_value(report);
  ASSERT_EQ(value.at("activations").as_list().size(), report.activations.size());
  EXPECT_EQ(value.at("activations").as_list()[0].at("values").as_integer(), report.activations[0].values);
}

}  // namespace
}  // namespace tomograd
