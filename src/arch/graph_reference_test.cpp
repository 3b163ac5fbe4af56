// The reference itself, against MONAI's U-Net (tests/golden/generate_nn.py) and against numbers worked out by hand.
#include "arch/graph_reference.h"

#include <gtest/gtest.h>

#include "arch/builder.h"

namespace tomograd {
namespace {

using graph_reference::Image;
using graph_reference::Reference;

// hashed() of generate_nn.py: numbers in [-0.5, 0.5), exact in float.
std::vector<float> hashed(uint64_t seed, size_t count) {
  std::vector<float> result(count);
  for (size_t i = 0; i < count; ++i) {
    uint64_t h = (uint64_t(i + 1) * 2654435761u + seed * 2246822519u) & 0xFFFFFFFFu;
    h ^= h >> 15;
    h = (h * 2246822519u) & 0xFFFFFFFFu;
    h ^= h >> 13;
    result[i] = float(double(h >> 8) / 16777216.0 - 0.5);
  }
  return result;
}

TEST(GraphReference, ComputesMonaisUnet) {
  ModelSpec spec;
  spec.in_channels = 2, spec.out_channels = 3, spec.patch = {8, 16, 24};
  spec.channels = {4, 8, 16, 32};
  spec.strides = {cube(2), cube(2), cube(2)};
  Graph graph = build_graph(spec);
  std::map<std::string, std::vector<float>> weights;
  uint64_t place = 0;
  for (const Parameter& parameter : parameters(graph)) {
    size_t count = 1;
    for (int64_t side : parameter.shape) count *= size_t(side);
    auto& numbers = weights[parameter.name] = hashed(100 + place++, count);
    double fan = double(count) / double(parameter.shape[0]);
    for (float& value : numbers) value = parameter.shape.size() == 5 ? value * float(2 / std::sqrt(fan)) : 0.25f + 0.2f * value;
  }
  WeightsFile golden(system_env(), TOMOGRAD_SOURCE_DIR "/tests/golden/nn/monai_unet.safetensors");
  std::span<const float> expected = golden.read("output");
  std::vector<float> input = hashed(1, 2 * 2 * 8 * 16 * 24);
  ASSERT_EQ(expected.size(), input.size() / 2 * 3);
  for (size_t n = 0; n < 2; ++n) {
    Image<double> image(2, {8, 16, 24});
    std::copy_n(input.begin() + int64_t(n * image.values.size()), image.values.size(), image.values.begin());
    WeightLookup lookup = [&](const std::string& name) -> std::span<const float> { return weights.at(name); };
    Image<double> y = Reference<double>(graph, lookup).compute(image).back();
    double most = 0;
    for (size_t i = 0; i < y.values.size(); ++i) most = std::max(most, std::abs(y.values[i] - double(expected[n * y.values.size() + i])));
    EXPECT_LT(most, 1e-4) << "case " << n;  // float against double: about 20 layers of values near 1, as in nn/golden_test.cpp
  }
}

Image<double> line(std::vector<double> values) {
  Image<double> image(1, {1, 1, int64_t(values.size())});
  image.values = std::move(values);
  return image;
}

std::vector<double> run(Builder& build, int end, const Image<double>& input, const std::map<std::string, std::vector<float>>& weights = {}) {
  WeightLookup lookup = [&](const std::string& name) -> std::span<const float> { return weights.at(name); };
  return Reference<double>(build.finish({{end, 1.0}}), lookup).compute(input).back().values;
}

using List = std::vector<double>;

TEST(GraphReference, BordersByHand) {
  std::map<std::string, std::vector<float>> weights{{"c.weight", {1, 10, 100, 1000}}};
  ConvOptions options;
  options.bias = false;
  for (auto [padding, expected] : {std::pair{Padding::same, List{3210, 4321, 432, 43}}, std::pair{Padding::valid, List{4321}},
                                   std::pair{Padding::mirror, List{3211, 4321, 4432, 3443}}}) {
    Builder build("line", 1);
    options.padding = {Padding::same, Padding::same, padding};
    EXPECT_EQ(run(build, build.conv("c", 0, 1, {1, 1, 4}, options), line({1, 2, 3, 4}), weights), expected);
  }
  Builder up("line", 1);
  EXPECT_EQ(run(up, up.transposed_conv("t", 0, 1, {1, 1, 3}, {1, 1, 2}, false), line({1, 2}), {{"t.weight", {1, 10, 100}}}), (List{10, 102, 20, 200}));
}

TEST(GraphReference, SamplingByHand) {
  Builder a("line", 1), b("line", 1), c("line", 1), d("line", 1), e("line", 1);
  EXPECT_EQ(run(a, a.max_pool("p", 0, {1, 1, 2}, Padding::same), line({1, 4, 3})), (List{4, 3}));
  int average = b.max_pool("p", 0, {1, 1, 2}, Padding::same);
  b.at(average).max_pool = false;
  EXPECT_EQ(run(b, average, line({1, 4, 3})), (List{2.5, 3}));
  EXPECT_EQ(run(c, c.subsample("s", 0, {1, 1, 2}), line({1, 4, 3})), (List{1, 3}));
  int linear = d.upsample("u", 0, {1, 1, 2});
  d.at(linear).linear_upsample = true;
  EXPECT_EQ(run(d, linear, line({0, 4})), (List{0, 1, 3, 4}));
  EXPECT_EQ(run(e, e.norm("n", 0, Norm::instance, false, false, 0), line({1, 3})), (List{-1, 1}));
}

TEST(GraphReference, ReflectedStackByHand) {
  std::map<std::string, std::vector<float>> weights{{"m.0.weight", {1, 10, 100}}, {"m.0.bias", {-200}}};
  WeightLookup lookup = [&](const std::string& name) -> std::span<const float> { return weights.at(name); };
  auto y = graph_reference::msd_stack(line({1, 2, 3}), "m", {1, 1, 3}, 1, {3}, true, lookup);
  EXPECT_EQ(y.values, (List{1, 2, 3, 12, 0, 32}));  // voxels -3, -2, -1 are 2, 3, 2, voxels 3, 4, 5 are 2, 1, 2
}

}  // namespace
}  // namespace tomograd
