// The deep image prior's network: counts against the published ones and their formula, sizes and refusals, words and cost. What it
// computes is held against the published network in nn/skip_test.cpp.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "arch/axis_reference.h"
#include "arch/builder.h"
#include "arch/describe.h"
#include "arch/draw.h"
#include "arch/lanczos.h"
#include "base/error.h"
#include "spec/text_formats.h"

namespace tomograd {
namespace {

ModelSpec skip_spec(const std::string& toml = "") {
  auto spec = spec_from<ModelSpec>(parse_toml("kind = 'skip'\n" + toml, "model"));
  if (spec.in_channels == 0) spec.in_channels = default_in_channels(spec);
  if (spec.out_channels == 0) spec.out_channels = default_out_channels(spec);
  spec.patch = default_patch(spec);
  return spec;
}

int64_t count(const std::string& toml) { return parameter_count(build_graph(skip_spec(toml))); }

TEST(Skip, PublishedCounts) {
  EXPECT_EQ(count("preset = 'denoise'"), 6466149);
  EXPECT_EQ(count("preset = 'superres'"), 6466149);
  EXPECT_EQ(count("preset = 'denoise'\ndims = 2\nout_channels = 3"), 2217831);
  EXPECT_EQ(count(""), 3035893);
  EXPECT_EQ(count("n_down = [128, 128, 128, 128]"), 5106513);
  EXPECT_EQ(count("preset = 'inpaint'"), 8679425);
}

// Per scale, with k voxels in a kernel: convolutions with a bias, and two numbers per channel of each norm.
TEST(Skip, CountsOfEveryOption) {
  auto formula = [](std::vector<int64_t> down, std::vector<int64_t> up, std::vector<int64_t> skip, int64_t k_down, int64_t k_up, int64_t k_skip, bool one, int64_t bias) {
    int64_t sum = 0, x = 3;
    auto conv = [&](int64_t from, int64_t to, int64_t k) { sum += from * to * k * k * k + bias * to; };
    for (size_t i = 0; i < down.size(); ++i) {
      int64_t below = i + 1 < down.size() ? up[i + 1] : down[i];
      if (skip[i] > 0) conv(x, skip[i], k_skip);
      conv(x, down[i], k_down);
      conv(down[i], down[i], k_down);
      conv(skip[i] + below, up[i], k_up);
      if (one) conv(up[i], up[i], 1);
      sum += 2 * (skip[i] + 2 * down[i] + skip[i] + below + up[i] + (one ? up[i] : 0));
      x = down[i];
    }
    conv(up[0], 2, 1);
    return sum;
  };
  const std::string shape = "in_channels = 3\nout_channels = 2\nn_down = [4, 6, 5]\nn_up = [3, 7, 2]\nn_skip = [2, 0, 4]\n";
  EXPECT_EQ(count(shape), formula({4, 6, 5}, {3, 7, 2}, {2, 0, 4}, 3, 3, 1, true, 1));
  EXPECT_EQ(count(shape + "k_down = 5\nk_skip = 3\nup_1x1 = 'no'\nconv_bias = 'no'"), formula({4, 6, 5}, {3, 7, 2}, {2, 0, 4}, 5, 3, 3, false, 0));
  EXPECT_EQ(count(shape + "k_up = 1\ndownsample = 'lanczos3'\nupsample = 'linear'\npad = 'reflection'\nactivation = 'none'\nsigmoid = 'no'"),
            formula({4, 6, 5}, {3, 7, 2}, {2, 0, 4}, 3, 1, 1, true, 1));
  auto kernels = build_graph(skip_spec(shape + "k_down = [3, 5, 7]"));  // one entry per scale
  auto kernel = [&](const std::string& name) { return std::find_if(kernels.nodes.begin(), kernels.nodes.end(), [&](auto& node) { return node.name == name; })->kernel; };
  EXPECT_EQ(kernel("scale1.deep.conv"), cube(5));
  EXPECT_EQ(kernel("scale2.down.conv"), cube(7));
}

TEST(Skip, WhatThePresetsChoose) {
  auto sentences = [](const std::string& toml) {
    Graph graph = build_graph(skip_spec(toml));
    std::string all;
    for (const Node& node : graph.nodes) all += text(node.name, ": ", node_sentence(graph, node), "\n");
    return all;
  };
  auto has = [](const std::string& all, const std::string& line) { return all.find(line + "\n") != std::string::npos; };
  std::string denoise = sentences("preset = 'denoise'"), inpaint = sentences("preset = 'inpaint'"), plain = sentences("");
  for (const std::string& all : {denoise, inpaint}) {
    EXPECT_TRUE(has(all, "scale4.down.conv: conv 3x3x3 stride 2x2x2 reflect"));
    EXPECT_TRUE(has(all, "scale0.merge.act: leaky_relu"));
    EXPECT_TRUE(has(all, "result.sigmoid: sigmoid"));
  }
  EXPECT_TRUE(has(denoise, "scale2.up: upsample 2x2x2 linear"));
  EXPECT_TRUE(has(inpaint, "scale2.up: upsample 2x2x2 nearest"));
  EXPECT_TRUE(has(plain, "scale2.deep.conv: conv 3x3x3 same"));
  EXPECT_TRUE(has(plain, "scale2.up: upsample 2x2x2 nearest"));
  EXPECT_TRUE(has(plain, "scale0.skip.norm: norm instance"));
  std::string changed = sentences("preset = 'denoise'\ndims = 2\ndownsample = 'lanczos2'\nupsample = 'nearest'\nsigmoid = 'no'\nactivation = 'none'");
  EXPECT_TRUE(has(changed, "scale0.down.conv: conv 1x3x3 reflect"));
  EXPECT_TRUE(has(changed, "scale0.down.lanczos: lanczos2 down-sampling 1x2x2"));
  EXPECT_TRUE(has(changed, "scale0.up: upsample 1x2x2 nearest"));
  EXPECT_EQ(changed.find("sigmoid"), std::string::npos);
  EXPECT_EQ(changed.find(".act"), std::string::npos);
}

TEST(Skip, InitialWeightsHaveTheVarianceOfTorchsUniformOnes) {
  for (const Parameter& parameter : parameters(build_graph(skip_spec("preset = 'denoise'\ndims = 2"))))
    if (parameter.fan_in > 0) { EXPECT_DOUBLE_EQ(parameter.stddev, 1 / std::sqrt(3.0 * double(parameter.fan_in))) << parameter.name; }
}

TEST(Skip, ReturnsEverySizeItTakes) {
  for (std::string pad : {"zero", "reflection"})
    for (std::string down : {"stride", "avg", "max", "lanczos2", "lanczos3"})
      for (int64_t dims : {2, 3}) {
        Graph graph = build_graph(skip_spec(text("n_down = [2, 3, 2]\nn_skip = [1, 0, 2]\npad = '", pad, "'\ndownsample = '", down, "'\ndims = ", dims)));
        int64_t least = pad == "zero" ? 1 : 9;  // 9, 5, 3, 2: the last convolution down still sees two voxels
        LegalSizes legal = legal_sizes(graph);
        EXPECT_EQ(legal.smallest, (Extent{dims == 2 ? 1 : least, least, least}));
        EXPECT_EQ(legal.step, cube(1));
        EXPECT_EQ(output_stride(graph), (Extent{dims == 2 ? 1 : 8, 8, 8}));
        for (int64_t n = least; n < least + 20; ++n) EXPECT_EQ(output_size(graph, {n, n + 1, 2 * n}), (Extent{n, n + 1, 2 * n}));
        for (const std::string& warning : graph_warnings(graph, {least, 12, 17}))  // nothing lies apart
          EXPECT_NE(warning.find("single voxel"), std::string::npos) << warning;
      }
}

std::string refusal_of(const std::string& toml, Extent input = cube(64)) {
  try {
    shapes(build_graph(skip_spec(toml)), input);
  } catch (const Error& error) {
    EXPECT_EQ(exit_code(error.kind()), 2);
    return error.what();
  }
  return "accepted";
}

TEST(Skip, RefusesWithValueAndRange) {
  auto expect = [](const std::string& message, std::vector<std::string> parts) {
    for (const std::string& part : parts) EXPECT_NE(message.find(part), std::string::npos) << message << " lacks " << part;
  };
  expect(refusal_of("n_down = [4, 6]\nn_skip = [1, 2, 3]"), {"n_skip has 3 entries", "1 or 2"});
  expect(refusal_of("n_up = [4, 6]"), {"n_up has 2 entries", "1 or 5"});
  expect(refusal_of("k_down = 4"), {"k_down has the even entry 4", "odd"});
  expect(refusal_of("n_down = [8, 0]"), {"n_down", "0"});
  expect(refusal_of("n_down = [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]"), {"n_down has 11 entries", "1 to 10"});
  expect(refusal_of("preset = 'jpeg'"), {"jpeg", "denoise"});
  expect(refusal_of("activation = 'relu'"), {"relu", "leaky_relu"});
  expect(refusal_of("preset = 'denoise'", {64, 32, 64}),
         {"skip (3-D, denoise, 5 scales)", "along y", "reflects at its borders", "at least 2 voxels and has 1", "64x33x64"});
  ModelSpec spec = skip_spec();
  spec.upsample = "cubic";
  EXPECT_THROW(build_graph(spec), Error);
  spec = skip_spec();
  spec.dims = 4;
  EXPECT_THROW(build_graph(spec), Error);
}

TEST(Skip, CostByHand) {
  // 4 channels in a volume of 8x6x4, halved by lanczos2 to 4x3x2: 8 taps for 4x6x4, then 4x3x4, then 4x3x2 voxels.
  Builder build("filter", 4);
  Graph filter = build.finish({{build.lanczos("down", 0, cube(2), 2), 1.0}});
  EXPECT_DOUBLE_EQ(forward_flop(filter, {8, 6, 4}), 2.0 * 8 * 4 * (96 + 48 + 24));
  Builder flat("filter", 1);
  EXPECT_DOUBLE_EQ(forward_flop(flat.finish({{flat.lanczos("down", 0, {1, 2, 2}, 3), 1.0}}), {3, 8, 8}), 2.0 * 12 * 3 * (32 + 16));
  // The sigmoid keeps its result, which is the head; nothing else is kept but the convolution's input.
  Builder head("head", 3);
  Graph graph = head.finish({{head.activation("s", head.conv("c", 0, 2, cube(1)), Activation::sigmoid), 1.0}});
  EXPECT_EQ(activation_bytes(graph, cube(2), 1, 4, true), 4 * 8 * (3 + 2 + 2 + 2));  // input, result, and the gradients of result and c
  EXPECT_NEAR(flop_per_voxel(build_graph(skip_spec("preset = 'denoise'")), cube(256)), 1.25e6, 0.005e6);  // 0.946e6 of them at full resolution
}

TEST(Skip, ReceptiveFieldOfOneScale) {  // stride: the middle reads 2 * (2 i + {-1, 0, 1}) + {-1, 0, 1}; linear up-sampling one more to each side
  auto field = [](const std::string& options) { return receptive_field(build_graph(skip_spec("n_down = [2]\nk_up = 1\n" + options))); };
  auto reference = [](const std::string& options) {
    Graph graph = build_graph(skip_spec("n_down = [2]\nk_up = 1\n" + options));
    std::vector<axis_reference::Reach> input;
    input.resize(128);
    for (int64_t i = 0; i < 128; ++i) input[size_t(i)].from = {i};
    auto out = axis_reference::compute(graph, 1, input).back();
    int64_t before = 0, after = 0;
    for (int64_t i = 60; i < 68; ++i) before = std::max(before, i - *out[size_t(i)].from.begin()), after = std::max(after, *out[size_t(i)].from.rbegin() - i);
    return before + after + 1;
  };
  for (std::string up : {"nearest", "linear"})
    for (std::string down : {"stride", "avg", "max", "lanczos2", "lanczos3"}) {
      std::string options = "upsample = '" + up + "'\ndownsample = '" + down + "'";
      EXPECT_EQ(field(options), cube(reference(options))) << options;
    }
  EXPECT_EQ(field(""), cube(8));  // voxels 2 i and 2 i + 1 both read 2 i - 3 to 2 i + 3
}

TEST(Lanczos, TapsOfThePublishedFilters) {
  const std::vector<double> two{-0.008863332, -0.041940034, 0.116500094, 0.434303272};
  const std::vector<double> three{0.003689135, 0.015056143, -0.033998632, -0.066637318, 0.135505284, 0.446385387};
  for (const auto& half : {two, three}) {
    LanczosFilter filter = lanczos_filter(half.size() == 4 ? 2 : 3, 2);
    size_t width = filter.taps.size();
    ASSERT_EQ(width, 2 * half.size());
    double sum = 0;
    for (size_t t = 0; t < width; ++t) {
      EXPECT_NEAR(filter.taps[t], half[std::min(t, width - 1 - t)], 5e-10);
      sum += filter.taps[t];
    }
    EXPECT_NEAR(sum, 1, 1e-14);
    EXPECT_EQ(filter.before, int64_t(width) / 2 - 1);
    EXPECT_EQ(filter.after, int64_t(width) / 2);
  }
  EXPECT_EQ(lanczos_filter(2, 1).taps, std::vector<double>{1.0});
  LanczosFilter odd = lanczos_filter(2, 3);      // the middle tap, of the voxel in the middle of the three
  EXPECT_EQ(odd.taps.size(), 12u);
  EXPECT_THROW(lanczos_filter(0, 2), Error);
  EXPECT_THROW(lanczos_filter(2, 0), Error);
}

TEST(Skip, DrawsAndDescribesItself) {
  Graph graph = build_graph(skip_spec("preset = 'denoise'\ndownsample = 'lanczos2'"));
  std::string svg = draw_graph(graph, cube(64));
  for (const char* part : {"skip (3-D, denoise, 5 scales)", "6,466,149 parameters", "Lanczos-2 down-sampling 2³", "reflected edge", "sigmoid"})
    EXPECT_NE(svg.find(part), std::string::npos) << part;
  EXPECT_EQ(describe_graph(graph, cube(64), 1, true).at("parameters").as_integer(), 6466149);
  EXPECT_EQ(describe_graph(build_graph(skip_spec("n_down = [8]")), cube(64), 1, false).at("title").as_text(), "skip (3-D, 1 scale)");
}

}  // namespace
}  // namespace tomograd
