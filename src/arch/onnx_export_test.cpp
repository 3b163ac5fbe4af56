// Every operator and every network as ONNX, run by ONNX Runtime, against plain loops in double; sizes are odd and awkward.
#include <gtest/gtest.h>

#include "arch/builder.h"
#include "arch/onnx_check.h"
#include "arch/onnx_msd.h"
#include "base/error.h"
#include "spec/text_formats.h"

namespace tomograd {
namespace {

class Onnx : public testing::Test {
 protected:
  void SetUp() override {
    if (!OnnxCheck::available()) GTEST_SKIP() << "no .venv-test with onnx and onnxruntime (scripts/setup.sh test)";
  }
  OnnxCheck check;
};

ModelSpec spec_of(const std::string& kind, int64_t in, int64_t out, Extent patch) {
  ModelSpec spec;
  spec.kind = kind;
  spec.in_channels = in;
  spec.out_channels = out;
  spec.patch = patch;
  return spec;
}

TEST_F(Onnx, ResidualUnet) {
  ModelSpec spec = spec_of("unet", 2, 3, cube(16));
  spec.channels = {4, 6, 8};
  spec.dropout = 0.2;
  check.add_graph("residual", build_graph(spec), {{13, 16, 11}, {16, 8, 17}}, true, 2);
  check.expect_equal();
}

TEST_F(Onnx, Unet3d) {
  ModelSpec spec = spec_of("unet", 3, 2, {16, 16, 5});
  spec.family = "unet3d";
  spec.depth = 2;
  spec.filters = 2;
  check.add_graph("unet3d", build_graph(spec), {{9, 14, 5}, {12, 11, 7}});
  check.expect_equal();
}

TEST_F(Onnx, NnUnetWithAllItsHeads) {
  ModelSpec spec = spec_of("unet", 1, 3, {20, 17, 33});
  spec.family = "nnunet";
  spec.filters = 4;
  spec.spacing = {3, 1, 1};
  Graph graph = build_graph(spec);
  ASSERT_GE(graph.outputs.size(), 2u);
  check.add_graph("nnunet", graph, {{20, 17, 33}, {7, 29, 18}});
  check.expect_equal();
}

TEST_F(Onnx, DeepMedicOriginal) {
  ModelSpec spec = spec_of("deepmedic", 2, 3, cube(57));
  spec.path_channels = {3, 3, 4, 4, 4, 4, 5, 5};
  spec.fc_channels = {6, 5};
  check.add_graph("deepmedic", build_graph(spec), {{51, 49, 50}, {49, 53, 57}});
  check.expect_equal();
}

TEST_F(Onnx, DeepMedicWithResidualsMirrorsAndPaddedAxes) {
  ModelSpec spec = spec_of("deepmedic", 2, 3, {9, 50, 53});
  spec.variant = "default";
  spec.factors = {cube(1), {1, 3, 3}};
  spec.path_channels = {3, 4, 4, 3, 4, 5, 5, 4};
  spec.fc_channels = {6, 7};
  check.add_graph("deepmedic_default", build_graph(spec), {{9, 50, 53}, {5, 49, 51}});
  check.expect_equal();
}

TEST_F(Onnx, NetworkFromBlocks) {
  std::string toml = R"(
[[block]]
name = "output"
op = "conv"
kernel = [1, 3, 5]
padding = ["same", "valid", "mirror"]
channels = 4
norm = "batch"
activation = "elu"
statistics = "last60"
dropout = 0.3
[[block]]
name = "down"
op = "conv"
stride = [1, 2, 2]
channels = 5
norm = "instance"
activation = "swish"
order = "before"
[[block]]
name = "pooled"
op = "pool"
mode = "avg"
factor = [2, 1, 3]
[[block]]
name = "up"
op = "upsample"
mode = "linear"
factor = [2, 2, 6]
[[block]]
name = "cut"
op = "crop"
like = "output"
anchor = "first"
[[block]]
name = "more"
op = "conv"
kernel = 1
channels = 6
[[block]]
name = "sum"
op = "add"
from = ["output", "more"]
pad_channels = true
[[block]]
name = "last"
op = "add"
from = ["more", "sum"]
pad_channels = true
[[block]]
name = "classes"
op = "conv"
kernel = 1
)";
  auto spec = spec_from<ModelSpec>(parse_toml(toml, "model.toml"));
  spec.kind = "graph", spec.in_channels = 2, spec.out_channels = 3, spec.patch = cube(16);
  check.add_graph("blocks", build_graph(spec), {{7, 10, 11}, {6, 9, 14}});
  check.expect_equal();
}

// Convolutions of every padding, stride and dilation, even kernels, borders wider than the image.
TEST_F(Onnx, Convolutions) {
  int count = 0;
  for (Padding padding : {Padding::same, Padding::valid, Padding::mirror, Padding::reflect})
    for (int64_t kernel : {1, 2, 3, 4, 5})
      for (auto [stride, dilation] : {std::pair{1, 1}, std::pair{2, 1}, std::pair{1, 3}, std::pair{3, 2}}) {
        Builder build("convolution", 2);
        ConvOptions options{{stride, 1, stride}, {1, dilation, dilation}, {padding, Padding::same, padding}, kernel % 2 == 1};
        Graph graph = build.finish({{build.conv("c", 0, 3, {kernel, 3, kernel}, options), 1.0}});
        check.add_graph(text("conv", ++count), graph, {{5, 4, 13}, {7, 3, 14}}, kernel > 3 || dilation == 3);
        if (padding == Padding::mirror) check.add_graph(text("wide", count), graph, {{2, 1, 3}, {1, 5, 1}});
        if (padding == Padding::reflect) check.add_graph(text("reflected", count), graph, {{2, 1, 3}, {2, 5, 2}});
      }
  check.expect_equal();
}

TEST_F(Onnx, TransposedConvolutions) {
  int count = 0;
  for (auto [kernel, stride] : {std::pair{3, 2}, std::pair{2, 2}, std::pair{3, 1}, std::pair{4, 4}, std::pair{3, 3}, std::pair{5, 2}, std::pair{5, 3}, std::pair{1, 1}}) {
    Builder build("transposed", 3);
    Graph graph = build.finish({{build.transposed_conv("t", 0, 2, {kernel, 3, kernel}, {stride, 2, stride}, kernel != 2), 1.0}});
    check.add_graph(text("transposed", ++count), graph, {{1, 2, 3}, {5, 3, 4}});
  }
  check.expect_equal();
}

TEST_F(Onnx, PoolsSubsamplesAndUpsamples) {
  int count = 0;
  for (Extent factor : {Extent{2, 3, 1}, Extent{3, 2, 5}, cube(1), cube(2)}) {
    for (bool first : {true, false}) {
      Builder build("sizes", 2);
      int x = build.max_pool("pool", 0, factor, Padding::same);
      build.at(x).max_pool = first;
      build.at(x).padding[1] = Padding::valid;
      check.add_graph(text("pool", ++count), build.finish({{x, 1.0}}), {{5, 7, 9}, {3, 6, 5}});
      Builder other("sizes", 2);
      x = other.upsample("up", 0, factor);
      other.at(x).linear_upsample = first;
      check.add_graph(text("up", count), other.finish({{x, 1.0}}), {{1, 4, 3}, {5, 2, 7}});
    }
    Builder build("sizes", 2);
    check.add_graph(text("sub", count), build.finish({{build.subsample("sub", 0, factor), 1.0}}), {{5, 7, 9}, {1, 6, 2}});
  }
  check.expect_equal();
}

TEST_F(Onnx, LanczosFilters) {
  int count = 0;
  for (Extent factor : {cube(2), Extent{1, 2, 2}, Extent{3, 1, 4}})
    for (int64_t lobes : {2, 3}) {
      Builder build("lanczos", 2);
      check.add_graph(text("lanczos", ++count), build.finish({{build.lanczos("down", 0, factor, lobes), 1.0}}), {{5, 8, 11}, {1, 3, 2}});
    }
  check.expect_equal();
}

TEST_F(Onnx, SkipNetworks) {
  int count = 0;
  for (auto [pad, upsample, downsample, skip] : {std::tuple{"zero", "nearest", "stride", 2}, std::tuple{"reflection", "linear", "avg", 3}, std::tuple{"reflection", "nearest", "lanczos2", 0},
                                                 std::tuple{"zero", "linear", "max", 1}}) {
    ModelSpec spec = spec_of("skip", 2, 1, cube(16));
    spec.n_down = {3, 4, 3}, spec.n_skip = {skip}, spec.pad = pad, spec.upsample = upsample, spec.downsample = downsample;
    check.add_graph(text("skip", ++count), build_graph(spec), {{10, 9, 17}, {12, 16, 11}});
  }
  check.expect_equal();
}

TEST_F(Onnx, Crops) {
  for (std::string anchor : {"centre", "first"}) {
    Builder like("crops", 1);
    ConvOptions valid;
    valid.padding = {Padding::valid, Padding::same, Padding::valid};
    int small = like.conv("small", 0, 1, {4, 3, 5}, valid), cut = like.crop_like("cut", 0, small, anchor);
    check.add_graph("like_" + anchor, like.finish({{cut, 1.0}, {small, 1.0}}), {{8, 5, 9}, {9, 4, 6}});
    Builder alone("crops", 1);  // the result needs nothing of the node it follows but its size
    cut = alone.crop_like("cut", 0, alone.conv("small", 0, 1, {4, 3, 5}, valid), anchor);
    check.add_graph("alone_" + anchor, alone.finish({{cut, 1.0}}), {{8, 5, 9}, {9, 4, 6}});
    Builder size("crops", 2);
    cut = size.crop_margin("cut", 0, cube(0), cube(0));
    size.at(cut).crop_size = {3, 4, 1};
    size.at(cut).crop_anchor = anchor;
    check.add_graph("size_" + anchor, size.finish({{cut, 1.0}}), {{8, 5, 9}, {3, 4, 6}});
  }
  Builder margin("crops", 2);
  check.add_graph("margin", margin.finish({{margin.crop_margin("cut", 0, {1, 0, 2}, {0, 3, 1}), 1.0}}), {{8, 5, 9}, {2, 4, 4}});
  check.expect_equal();
}

TEST_F(Onnx, NormsActivationsAndTheRest) {
  for (bool scale : {true, false})
    for (Norm kind : {Norm::instance, Norm::batch}) {
      Builder build("norm", 3);
      int x = build.norm("n", 0, kind, scale, !scale, 1e-3);
      check.add_graph(text(norm_name(kind), scale), build.finish({{x, 1.0}}), {{3, 4, 5}, {2, 1, 7}});
    }
  Builder ring("norm", 3);
  int x = ring.norm("n", 0, Norm::batch, true, true, double(std::numeric_limits<float>::min()));
  ring.at(x).running_mean_of_60 = true;
  check.add_graph("ring", ring.finish({{x, 1.0}}), {{3, 4, 5}, {2, 1, 7}});
  for (Activation kind : {Activation::none, Activation::relu, Activation::leaky_relu, Activation::prelu, Activation::elu, Activation::swish, Activation::sigmoid})
    for (bool shared : {true, false}) {
      Builder build("activation", 3);
      check.add_graph(text(activation_name(kind), shared), build.finish({{build.activation("a", 0, kind, 0.2, shared), 1.0}}), {{3, 4, 5}}, false);
    }
  for (bool classic : {true, false}) {
    Builder build("rest", 3);
    x = build.dropout("d", build.bias("b", 0), 0.3, false);
    build.at(x).classic_dropout = classic;
    check.add_graph(text("rest", classic), build.finish({{x, 1.0}}), {{3, 4, 5}}, false, 2);
  }
  Builder nothing("nothing", 2);
  check.add_graph("nothing", nothing.finish({{0, 1.0}}), {{3, 4, 5}});
  check.expect_equal();
}

// Op::msd is expanded; here the stack alone, in 2-D and 3-D, with zeros and with reflections that go round small images.
TEST_F(Onnx, MixedScaleDenseStacks) {
  for (auto [kernel, width, reflect] : {std::tuple{cube(3), int64_t{1}, true}, std::tuple{cube(3), int64_t{3}, false}, std::tuple{Extent{1, 3, 3}, int64_t{2}, true}}) {
    OnnxMsd msd{"stack", 2, kernel, width, {1, 3, 3, 2, 1, 4}, reflect};
    int64_t layers = int64_t(msd.dilations.size()) / width;
    std::map<std::string, std::vector<float>> tensors;
    for (int64_t i = 0; i < layers; ++i) {
      int64_t from = 2 + width * i;
      Random random(5, text("msd", i));
      auto fill = [&](std::vector<float>& numbers, int64_t count, double size) {
        for (int64_t k = 0; k < count; ++k) numbers.push_back(float(random.uniform(-size, size)));
      };
      fill(tensors[text("stack.", i, ".weight")], width * from * kernel.voxels(), std::sqrt(6.0 / double(from * kernel.voxels())));
      fill(tensors[text("stack.", i, ".bias")], width, 0.5);
    }
    WeightLookup lookup = [&](const std::string& name) -> std::span<const float> { return tensors.at(name); };
    for (bool fixed : {false, true})
      for (Extent size : {Extent{9, 11, 10}, Extent{2, 3, 5}}) {
        std::string name = text("msd_", width, "_", fixed, "_", to_string(size), ".onnx");
        OnnxNodes nodes(lookup);
        std::vector<OnnxDim> shape = {"batch", int64_t{2}, "z", "y", "x"};
        if (fixed) shape = {int64_t{1}, int64_t{2}, size.z, size.y, size.x};
        std::string x = nodes.reserve("input"), y = export_msd(nodes, x, fixed ? size : cube(0), msd);
        nodes.input(x, shape);
        shape[1] = 2 + int64_t(msd.dilations.size());
        nodes.output(y, shape);
        check.save(name, [&](OutputFile& to) { nodes.write({"stack", "", {}}, to); });
        auto single = graph_reference::msd_stack(graph_reference::test_image<float>(2, size), "stack", kernel, width, msd.dilations, reflect, lookup);
        auto exact = graph_reference::msd_stack(graph_reference::test_image<double>(2, size), "stack", kernel, width, msd.dilations, reflect, lookup);
        check.add(name, name, {graph_reference::test_image<float>(2, size)}, {{"stack", {exact}, OnnxCheck::tolerance(single, exact)}});
      }
  }
  check.expect_equal();
}

TEST_F(Onnx, MixedScaleDenseNetwork) {
  for (auto [dims, border] : {std::pair{3, "reflect"}, std::pair{3, "zero"}, std::pair{2, "reflect"}}) {
    ModelSpec spec = spec_of("msd", 2, 3, cube(16));
    spec.depth = 12;
    spec.dims = dims;
    spec.border = border;
    check.add_graph(text("msd", dims, border), build_graph(spec), {{11, 9, 14}, {3, 12, 2}});
  }
  check.expect_equal();
}

TEST_F(Onnx, TheCheckSeesASmallDifference) {
  Builder build("small", 1);
  Graph graph = build.finish({{build.conv("c", 0, 1, cube(3)), 1.0}});
  graph_reference::TestWeights weights(graph);
  WeightLookup lookup = weights.lookup();
  auto exact = graph_reference::Reference<double>(graph, lookup).compute(graph_reference::test_image<double>(1, cube(4))).back();
  auto single = graph_reference::Reference<float>(graph, lookup).compute(graph_reference::test_image<float>(1, cube(4))).back();
  weights.tensors()["c.weight"][13] += 1e-3f;
  check.save("small.onnx", [&](OutputFile& to) { export_onnx(graph, lookup, {}, to); });
  check.add("small", "small.onnx", {graph_reference::test_image<float>(1, cube(4))}, {{"output", {exact}, OnnxCheck::tolerance(single, exact)}});
  std::string log;
  EXPECT_NE(check.run(log), 0) << log;
  EXPECT_NE(log.find("WRONG small output"), std::string::npos) << log;
}

TEST_F(Onnx, ProbabilitiesSumToOneAndMetadataArrive) {
  Builder build("classes", 2);
  Graph graph = build.finish({{build.conv("input/2", 0, 3, cube(1)), 1.0}});
  graph_reference::TestWeights weights(graph);
  OnnxOptions options;
  options.softmax = true;
  options.producer_version = "1.2.3";
  options.metadata = {{"format", "tomograd.onnx/1"}, {"empty", ""}, {"unicode", "żółć\n\"quoted\""}};
  check.save("m.onnx", [&](OutputFile& to) { export_onnx(graph, weights.lookup(), options, to); });
  publish_text(system_env(), check.folder() + "/check.py",
               "import sys, numpy as np, onnx, onnxruntime\n"
               "m = onnx.load(sys.argv[1])\n"
               "assert m.producer_name == 'tomograd' and m.producer_version == '1.2.3' and m.graph.name == 'classes'\n"
               "assert {p.key: p.value for p in m.metadata_props} == {'format': 'tomograd.onnx/1', 'empty': '', 'unicode': 'żółć\\n\"quoted\"'}\n"
               "s = onnxruntime.InferenceSession(sys.argv[1])\n"
               "assert s.get_inputs()[0].shape == ['batch', 2, 'z', 'y', 'x'] and s.get_outputs()[0].shape == ['batch', 3, 'output_z', 'output_y', 'output_x']\n"
               "y = s.run(['output'], {'input': np.random.rand(2, 2, 3, 4, 5).astype('f4')})[0]\n"
               "assert y.shape == (2, 3, 3, 4, 5) and y.min() > 0 and abs(y.sum(1) - 1).max() < 1e-5\n");
  EXPECT_EQ(std::system((OnnxCheck::python() + " " + check.folder() + "/check.py " + check.folder() + "/m.onnx").c_str()), 0);
}

class Discarded : public OutputFile {
 public:
  void write(const void* data, int64_t bytes) override { content.append(static_cast<const char*>(data), size_t(bytes)); }
  void write_at(int64_t, const void*, int64_t) override { FAIL(); }
  void sync() override {}
  void close() override {}
  std::string content;
};

TEST(OnnxRefusals, NameWhatIsWrong) {
  ModelSpec spec = spec_of("deepmedic", 1, 2, cube(57));
  Graph graph = build_graph(spec);
  graph_reference::TestWeights weights(graph);
  auto refusal = [&](const OnnxOptions& options) {
    Discarded file;
    try {
      export_onnx(graph, weights.lookup(), options, file);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::input);
      return std::string(error.what());
    }
    return std::string("accepted");
  };
  EXPECT_EQ(refusal({}), "accepted");
  OnnxOptions options;
  options.size = {57, 48, 57};
  EXPECT_NE(refusal(options).find("along y"), std::string::npos) << refusal(options);
  options.size = {0, 0, 48};
  EXPECT_NE(refusal(options).find("48 voxels along x"), std::string::npos) << refusal(options);
  weights.tensors()["classes.conv.bias"].pop_back();
  EXPECT_NE(refusal({}).find("'classes.conv.bias' has 1 numbers"), std::string::npos) << refusal({});
  weights.tensors().erase("normal.1.conv.weight");
  EXPECT_NE(refusal({}).find("normal.1.conv.weight"), std::string::npos) << refusal({});
  weights.tensors()["hidden1.norm.running_mean"].resize(60);
  EXPECT_NE(refusal({}).find("hidden1.norm.running_mean"), std::string::npos) << refusal({});
}

TEST(OnnxRefusals, FilesBeyondTwoGigabytesBeforeAnythingIsWritten) {
  Builder build("large", 65536);
  Graph graph = build.finish({{build.conv("c", 0, 8192, cube(1)), 1.0}});  // 2^29 weights
  Discarded file;
  WeightLookup never = [](const std::string& name) -> std::span<const float> { fail_failure("asked for " + name); };
  try {
    export_onnx(graph, never, {}, file);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::input);
    EXPECT_NE(error.message().find("2147483647"), std::string::npos) << error.what();
  }
  EXPECT_EQ(file.content, "");
}

TEST(OnnxBytes, AreTheSameEveryTime) {
  Graph graph = build_graph(spec_of("unet", 1, 2, cube(16)));
  graph_reference::TestWeights weights(graph);
  Discarded first, second;
  export_onnx(graph, weights.lookup(), {}, first);
  export_onnx(graph, weights.lookup(), {}, second);
  EXPECT_GT(first.content.size(), size_t(4 * parameter_count(graph)));
  EXPECT_EQ(first.content, second.content);
}

}  // namespace
}  // namespace tomograd
