#include <gtest/gtest.h>

#include "arch/draw.h"
#include "arch/graph.h"
#include "base/env.h"
#include "base/error.h"
#include "spec/text_formats.h"

namespace tomograd {
namespace {

ModelSpec spec_from_toml(const std::string& toml, int64_t in = 1, int64_t out = 2) {
  auto spec = spec_from<ModelSpec>(parse_toml(toml, "model.toml"));
  spec.kind = "graph";
  spec.in_channels = in;
  spec.out_channels = out;
  if (spec.patch == cube(0)) spec.patch = cube(32);
  return spec;
}

Graph example(const std::string& name, int64_t in, int64_t out) {
  Value file = parse_toml(read_text(system_env(), std::string(TOMOGRAD_SOURCE_DIR "/examples/") + name), name);
  auto spec = spec_from<ModelSpec>(file.at("model"));
  spec.in_channels = in;
  spec.out_channels = out;
  return build_graph(spec);
}

std::string refusal(const std::string& toml, int64_t in = 1, int64_t out = 2) {
  try {
    build_graph(spec_from_toml(toml, in, out));
  } catch (const Error& error) {
    EXPECT_EQ(exit_code(error.kind()), 2);
    return error.what();
  }
  return "accepted";
}

const std::string mixed_scale = "[[block]]\nname = 'stack'\nop = 'msd'\ndepth = 7\nwidth = 2\ndilations = [1, 2, 4]\n";

// Shapes of the convolutions, in order, and the operations that change sizes: what makes two networks the same one.
std::vector<std::string> outline(const Graph& graph, Extent input) {
  std::vector<std::string> list;
  auto all = shapes(graph, input);
  for (size_t i = 0; i < all.size(); ++i)
    if (graph.nodes[i].op != Op::input) list.push_back(text(op_name(graph.nodes[i].op), " ", all[i].channels, " ", to_string(all[i].size), " ", to_string(graph.nodes[i].kernel)));
  std::sort(list.begin(), list.end());
  return list;
}

TEST(BlockGraph, UnetExampleIsTheBuiltInOne) {
  Graph written = example("unet-graph.toml", 3, 3);
  ModelSpec spec;
  spec.family = "unet3d";
  spec.in_channels = spec.out_channels = 3;
  spec.patch = cube(128);
  Graph built = build_graph(spec);
  EXPECT_EQ(parameter_count(written), 19069955);
  for (Extent size : {cube(128), Extent{9, 165, 165}, cube(20)}) EXPECT_EQ(outline(written, size), outline(built, size));
  EXPECT_EQ(receptive_field(written), receptive_field(built));
}

TEST(BlockGraph, DeepMedicExampleIsTheBuiltInOne) {
  Graph written = example("deepmedic-graph.toml", 2, 5);
  ModelSpec spec;
  spec.kind = "deepmedic";
  spec.in_channels = 2;
  spec.out_channels = 5;
  spec.patch = cube(57);
  Graph built = build_graph(spec);
  EXPECT_EQ(parameter_count(written), 659919);
  for (int64_t size : {57, 49, 77, 60}) {
    EXPECT_EQ(outline(written, cube(size)), outline(built, cube(size)));
    EXPECT_EQ(output_margin(written, cube(size)).before, output_margin(built, cube(size)).before);
  }
  EXPECT_EQ(receptive_field(written), cube(51));
  EXPECT_EQ(output_stride(written), cube(3));
}

TEST(BlockGraph, OneLayer) {
  Graph graph = build_graph(spec_from_toml("[[block]]\nname = 'only'\nop = 'conv'\nkernel = [1, 3, 3]\n"));
  ASSERT_EQ(graph.nodes.size(), 2u);
  EXPECT_EQ(graph.nodes[1].name, "only");
  EXPECT_EQ(parameter_count(graph), 9 * 2 + 2);
}

TEST(BlockGraph, RepeatOfABlock) {
  Graph graph = build_graph(spec_from_toml("[[block]]\nname = 'c'\nop = 'conv'\nchannels = 4\nrepeat = 3\n[[block]]\nname = 'j'\nop = 'concat'\nfrom = ['c', 'input']\n"
                                           "[[block]]\nname = 'end'\nop = 'conv'\nkernel = 1\n"));
  EXPECT_EQ(graph.nodes[1].name, "c.1");
  EXPECT_EQ(graph.nodes[3].name, "c.3");
  EXPECT_EQ(graph.nodes[4].inputs, (std::vector<int>{3, 0}));
  EXPECT_EQ(parameter_count(graph), (27 * 4 + 4) + 2 * (27 * 16 + 4) + 5 * 2 + 2);
}

TEST(BlockGraph, RepeatOfARun) {  // a residual unit written once, used three times
  std::string unit = "[[block]]\nname = 'in'\nop = 'conv'\nchannels = 4\nkernel = 1\n"
                     "[[block]]\nname = 'a'\nop = 'conv'\nchannels = 4\norder = 'before'\nactivation = 'relu'\n"
                     "[[block]]\nname = 'b'\nop = 'conv'\nchannels = 4\n"
                     "[[block]]\nname = 'sum'\nop = 'add'\nfrom = ['b', 'in']\n"
                     "[[block]]\nname = 'more'\nop = 'repeat'\nfrom = ['a', 'sum']\nrepeat = 2\n"
                     "[[block]]\nname = 'end'\nop = 'conv'\nkernel = 1\n";
  Graph graph = build_graph(spec_from_toml(unit));
  auto find = [&](const std::string& name) {
    for (size_t i = 0; i < graph.nodes.size(); ++i)
      if (graph.nodes[i].name == name) return int(i);
    ADD_FAILURE() << name;
    return 0;
  };
  EXPECT_EQ(graph.nodes[size_t(find("sum"))].inputs, (std::vector<int>{find("b"), find("in")}));
  EXPECT_EQ(graph.nodes[size_t(find("sum.2"))].inputs, (std::vector<int>{find("b.2"), find("sum")}));
  EXPECT_EQ(graph.nodes[size_t(find("sum.3"))].inputs, (std::vector<int>{find("b.3"), find("sum.2")}));
  EXPECT_EQ(graph.nodes[size_t(find("a.3.act"))].inputs, (std::vector<int>{find("sum.2")}));
  EXPECT_EQ(graph.nodes[size_t(find("end"))].inputs, (std::vector<int>{find("sum.3")}));
  EXPECT_EQ(receptive_field(graph), cube(13));  // six 3x3x3 convolutions
}

TEST(BlockGraph, ValidUnetHasCiceksSizes) {  // unpadded, skips cropped to the centre: out = in - 88, in = 8k + 4
  std::string toml;
  auto conv = [&](const std::string& name) { toml += "[[block]]\nname = '" + name + "'\nop = 'conv'\nchannels = 2\npadding = 'valid'\nrepeat = 2\n"; };
  for (std::string level : {"0", "1", "2"}) {
    conv("down" + level);
    toml += "[[block]]\nname = 'pool" + level + "'\nop = 'pool'\nfactor = 2\npadding = 'valid'\n";
  }
  conv("bridge");
  std::string below = "bridge";
  for (std::string level : {"2", "1", "0"}) {
    toml += "[[block]]\nname = 'up" + level + "'\nop = 'transposed_conv'\nchannels = 2\nkernel = 2\nstride = 2\nfrom = ['" + below + "']\n";
    toml += "[[block]]\nname = 'skip" + level + "'\nop = 'crop'\nlike = 'up" + level + "'\nfrom = ['down" + level + "']\n";
    toml += "[[block]]\nname = 'join" + level + "'\nop = 'concat'\nfrom = ['skip" + level + "', 'up" + level + "']\n";
    conv("out" + level);
    below = "out" + level;
  }
  toml += "[[block]]\nname = 'classes'\nop = 'conv'\nkernel = 1\n";
  Graph graph = build_graph(spec_from_toml(toml));
  for (auto [in, out] : {std::pair{132, 44}, std::pair{124, 36}, std::pair{116, 28}}) {
    ASSERT_TRUE(fits(graph, cube(in)));
    EXPECT_EQ(output_size(graph, cube(in)), cube(out));
    EXPECT_EQ(output_margin(graph, cube(in)).before, cube(44));
    EXPECT_EQ(output_margin(graph, cube(in)).after, cube(44));
  }
  EXPECT_EQ(output_stride(graph), cube(8));
}

TEST(BlockGraph, RefusalsNameTheBlocks) {
  const std::string conv = "[[block]]\nname = 'a'\nop = 'conv'\nchannels = 4\n", end = "[[block]]\nname = 'end'\nop = 'conv'\nkernel = 1\n";
  auto expect = [](const std::string& message, const std::vector<std::string>& parts) {
    for (const std::string& part : parts) EXPECT_NE(message.find(part), std::string::npos) << "\"" << part << "\" is not in: " << message;
  };
  expect(refusal(""), {"no blocks"});
  expect(refusal(conv + "[[block]]\nname = 'b'\nop = 'conv'\nfrom = ['inptu']\n"), {"\"b\"", "\"inptu\"", "no block has that name", "did you mean \"input\""});
  expect(refusal("[[block]]\nname = 'b'\nop = 'add'\nfrom = ['input', 'end']\n" + end), {"\"b\"", "\"end\"", "comes after it", "cycle"});
  expect(refusal("[[block]]\nname = 'b'\nop = 'conv'\nfrom = ['b']\n"), {"\"b\"", "itself", "cycle"});
  expect(refusal(conv + conv + end), {"\"a\"", "taken already"});
  expect(refusal(conv + "[[block]]\nname = 's'\nop = 'add'\nfrom = ['a', 'input']\n" + end), {"\"s\"", "\"a\" of 4 channels", "\"input\" of 1"});
  expect(refusal(conv + "[[block]]\nname = 'p'\nop = 'pool'\nfactor = 2\n[[block]]\nname = 'j'\nop = 'concat'\nfrom = ['a', 'p']\n" + end),
         {"\"j\"", "\"a\"", "\"p\"", "2 apart", "up-sample"});
  expect(refusal(conv + "[[block]]\nname = 'v'\nop = 'conv'\nchannels = 4\npadding = 'valid'\n[[block]]\nname = 'j'\nop = 'concat'\nfrom = ['a', 'v']\n" + end),
         {"\"j\"", "joins a of 1024 voxels and v of 1022"});
  expect(refusal(conv + "[[block]]\nname = 'p'\nop = 'pool'\nfactor = 2\n" + end), {"2 input voxels apart", "expected 1"});
  expect(refusal(conv), {"\"a\"", "4 channels", "2 classes"});
  expect(refusal(conv + "[[block]]\nname = 'n'\nop = 'norm'\n" + end), {"\"n\"", "norm is not set"});
  expect(refusal(conv + "[[block]]\nname = 'c'\nop = 'crop'\n" + end), {"\"c\"", "0 of like, size and margin"});
  expect(refusal("[[block]]\nname = 'c'\nop = 'conv'\npadding = ['same', 'valid']\n"), {"\"c\"", "2 entries"});
  expect(refusal("[[block]]\nname = 't'\nop = 'transposed_conv'\nkernel = 2\nstride = 1\n"), {"\"t\"", "kernel 2 and stride 1"});
  expect(refusal("[[block]]\nname = 'r'\nop = 'repeat'\nfrom = ['x', 'y']\n"), {"\"r\"", "\"x\""});
  expect(refusal(end, 0), {"in_channels is 0"});
  expect(refusal(mixed_scale + "kernel = 5\n" + end), {"\"stack\"", "kernel is 5x5x5", "3x3x3, or 1x3x3"});
  expect(refusal(mixed_scale + "channels = 8\n" + end), {"\"stack\"", "channels is 8", "depth x width"});
  expect(refusal(mixed_scale + "[[block]]\nname = 'stack.0'\nop = 'conv'\nchannels = 1\n" + end), {"two blocks have the parameter \"stack.0.weight\""});
  EXPECT_THROW(spec_from_toml("[[block]]\nname = 'a'\nop = 'conv'\nchannels = -1\n"), Error);
}

TEST(BlockGraph, MixedScaleDenseStackIsTheBuiltInOne) {
  const std::string final = "[[block]]\nname = 'final'\nop = 'conv'\nkernel = 1\nstarts_at_zero = true\n";
  for (bool planes : {false, true}) {
    Graph written = build_graph(spec_from_toml(mixed_scale + (planes ? "kernel = [1, 3, 3]\nborder = 'zero'\n" : "") + final, 3, 5));
    ModelSpec spec;
    spec.kind = "msd", spec.depth = 7, spec.width = 2, spec.dilations = {1, 2, 4}, spec.in_channels = 3, spec.out_channels = 5, spec.patch = cube(32);
    if (planes) spec.dims = 2, spec.border = "zero";
    Graph built = build_graph(spec);
    auto a = parameters(written), b = parameters(built);
    ASSERT_EQ(a.size(), b.size());
    for (size_t i = 0; i < a.size(); ++i) {
      EXPECT_EQ(a[i].name, b[i].name);
      EXPECT_EQ(a[i].shape, b[i].shape);
      EXPECT_EQ(a[i].stddev, b[i].stddev);
    }
    EXPECT_EQ(receptive_field(written), receptive_field(built));
    EXPECT_EQ(written.nodes[1].layer_dilations, built.nodes[1].layer_dilations);
    EXPECT_EQ(written.nodes[1].reflect, !planes);
  }
  // With norms around it, and another stack behind.
  Graph normed = build_graph(spec_from_toml("[[block]]\nname = 'in'\nop = 'norm'\nnorm = 'batch'\n" + mixed_scale + "[[block]]\nname = 'n'\nop = 'norm'\nnorm = 'instance'\n"
                                            "[[block]]\nname = 'again'\nop = 'msd'\ndepth = 3\n" + final));
  EXPECT_EQ(normed.nodes[4].channels, 1 + 14 + 3);
  EXPECT_EQ(receptive_field(normed), cube(1 + 2 * (2 + 4 + 4 + 2 + 4 + 4 + 2 + 1 + 2 + 3)));
}

TEST(BlockGraph, NumbersBeyondReasonAreRefusedBeforeTheyOverflow) {
  const std::string conv = "[[block]]\nname = 'a'\nop = 'conv'\nchannels = 4\n", end = "[[block]]\nname = 'end'\nop = 'conv'\nkernel = 1\n";
  auto expect = [](const std::string& message, const std::string& part) { EXPECT_NE(message.find(part), std::string::npos) << message; };
  expect(refusal("patch = 1048577\n" + conv), "patch: is 1048577 voxels, must be in [0, 1048576]");
  expect(refusal(conv + "[[block]]\nname = 'c'\nop = 'crop'\nmargin = 4611686018427387904\n" + end), "margin: is 4.61168602e+18");
  std::string doubling = conv;
  for (int i = 0; i < 70; ++i) {
    std::string before = i == 0 ? "a" : "j" + std::to_string(i - 1);
    doubling += "[[block]]\nname = 'j" + std::to_string(i) + "'\nop = 'concat'\nfrom = ['" + before + "', '" + before + "']\n";
  }
  expect(refusal(doubling + end), "\"j22\" joins 33554432 channels");
  std::string pools;
  for (int i = 0; i < 40; ++i) pools += "[[block]]\nname = 'p" + std::to_string(i) + "'\nop = 'pool'\nfactor = 16\n";
  expect(refusal(pools + end), "samples its input 65536 to 1; factors and strides may multiply to 4096");
  expect(refusal(conv + "[[block]]\nname = 'b'\nop = 'activation'\nactivation = 'relu'\nrepeat = 1000\n[[block]]\nname = 'r'\nop = 'repeat'\nfrom = ['b', 'b']\nrepeat = 1000\n" + end),
         "blocks with all repeats, at most 10000");
}

TEST(BlockGraph, SizesAndBatchesBeyondReasonAreRefused) {
  Graph graph = build_graph(spec_from_toml("[[block]]\nname = 'a'\nop = 'conv'\nchannels = 65536\n[[block]]\nname = 'end'\nop = 'conv'\n", 1, 2));
  EXPECT_THROW(shapes(graph, cube(1 << 20)), Error);
  EXPECT_NO_THROW(shapes(graph, cube(1 << 11)));
  EXPECT_GT(activation_bytes(graph, cube(1 << 11), 16, 4, false), 0);
  EXPECT_THROW(activation_bytes(graph, cube(1 << 11), 4096, 4, false), Error);
  Graph up = build_graph(spec_from_toml("[[block]]\nname = 'u'\nop = 'upsample'\nfactor = 16\n[[block]]\nname = 'p'\nop = 'pool'\nfactor = 16\n[[block]]\nname = 'end'\nop = 'conv'\n", 1, 2));
  try {
    shapes(up, {int64_t{1} << 38, 1, 1});
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("\"u\" turns 274877906944 voxels into 4398046511104, more than can be"), std::string::npos) << error.what();
  }
}

TEST(Draw, IsWholeAndShowsEveryStep) {
  Graph graph = example("deepmedic-graph.toml", 2, 5);
  std::string svg = draw_graph(graph, cube(57));
  EXPECT_EQ(svg.rfind("<svg", 0), 0u);
  EXPECT_NE(svg.find("</svg>"), std::string::npos);
  for (const char* part : {"sub-sample 3³", "crop to the centre", "up-sample 3³", "concat", "30 · 23³", "50 · 3³", "100 · 9³", "5 · 9³", "659,919"})
    EXPECT_NE(svg.find(part), std::string::npos) << part;
  EXPECT_EQ(svg.find("nan"), std::string::npos);
}

TEST(Draw, EscapesNames) {
  Graph graph = build_graph(spec_from_toml("[[block]]\nname = 'a<b&c'\nop = 'conv'\n"));
  std::string svg = draw_graph(graph, cube(8));
  EXPECT_NE(svg.find("a&lt;b&amp;c"), std::string::npos);
  EXPECT_EQ(svg.find("a<b"), std::string::npos);
}

}  // namespace
}  // namespace tomograd
