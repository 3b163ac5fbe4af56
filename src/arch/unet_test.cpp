// The U-Nets against peer implementations (tests/golden/generate_arch.py) and the published count of the 3D U-Net.
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "arch/describe.h"
#include "base/env.h"
#include "base/error.h"

namespace tomograd {
namespace {

nlohmann::json peers() { return nlohmann::json::parse(read_text(system_env(), TOMOGRAD_SOURCE_DIR "/tests/golden/arch/peers.json")); }

std::vector<std::vector<int64_t>> trained_shapes(const Graph& graph, bool only_kernels) {
  std::vector<std::vector<int64_t>> list;
  for (const Parameter& parameter : parameters(graph))
    if (parameter.trained && (!only_kernels || parameter.shape.size() == 5)) list.push_back(parameter.shape);
  std::sort(list.begin(), list.end());
  return list;
}

ModelSpec spec_of(const std::string& family, int64_t in, int64_t out, Extent patch) {
  ModelSpec spec;
  spec.family = family;
  spec.in_channels = in;
  spec.out_channels = out;
  spec.patch = patch;
  return spec;
}

TEST(ResidualUnet, HasTheParametersOfThePeer) {
  auto cases = peers()["residual"];
  ASSERT_GE(cases.size(), 6u);
  for (const auto& one : cases) {
    ModelSpec spec = spec_of("residual", one["in_channels"], one["out_channels"], cube(64));
    spec.channels = one["channels"].get<std::vector<int64_t>>();
    spec.residual_units = one["residual_units"];
    Graph graph = build_graph(spec);
    EXPECT_EQ(parameter_count(graph), one["parameters"].get<int64_t>()) << one["channels"];
    EXPECT_EQ(trained_shapes(graph, false), one["shapes"].get<std::vector<std::vector<int64_t>>>()) << one["channels"];
  }
  EXPECT_EQ(parameter_count(build_graph(spec_of("residual", 7, 3, cube(64)))), cases[1]["parameters"].get<int64_t>());  // the defaults
}

TEST(NnUnet, HasTheKernelsOfThePeer) {
  auto cases = peers()["nnunet"];
  auto extents = [](const nlohmann::json& list) {
    std::vector<Extent> result;
    for (const auto& e : list) result.push_back({e[0], e[1], e[2]});
    return result;
  };
  for (const auto& one : cases) {
    bool prostate = one["name"] == "prostate";
    ModelSpec spec = spec_of("nnunet", 2, 3, prostate ? Extent{20, 320, 256} : cube(128));
    if (prostate) spec.spacing = {3.6, 0.62, 0.62};
    Graph configured = build_graph(spec);
    EXPECT_EQ(trained_shapes(configured, true), one["kernel_shapes"].get<std::vector<std::vector<int64_t>>>()) << one["name"];
    spec.kernels = extents(one["kernels"]);
    spec.strides = extents(one["strides"]);
    Graph given = build_graph(spec);
    EXPECT_EQ(trained_shapes(given, false), trained_shapes(configured, false)) << one["name"];
  }
}

TEST(NnUnet, WeighsItsHeads) {
  ModelSpec spec = spec_of("nnunet", 1, 2, cube(32));
  Graph graph = build_graph(spec);  // 32 -> 16 -> 8 -> 4: heads at 32 and 16, none at the coarsest
  ASSERT_EQ(graph.outputs.size(), 2u);
  EXPECT_DOUBLE_EQ(graph.outputs[0].loss_weight, 2.0 / 3);
  EXPECT_DOUBLE_EQ(graph.outputs[1].loss_weight, 1.0 / 3);
  auto all = shapes(graph, cube(32));
  EXPECT_EQ(all[size_t(graph.outputs[0].node)].size, cube(32));
  EXPECT_EQ(all[size_t(graph.outputs[1].node)].size, cube(16));
  spec.deep_supervision = false;
  EXPECT_EQ(build_graph(spec).outputs.size(), 1u);
}

TEST(Unet3d, HasThePapersParameters) {
  Graph graph = build_graph(spec_of("unet3d", 3, 3, cube(128)));
  EXPECT_EQ(parameter_count(graph), 19069955);
  int64_t weights = 0, others = 0;
  for (const Parameter& parameter : parameters(graph)) {
    int64_t size = 1;
    for (int64_t side : parameter.shape) size *= side;
    if (parameter.trained) (parameter.shape.size() == 5 ? weights : others) += size;
  }
  EXPECT_EQ(weights, 19067616);
  EXPECT_EQ(others, 2339);
}

TEST(Unet3d, ShapesOfTheLevels) {
  Graph graph = build_graph(spec_of("unet3d", 3, 3, cube(128)));
  auto all = shapes(graph, cube(128));
  std::map<std::string, NodeShape> named;
  for (size_t i = 0; i < all.size(); ++i) named[graph.nodes[i].name] = all[i];
  EXPECT_EQ(named["down0.b.conv"].channels, 64);
  EXPECT_EQ(named["down2.b.conv"].channels, 256);
  EXPECT_EQ(named["bridge.b.conv"].channels, 512);
  EXPECT_EQ(named["bridge.b.conv"].size, cube(16));
  EXPECT_EQ(named["up2.concat"].channels, 512 + 256);
  EXPECT_EQ(named["up2.concat"].size, cube(32));
}

class AnySize : public testing::TestWithParam<const char*> {};

TEST_P(AnySize, IsReturnedInTheInputsSize) {
  for (Extent patch : {Extent{9, 165, 165}, Extent{64, 64, 64}, Extent{17, 33, 48}, Extent{5, 129, 16}}) {
    Graph graph = build_graph(spec_of(GetParam(), 7, 3, patch));
    EXPECT_EQ(output_size(graph, patch), patch) << to_string(patch);
    EXPECT_EQ(output_margin(graph, patch).before, cube(0));
    EXPECT_EQ(output_margin(graph, patch).after, cube(0));
    EXPECT_TRUE(graph_warnings(graph, patch).empty()) << to_string(patch) << ": " << graph_warnings(graph, patch).front();
    EXPECT_GT(forward_flop(graph, patch), 0);
  }
}

INSTANTIATE_TEST_SUITE_P(Families, AnySize, testing::Values("unet3d", "nnunet", "residual"));

TEST(Unet, ShortAxesAreNotHalvedAway) {
  Graph graph = build_graph(spec_of("residual", 1, 2, {9, 165, 165}));  // 9 -> 5 -> 3 -> 3 -> 3
  EXPECT_EQ(output_stride(graph), (Extent{4, 16, 16}));
  auto all = shapes(graph, {9, 165, 165});
  int64_t smallest = 9;
  for (const NodeShape& shape : all) smallest = std::min(smallest, shape.size.z);
  EXPECT_EQ(smallest, 3);
}

TEST(Unet, RefusesWhatCannotBe) {
  ModelSpec spec = spec_of("residual", 1, 2, cube(64));
  spec.strides = {cube(2)};
  EXPECT_THROW(build_graph(spec), Error);
  spec = spec_of("residual", 1, 2, cube(64));
  spec.kernels = {cube(4)};
  EXPECT_THROW(build_graph(spec), Error);
  EXPECT_THROW(build_graph(spec_of("residual", 0, 2, cube(64))), Error);
  EXPECT_THROW(build_graph(spec_of("unet3d", 1, 0, cube(64))), Error);
  EXPECT_THROW(build_graph(spec_of("nnunet", 1, 2, cube(7))), Error);
  EXPECT_THROW(build_graph(spec_of("nnunet", 1, 2, cube(0))), Error);
  EXPECT_THROW(build_graph(spec_of("attention", 1, 2, cube(64))), Error);
}

}  // namespace
}  // namespace tomograd
