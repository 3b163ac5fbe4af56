// Receptive fields, margins and output strides against a plain computation along one axis (axis_reference.h).
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "arch/axis_reference.h"
#include "arch/builder.h"

namespace tomograd {
namespace {

Graph network(const std::string& name) {
  ModelSpec spec;
  spec.in_channels = 2;
  spec.out_channels = 3;
  spec.patch = cube(64);
  if (name == "unet3d" || name == "nnunet" || name == "residual") spec.family = name;
  else if (name == "skip") spec.kind = "skip", spec.n_down = {2, 3, 2}, spec.pad = "reflection", spec.upsample = "linear", spec.downsample = "lanczos2";
  else if (name == "deepmedic padded") spec.kind = "deepmedic", spec.padding = "same";
  else spec.kind = "deepmedic", spec.variant = name, spec.patch = cube(101);
  if (name == "residual") spec.channels = {4, 8, 16};
  if (name == "unet3d") spec.depth = 2;
  if (name == "nnunet") spec.depth = 2, spec.deep_supervision = false;
  return build_graph(spec);
}

int64_t size_for(const Graph& graph, int64_t at_least) { return nearest_legal(graph, cube(at_least), cube(at_least + 1000)).z; }

class Networks : public testing::TestWithParam<const char*> {};

TEST_P(Networks, ReceptiveFieldIsWhatTheOutputIsMadeFrom) {
  Graph graph = network(GetParam());
  int64_t n = size_for(graph, 401);
  std::vector<axis_reference::Reach> input;
  input.resize(size_t(n));
  for (int64_t i = 0; i < n; ++i) input[size_t(i)].from = {i};
  auto out = axis_reference::compute(graph, 0, input).back();
  Margin margin = output_margin(graph, cube(n));
  ASSERT_EQ(int64_t(out.size()), output_size(graph, cube(n)).z);
  EXPECT_EQ(margin.before.z + int64_t(out.size()) + margin.after.z, n);
  int64_t before = 0, after = 0, middle = int64_t(out.size()) / 2;
  for (int64_t i = middle - 20; i < middle + 20; ++i) {
    ASSERT_FALSE(out[size_t(i)].from.empty());
    before = std::max(before, i + margin.before.z - *out[size_t(i)].from.begin());
    after = std::max(after, *out[size_t(i)].from.rbegin() - i - margin.before.z);
  }
  EXPECT_EQ(receptive_field(graph).z, before + after + 1);
}

// A tile that starts at a multiple of output_stride() gives what the whole gives, away from padded borders; other starts do not.
TEST_P(Networks, OutputDoesNotDependOnTilesAtMultiplesOfTheStride) {
  Graph graph = network(GetParam());
  int64_t n = size_for(graph, 640), stride = output_stride(graph).z, field = receptive_field(graph).z;
  bool mirrors = std::any_of(graph.nodes.begin(), graph.nodes.end(), [](const Node& node) { return node.padding[0] == Padding::mirror; });
  std::vector<axis_reference::Number> input;
  for (int64_t i = 0; i < n; ++i) input.push_back({std::sin(double(i * i % 1009))});
  auto whole = axis_reference::compute(graph, 0, input).back();
  auto differs = [&](int64_t start) {
    int64_t m = size_for(graph, std::min<int64_t>(n - start, 2 * field + 150));
    auto tile = axis_reference::compute(graph, 0, std::vector(input.begin() + start, input.begin() + start + m)).back();
    double largest = 0, scale = 0;
    bool padded = output_margin(graph, cube(m)).before.z == 0;
    int64_t edge = padded ? field : mirrors ? 1 : 0;  // the mirrored edge of hidden1 is the tile's own
    EXPECT_GT(int64_t(tile.size()), 2 * edge);
    for (int64_t i = edge; i < int64_t(tile.size()) - edge; ++i) {
      largest = std::max(largest, std::abs(tile[size_t(i)].v - whole[size_t(i + start)].v));
      scale = std::max(scale, std::abs(whole[size_t(i + start)].v));
    }
    return largest > 1e-9 * scale;
  };
  EXPECT_FALSE(differs(stride));
  EXPECT_FALSE(differs(3 * stride));
  ASSERT_GT(stride, 1);
  EXPECT_TRUE(differs(1));
  EXPECT_TRUE(differs(stride - 1));
}

INSTANTIATE_TEST_SUITE_P(All, Networks, testing::Values("unet3d", "nnunet", "residual", "original", "default", "deepmedic padded", "skip"),
                         [](const auto& info) { std::string name = info.param; std::replace(name.begin(), name.end(), ' ', '_'); return name; });

Graph stack(const std::vector<std::array<int64_t, 3>>& layers) {  // kernel, stride, dilation
  Builder build("stack", 1);
  int x = 0;
  for (size_t i = 0; i < layers.size(); ++i) {
    ConvOptions options;
    options.stride = cube(layers[i][1]);
    options.dilation = cube(layers[i][2]);
    x = build.conv(text("conv", i), x, 1, cube(layers[i][0]), options);
  }
  return build.finish({{x, 1.0}});
}

TEST(ReceptiveField, OfPlainDilatedAndStridedStacks) {
  EXPECT_EQ(receptive_field(stack({{3, 1, 1}, {3, 1, 1}})), cube(5));
  EXPECT_EQ(receptive_field(stack({{3, 1, 1}, {3, 1, 2}, {3, 1, 4}})), cube(15));       // 1 + 2 (1 + 2 + 4)
  EXPECT_EQ(receptive_field(stack({{5, 2, 1}, {3, 2, 1}, {3, 1, 1}})), cube(5 + 4 + 8));  // 1 + 4 + 2*2 + 2*4
  EXPECT_EQ(receptive_field(stack({{7, 3, 1}})), cube(7));
  EXPECT_EQ(receptive_field(stack({{1, 1, 1}})), cube(1));
  EXPECT_EQ(receptive_field(stack({{2, 1, 3}, {4, 1, 1}})), cube(7));                     // 1 + 3 + 3
}

TEST(ReceptiveField, OfUpsampling) {
  Builder build("up", 1);
  int x = build.conv("a", build.subsample("s", 0, {1, 2, 4}), 1, cube(3));
  x = build.upsample("u", x, {1, 2, 4});
  EXPECT_EQ(receptive_field(build.finish({{x, 1.0}})), (Extent{3, 6, 12}));  // k samples f apart, united over the f places
}

TEST(OutputMargin, OfEvenKernels) {
  Builder build("even", 1);
  ConvOptions valid;
  valid.padding = {Padding::valid, Padding::valid, Padding::same};
  Graph graph = build.finish({{build.conv("a", 0, 1, {2, 4, 4}, valid), 1.0}});
  Margin margin = output_margin(graph, cube(10));
  EXPECT_EQ(margin.before, (Extent{0, 1, 0}));
  EXPECT_EQ(margin.after, (Extent{1, 2, 0}));
}

}  // namespace
}  // namespace tomograd
