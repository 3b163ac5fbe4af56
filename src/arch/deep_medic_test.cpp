// DeepMedic against its published configurations: parameter counts, shape tables, arithmetic and path geometry.
#include <gtest/gtest.h>

#include "arch/describe.h"
#include "base/error.h"

namespace tomograd {
namespace {

ModelSpec spec_of(const std::string& variant, int64_t in, int64_t out, Extent patch) {
  ModelSpec spec;
  spec.kind = "deepmedic";
  spec.variant = variant;
  spec.in_channels = in;
  spec.out_channels = out;
  spec.patch = patch;
  return spec;
}

Extent size_of(const Graph& graph, Extent input, const std::string& name) {
  auto all = shapes(graph, input);
  for (size_t i = 0; i < all.size(); ++i)
    if (graph.nodes[i].name == name) return all[i].size;
  ADD_FAILURE() << "no node " << name;
  return {};
}

int node_of(const Graph& graph, const std::string& name) {
  for (size_t i = 0; i < graph.nodes.size(); ++i)
    if (graph.nodes[i].name == name) return int(i);
  ADD_FAILURE() << "no node " << name;
  return 0;
}

TEST(DeepMedic, HasThePublishedParameterCounts) {
  auto count = [](const std::string& variant, int64_t in, int64_t out) { return parameter_count(build_graph(spec_of(variant, in, out, cube(101)))); };
  EXPECT_EQ(count("original", 2, 5), 659919);
  EXPECT_EQ(count("original", 4, 5), 663163);
  EXPECT_EQ(count("original", 7, 3), 667727);
  EXPECT_EQ(count("default", 2, 5), 2008901);
  EXPECT_EQ(count("default", 7, 2), 2020313);
  EXPECT_EQ(count("wide", 2, 5), 5141051);
}

// Segment -> sizes of the eight convolutions of the normal path, and input, first and last of each low path.
struct Sizes { const char* variant; int64_t segment, input, output, low3, low5; };
class Segments : public testing::TestWithParam<Sizes> {};

TEST_P(Segments, HaveThePublishedShapes) {
  const Sizes& want = GetParam();
  Graph graph = build_graph(spec_of(want.variant, 2, 5, cube(want.input)));
  auto size = [&](const std::string& name) { return size_of(graph, cube(want.input), name); };
  EXPECT_EQ(size("normal.field"), cube(want.segment));
  for (int64_t layer = 1; layer <= 8; ++layer) EXPECT_EQ(size(text("normal.", layer, ".conv")), cube(want.segment - 2 * layer));
  for (auto [name, low, factor] : {std::tuple{"low1", want.low3, int64_t{3}}, std::tuple{"low2", want.low5, int64_t{5}}}) {
    if (low == 0) continue;
    EXPECT_EQ(low, ceil_div(want.output, factor) + 16);
    EXPECT_EQ(size(text(name, ".subsample")), cube(low));
    for (int64_t layer = 1; layer <= 8; ++layer) EXPECT_EQ(size(text(name, ".", layer, ".conv")), cube(low - 2 * layer));
    EXPECT_EQ(size(text(name, ".upsample")), cube((low - 16) * factor));
    EXPECT_EQ(size(text(name, ".crop")), cube(want.output));
  }
  EXPECT_EQ(size("join"), cube(want.output));
  EXPECT_EQ(output_size(graph, cube(want.input)), cube(want.output));
  int64_t margin = (want.input - want.output) / 2;
  EXPECT_EQ(output_margin(graph, cube(want.input)).before, cube(margin));
  EXPECT_EQ(output_margin(graph, cube(want.input)).after, cube(margin));
}

INSTANTIATE_TEST_SUITE_P(Published, Segments,
                         testing::Values(Sizes{"original", 25, 57, 9, 19, 0}, Sizes{"original", 17, 49, 1, 17, 0}, Sizes{"original", 45, 77, 29, 26, 0},
                                         Sizes{"default", 37, 101, 21, 23, 21}, Sizes{"default", 17, 81, 1, 17, 17}, Sizes{"default", 45, 109, 29, 26, 22},
                                         Sizes{"default", 25, 89, 9, 19, 18}, Sizes{"wide", 37, 101, 21, 23, 21}));

// DeepMedic's sampler: low path starts at hr_start + floor(f/2) - (f-1)/2 * 17 for odd f, then every f-th voxel.
TEST(DeepMedic, LowPathStartsWhereTheOriginalSamplerPutsIt) {
  for (auto [input, variant] : {std::pair{int64_t{57}, "original"}, std::pair{int64_t{101}, "default"}, std::pair{int64_t{109}, "default"}}) {
    Graph graph = build_graph(spec_of(variant, 1, 2, cube(input)));
    int64_t hr_start = graph.nodes[size_t(node_of(graph, "normal.field"))].crop_before.z;
    for (int path = 1; path <= (std::string(variant) == "original" ? 1 : 2); ++path) {
      int64_t f = 2 * path + 1;
      const Node& sample = graph.nodes[size_t(node_of(graph, text("low", path, ".subsample")))];
      EXPECT_EQ(sample.factor, cube(f));
      const Node& source = graph.nodes[size_t(sample.inputs.front())];
      int64_t start = source.op == Op::crop ? source.crop_before.z : 0;
      EXPECT_EQ(start, hr_start + f / 2 - (f - 1) / 2 * 17);
    }
  }
}

TEST(DeepMedic, ReceptiveFieldsOfThePaths) {
  Graph original = build_graph(spec_of("original", 2, 5, cube(57)));
  EXPECT_EQ(receptive_field(original, node_of(original, "normal.8.conv")), cube(17));
  EXPECT_EQ(receptive_field(original, node_of(original, "low1.crop")), cube(51));
  EXPECT_EQ(receptive_field(original), cube(51));
  EXPECT_EQ(output_stride(original), cube(3));
  Graph three = build_graph(spec_of("default", 2, 5, cube(101)));
  EXPECT_EQ(receptive_field(three, node_of(three, "low2.crop")), cube(85));
  EXPECT_EQ(receptive_field(three), cube(87));  // the first hidden kernel of 3 adds 2
  EXPECT_EQ(output_stride(three), cube(15));
}

TEST(DeepMedic, ArithmeticIsThePublishedOne) {  // rounded as published: 2.74 GFLOP per 25^3 segment, 3.76 MFLOP per voxel, ...
  Graph original = build_graph(spec_of("original", 4, 5, cube(57))), three = build_graph(spec_of("default", 4, 5, cube(101)));
  EXPECT_NEAR(forward_flop(original, cube(57)), 2.74e9, 0.005e9);
  EXPECT_NEAR(flop_per_voxel(original, cube(57)), 3.76e6, 0.005e6);
  EXPECT_NEAR(forward_flop(original, cube(77)), 29.8e9, 0.05e9);
  EXPECT_NEAR(flop_per_voxel(original, cube(77)), 1.22e6, 0.005e6);
  EXPECT_NEAR(forward_flop(three, cube(101)), 34.0e9, 0.05e9);
  EXPECT_NEAR(flop_per_voxel(three, cube(101)), 3.67e6, 0.005e6);
  EXPECT_NEAR(forward_flop(three, cube(109)), 81.6e9, 0.05e9);
  EXPECT_NEAR(flop_per_voxel(three, cube(109)), 3.35e6, 0.005e6);
}

TEST(DeepMedic, NineThickSlicesArePaddedAndNotSubsampled) {
  for (auto [variant, side] : {std::pair{"original", int64_t{117}}, std::pair{"default", int64_t{85}}, std::pair{"wide", int64_t{85}}}) {
    Extent patch{9, 165, 165};
    Graph graph = build_graph(spec_of(variant, 7, 3, patch));
    EXPECT_EQ(output_size(graph, patch), (Extent{9, side, side}));
    Margin margin = output_margin(graph, patch);
    EXPECT_EQ(margin.before, (Extent{0, (165 - side) / 2, (165 - side) / 2}));
    EXPECT_EQ(margin.before, margin.after);
    EXPECT_EQ(size_of(graph, patch, "low1.subsample").z, 9);
    EXPECT_TRUE(graph_warnings(graph, patch).empty());
  }
}

TEST(DeepMedic, PaddedEverywhereKeepsTheSize) {
  ModelSpec spec = spec_of("default", 1, 2, {20, 31, 64});
  spec.padding = "same";
  Graph graph = build_graph(spec);
  for (Extent size : {Extent{20, 31, 64}, Extent{1, 7, 100}}) EXPECT_EQ(output_size(graph, size), size);
  EXPECT_EQ(graph.nodes[size_t(node_of(graph, "low2.subsample"))].factor, (Extent{1, 3, 5}));  // at least nine voxels stay
}

TEST(DeepMedic, RefusesWhatCannotBe) {
  ModelSpec spec = spec_of("original", 7, 3, {9, 165, 165});
  spec.padding = "valid";
  try {
    build_graph(spec);
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("axis z needs at least 49 voxels"), std::string::npos) << error.what();
  }
  spec = spec_of("original", 1, 2, cube(57));
  spec.factors = {cube(3), cube(1)};
  EXPECT_THROW(build_graph(spec), Error);
  spec = spec_of("original", 1, 2, cube(57));
  Graph graph = build_graph(spec);
  EXPECT_FALSE(fits(graph, cube(48)));
  EXPECT_TRUE(fits(graph, cube(49)));
  EXPECT_EQ(legal_sizes(graph).smallest, cube(49));
  EXPECT_EQ(legal_sizes(graph).step, cube(1));
}

TEST(DeepMedic, ResidualsReadWhatTwoLayersBeforeRead) {
  Graph graph = build_graph(spec_of("default", 2, 5, cube(101)));
  for (auto [add, source] : {std::pair{"normal.4.add", "normal.2.conv"}, std::pair{"normal.6.add", "normal.4.add"}, std::pair{"low2.8.add", "low2.6.add"}}) {
    const Node& node = graph.nodes[size_t(node_of(graph, add))];
    EXPECT_TRUE(node.pad_channels);
    EXPECT_EQ(graph.nodes[size_t(graph.nodes[size_t(node.inputs[1])].inputs[0])].name, source);
  }
  EXPECT_EQ(graph.nodes[size_t(graph.nodes[size_t(node_of(graph, "hidden2.add"))].inputs[1])].name, "join");
}

}  // namespace
}  // namespace tomograd
