// The mixed-scale dense network: counts against the paper's (48,494 and 186,944 stand there as 0.048 M and 0.187 M) and its
// formula, the rest against a plain computation along one axis (axis_reference.h) and by hand.
#include "arch/msd.h"

#include <gtest/gtest.h>

#include <cmath>

#include "arch/axis_reference.h"
#include "arch/builder.h"
#include "arch/describe.h"
#include "arch/draw.h"
#include "base/env.h"
#include "base/error.h"
#include "spec/run_spec.h"
#include "spec/text_formats.h"

namespace tomograd {
namespace {

ModelSpec spec_of(int64_t dims, int64_t depth, int64_t in, int64_t out, int64_t width = 1, std::vector<int64_t> dilations = {}) {
  ModelSpec spec;
  spec.kind = "msd";
  spec.dims = dims;
  spec.depth = depth;
  spec.width = width;
  spec.dilations = std::move(dilations);
  spec.in_channels = in;
  spec.out_channels = out;
  spec.patch = dims == 2 ? Extent{1, 64, 64} : cube(32);
  return spec;
}

const Node& stack_of(const Graph& graph) { return graph.nodes[1]; }

struct Row { int64_t dims, depth, in, out, parameters, flop, halo, bytes; };

TEST(Msd, NumbersOfTheTable) {
  const Row rows[] = {{2, 50, 1, 2, 11629, 23154, 275, 408},    {2, 80, 1, 2, 29404, 58644, 440, 648},   {2, 100, 1, 1, 45652, 91102, 550, 808},
                      {2, 200, 1, 2, 181504, 362604, 1100, 1608}, {3, 30, 1, 2, 12649, 25234, 165, 248},   {3, 50, 1, 2, 34579, 69054, 275, 408},
                      {3, 62, 1, 2, 52921, 105714, 333, 504},   {3, 80, 1, 2, 87724, 175284, 440, 648},  {3, 86, 1, 2, 101269, 202362, 461, 696},
                      {3, 100, 1, 2, 136654, 273104, 550, 808}, {3, 50, 2, 5, 36090, 72070, 275, 416},   {3, 50, 7, 3, 42749, 85392, 275, 456},
                      {3, 100, 7, 3, 152974, 305742, 550, 856}, {2, 100, 3, 11, 48494, 0, 550, 0},       {2, 200, 3, 11, 186944, 0, 1100, 0}};
  for (const Row& row : rows) {
    SCOPED_TRACE(text(row.dims, "-D, depth ", row.depth, ", ", row.in, " -> ", row.out));
    Graph graph = build_graph(spec_of(row.dims, row.depth, row.in, row.out));
    EXPECT_EQ(parameter_count(graph), row.parameters);
    int64_t field = 2 * row.halo + 1;
    EXPECT_EQ(receptive_field(graph), (Extent{row.dims == 2 ? 1 : field, field, field}));
    Extent input{5, 6, 7};
    if (row.flop > 0) { EXPECT_DOUBLE_EQ(flop_per_voxel(graph, input), double(row.flop)); }
    // The table counts the stack and its gradient; beside them live the result and its gradient.
    if (row.bytes > 0) { EXPECT_EQ(activation_bytes(graph, input, 3, 4, true), 3 * input.voxels() * (row.bytes + 2 * row.out * 4)); }
    // Inference: the stack once, with the input it begins with or the result it ends in beside it.
    EXPECT_EQ(activation_bytes(graph, input, 1, 2, false), 2 * input.voxels() * (row.in + row.depth + std::max(row.in, row.out)));
  }
}

TEST(Msd, TheStackIsKeptForTheBackwardPassWhoeverReadsIt) {
  Builder build("cropped", 2);
  int x = build.msd("stack", 0, {3, 1, {}, 3, "zero"}, 5);
  Graph graph = build.finish({{build.crop_margin("crop", x, cube(1), cube(1)), 1.0}});
  // Values of 4³ voxels: input 128, stack 5 * 64 = 320; of 2³: crop 40. Kept: stack and head; with them their gradients.
  EXPECT_EQ(activation_bytes(graph, cube(4), 1, 4, true), 4 * 2 * (320 + 40));
  EXPECT_EQ(activation_bytes(graph, cube(4), 1, 4, false), 4 * (128 + 320));
}

TEST(Msd, OtherDilationsAndWidths) {
  const std::vector<int64_t> doubling{1, 2, 4, 8}, to_five{1, 2, 3, 4, 5};
  for (auto [depth, sum] : {std::pair<int64_t, int64_t>{50, 183}, {86, 318}, {100, 375}})
    EXPECT_EQ(msd_reach(stack_of(build_graph(spec_of(3, depth, 1, 2, 1, doubling))), 0), sum);
  for (auto [depth, sum] : {std::pair<int64_t, int64_t>{50, 150}, {86, 256}, {100, 300}})
    EXPECT_EQ(msd_reach(stack_of(build_graph(spec_of(3, depth, 1, 2, 1, to_five))), 2), sum);
  EXPECT_EQ(msd_reach(stack_of(build_graph(spec_of(2, 50, 1, 2, 1, doubling))), 0), 0);
  // Width 3, list of 4: channel j of layer i has entry (3 i + j) mod 4; the largest of each layer: 4, 8, 8, 8, 4.
  Graph wide = build_graph(spec_of(3, 5, 2, 4, 3, doubling));
  EXPECT_EQ(stack_of(wide).layer_dilations, (std::vector<int64_t>{1, 2, 4, 8, 1, 2, 4, 8, 1, 2, 4, 8, 1, 2, 4}));
  EXPECT_EQ(receptive_field(wide), cube(2 * (4 + 8 + 8 + 8 + 4) + 1));
  EXPECT_EQ(stack_of(wide).channels, 2 + 3 * 5);
  int64_t weights = 0;
  for (int64_t layer = 0; layer < 5; ++layer) weights += 27 * 3 * (2 + 3 * layer);
  EXPECT_EQ(parameter_count(wide), weights + (3 * 5 + 2) * 4 + 3 * 5 + 4);
  EXPECT_DOUBLE_EQ(flop_per_voxel(wide, cube(4)), 2.0 * double(weights + 4 * 17));
  // The paper's rule for any width: ((i w + j) mod 10) + 1.
  Graph paper = build_graph(spec_of(3, 9, 1, 2, 7));
  for (int64_t i = 0; i < 9; ++i)
    for (int64_t j = 0; j < 7; ++j) EXPECT_EQ(stack_of(paper).layer_dilations[size_t(i * 7 + j)], (i * 7 + j) % 10 + 1);
  Graph usual = build_graph(spec_of(3, 0, 1, 2));
  EXPECT_EQ(stack_of(usual).depth(), 100);
  EXPECT_EQ(stack_of(usual).width, 1);
}

TEST(Msd, ParametersAndHowTheyStart) {
  Graph graph = build_graph(spec_of(2, 3, 4, 5, 2));
  auto list = parameters(graph);
  ASSERT_EQ(list.size(), 8u);
  const double deviation = std::sqrt(2.0 / double(9 * (4 + 2 * 2) + 5));
  for (size_t layer = 0; layer < 3; ++layer) {
    const Parameter &weight = list[2 * layer], &bias = list[2 * layer + 1];
    int64_t seen = 4 + 2 * int64_t(layer);
    EXPECT_EQ(weight.name, text("stack.", layer, ".weight"));
    EXPECT_EQ(weight.shape, (std::vector<int64_t>{2, seen, 1, 3, 3}));
    EXPECT_EQ(weight.fan_in, 9 * seen);
    EXPECT_DOUBLE_EQ(weight.stddev, deviation);
    EXPECT_EQ(weight.node, 1);
    EXPECT_EQ(bias.name, text("stack.", layer, ".bias"));
    EXPECT_EQ(bias.shape, std::vector<int64_t>{2});
    EXPECT_EQ(bias.node, 1);
  }
  EXPECT_EQ(list[6].name, "final.weight");
  EXPECT_EQ(list[6].shape, (std::vector<int64_t>{5, 10, 1, 1, 1}));
  EXPECT_EQ(list[6].stddev, 0);
  EXPECT_EQ(list[6].node, 2);
  EXPECT_EQ(list[7].name, "final.bias");
  for (auto [depth, expected] : {std::pair<int64_t, double>{50, 0.03846}, {80, 0.03041}, {86, 0.02934}, {100, 0.02721}})
    EXPECT_NEAR(parameters(build_graph(spec_of(3, depth, 1, 2)))[0].stddev, expected, 5e-6);
  for (const char* family : {"residual", "unet3d", "nnunet"}) {  // others start as before
    ModelSpec spec = spec_of(3, 0, 1, 2);
    spec.kind = "unet", spec.family = family;
    for (const Parameter& one : parameters(build_graph(spec))) EXPECT_EQ(one.stddev, -1) << one.name;
  }
}

class MsdBorders : public testing::TestWithParam<const char*> {};

TEST_P(MsdBorders, EverySizeIsReturned) {
  bool reflects = std::string(GetParam()) == "reflect";
  for (int64_t dims : {2, 3}) {
    ModelSpec spec = spec_of(dims, 12, 1, 2);
    spec.border = GetParam();
    Graph graph = build_graph(spec);
    // What tile plans ask (inference/tile_plan.cpp, find_axis): step 1, as many voxels more as were given, no margin, stride 1.
    LegalSizes legal = legal_sizes(graph);
    int64_t least = reflects ? 2 : 1;
    EXPECT_EQ(legal.smallest, (Extent{dims == 2 ? 1 : least, least, least}));
    EXPECT_EQ(legal.step, cube(1));
    EXPECT_EQ(output_stride(graph), cube(1));
    for (int64_t n = least; n < 40; ++n) {
      Extent size{n, n + 1, 2 * n};
      ASSERT_EQ(output_size(graph, size), size);
      EXPECT_EQ(output_margin(graph, size).before, cube(0));
      EXPECT_EQ(output_margin(graph, size).after, cube(0));
      EXPECT_EQ(nearest_legal(graph, size, cube(1000)), size);
    }
    EXPECT_TRUE(graph_warnings(graph, {3, 4, 5}).empty());
    EXPECT_EQ(fits(graph, {2, 1, 2}), !reflects);
    EXPECT_EQ(fits(graph, {1, 2, 2}), !reflects || dims == 2);
  }
}

TEST_P(MsdBorders, ReceptiveFieldIsWhatTheOutputIsMadeFrom) {
  for (auto [width, dilations] : {std::pair<int64_t, std::vector<int64_t>>{1, {}}, {2, {3, 1, 1}}, {1, {4}}, {3, {1, 2, 4, 8}}}) {
    ModelSpec spec = spec_of(3, 6, 1, 2, width, dilations);
    spec.border = GetParam();
    Graph graph = build_graph(spec);
    int64_t reach = msd_reach(stack_of(graph), 1), n = 2 * reach + 9;
    std::vector<axis_reference::Reach> input;
    input.resize(size_t(n));
    for (int64_t i = 0; i < n; ++i) input[size_t(i)].from = {i};
    auto out = axis_reference::compute(graph, 1, input).back();
    for (int64_t i = reach; i < n - reach; ++i) {
      EXPECT_EQ(*out[size_t(i)].from.begin(), i - reach);
      EXPECT_EQ(*out[size_t(i)].from.rbegin(), i + reach);
    }
    EXPECT_EQ(receptive_field(graph), cube(2 * reach + 1));
  }
}

INSTANTIATE_TEST_SUITE_P(Both, MsdBorders, testing::Values("reflect", "zero"));

std::string refusal(ModelSpec spec, Extent input = cube(8)) {
  try {
    shapes(build_graph(spec), input);
  } catch (const Error& error) {
    EXPECT_EQ(exit_code(error.kind()), 2);
    return error.what();
  }
  return "accepted";
}

TEST(Msd, RefusesWithValueAndRange) {
  auto changed = [](auto&& change) {
    ModelSpec spec = spec_of(3, 4, 1, 2);
    change(spec);
    return spec;
  };
  auto expect = [](const std::string& message, std::vector<std::string> parts) {
    for (const std::string& part : parts) EXPECT_NE(message.find(part), std::string::npos) << message << " lacks " << part;
  };
  expect(refusal(changed([](ModelSpec& s) { s.depth = -3; })), {"depth is -3", "expected 1 to"});
  expect(refusal(changed([](ModelSpec& s) { s.width = 0; })), {"width is 0", "expected 1 to"});
  expect(refusal(changed([](ModelSpec& s) { s.depth = 1 << 20, s.width = 2; })), {"width is 2", "expected 1 to 1 channels"});
  expect(refusal(changed([](ModelSpec& s) { s.dims = 4; })), {"dims is 4", "expected 2 or 3"});
  expect(refusal(changed([](ModelSpec& s) { s.border = "mirror"; })), {"border is \"mirror\"", "reflect or zero"});
  expect(refusal(changed([](ModelSpec& s) { s.dilations = {1, 0}; })), {"dilations has the entry 0", "1 to 1000"});
  expect(refusal(changed([](ModelSpec& s) { s.in_channels = 0; })), {"in_channels is 0"});
  expect(refusal(spec_of(3, 4, 1, 2), {8, 1, 8}), {"msd (3-D, depth 4, width 1)", "8x1x8", "along y", "\"stack\"", "at least 2 voxels and has 1", "8x2x8"});
  ModelSpec deep = spec_of(3, 9, 1, 2);
  deep.kind = "unet";
  expect(refusal(deep), {"depth is 9", "1 to 8 down-samplings"});
}

TEST(Msd, TheExampleIsWhatItSays) {
  auto run = spec_from<RunSpec>(parse_toml(read_text(system_env(), TOMOGRAD_SOURCE_DIR "/examples/msd-cells.toml"), "msd-cells.toml"));
  run.model.in_channels = 1, run.model.out_channels = 2, run.model.patch = run.sampling.patch;
  Graph graph = build_graph(run.model);
  EXPECT_EQ(parameter_count(graph), 34579);
  EXPECT_TRUE(fits(graph, run.sampling.patch) && fits(graph, run.predict.tile));
  EXPECT_EQ(run.sampling.patch.y, run.sampling.patch.x);   // transposed patches need it
}

TEST(Msd, DescribesAndDrawsItself) {
  Graph graph = build_graph(spec_of(3, 30, 1, 2));
  EXPECT_EQ(node_sentence(graph, stack_of(graph)), "msd 3x3x3 depth 30 width 1, dilations 1 to 10 in turn, reflected border");
  Value object = describe_graph(graph, cube(16), 1, true);
  const Value& stack = object.at("stacks").as_list().at(0);
  EXPECT_EQ(stack.at("depth").as_integer(), 30);
  EXPECT_EQ(stack.at("width").as_integer(), 1);
  EXPECT_EQ(stack.at("dims").as_integer(), 3);
  EXPECT_EQ(stack.at("dilations").as_list().size(), 10u);
  EXPECT_EQ(stack.at("border").as_text(), "reflect");
  int64_t sum = 0;
  for (const Value& node : object.at("nodes").as_list()) sum += node.at("parameters").as_integer();
  EXPECT_EQ(sum, 12649);
  EXPECT_EQ(object.at("nodes").as_list().at(1).at("parameters").as_integer(), 12649 - 31 * 2 - 2);

  std::string svg = draw_graph(graph, cube(16));
  for (const char* part : {"mixed-scale dense 3³, depth 30, width 1", "dilations 1 to 10 in turn · reflected edge · ReLU", "31 · 16³", "12,649 parameters"})
    EXPECT_NE(svg.find(part), std::string::npos) << part;

  auto words = [](int64_t depth, std::vector<int64_t> dilations, int64_t width = 1) { return msd_dilations_text(stack_of(build_graph(spec_of(2, depth, 1, 2, width, dilations)))); };
  EXPECT_EQ(words(5, {}), "dilations 1 to 5");
  EXPECT_EQ(words(12, {}), "dilations 1 to 10 in turn");
  EXPECT_EQ(words(10, {1, 2, 4, 8}), "dilations 1, 2, 4, 8 in turn");
  EXPECT_EQ(words(10, {1, 2, 4, 8, 1, 2, 4, 8}), "dilations 1, 2, 4, 8 in turn");
  EXPECT_EQ(words(10, {3}, 2), "dilation 3");
  EXPECT_EQ(words(11, {1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 2}), "dilations 1, 3, 1, 3, 1, 3, 1, 3, ... (11 of them)");
}

}  // namespace
}  // namespace tomograd
