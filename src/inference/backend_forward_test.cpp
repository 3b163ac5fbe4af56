// Our networks in OpenVINO against the same networks here: logits by rounding, labels by the definition of a tiled prediction.
#include "inference/backend_forward.h"

#include <dlfcn.h>

#include <cstdio>
#include <cstdlib>

#include "base/env.h"
#include "base/error.h"
#include "inference/predictor_test_support.h"

namespace tomograd {
namespace {

Backend* plugin() {
  static Backend* loaded = [] {
    void* library = dlopen(TOMOGRAD_BINARY_DIR "/libtomograd_openvino.so", RTLD_NOW | RTLD_LOCAL);
    return library ? reinterpret_cast<Backend* (*)()>(dlsym(library, "tomograd_make_openvino"))() : nullptr;
  }();
  return loaded;
}

class OpenVino : public ::testing::Test {
 protected:
  void SetUp() override {
    if (plugin()) return;
    if (std::getenv("TOMOGRAD_NO_SKIP")) FAIL() << "no libtomograd_openvino.so (scripts/setup.sh test fetches OpenVINO, the next build makes it)";
    GTEST_SKIP() << "no libtomograd_openvino.so (scripts/setup.sh test fetches OpenVINO, the next build makes it)";
  }
};

Graph of_kind(const std::string& kind, const std::string& family, Extent patch, const std::string& border = "reflect") {
  ModelSpec spec;
  spec.kind = kind, spec.family = family, spec.in_channels = 2, spec.out_channels = 3, spec.patch = patch, spec.border = border;
  if (kind == "msd") spec.depth = 13;            // dilations up to 10
  if (family == "residual") spec.channels = {4, 6, 8};
  if (family == "unet3d") spec.depth = 2, spec.filters = 4;
  if (family == "nnunet") spec.filters = 4;
  if (kind == "deepmedic") spec.path_channels = {3, 3, 4, 4, 4, 4, 5, 5}, spec.fc_channels = {6};
  return build_graph(spec);
}

std::vector<Graph> all_kinds() {
  return {of_kind("unet", "residual", cube(16)), of_kind("unet", "unet3d", cube(20)), of_kind("unet", "nnunet", {20, 17, 33}), of_kind("deepmedic", "", cube(57)), of_kind("msd", "", cube(16)),
          of_kind("msd", "", cube(16), "zero")};
}

// Some last layers start at zero, with which every input gives the same logits.
Network lively_network(const Graph& graph, uint64_t seed) {
  Network network = test_network(graph, seed, {"a", "b"});
  torch::NoGradGuard no_grad;
  for (auto& [name, tensor] : network.parameters())
    if (tensor.abs().max().item<double>() == 0) tensor.copy_(at::sin(at::arange(tensor.numel(), at::kFloat) * 1.7 + 1).reshape(tensor.sizes()) * 0.4);
  return network;
}

// Float differs from double by what rounding does to this very network; another order of summation in float by as much again, not by more
// than a small multiple (the most seen is 5). An operator that is wrong is off by the size of the logits.
TEST_F(OpenVino, LogitsAreOursButForRounding) {
  for (const Graph& graph : all_kinds())
    for (Extent wanted : {Extent{13, 19, 27}, Extent{55, 15, 52}}) {
      Extent size = nearest_legal(graph, wanted, cube(200));
      SCOPED_TRACE(graph.title + " " + to_string(size));
      Network network = lively_network(graph, 7), twin = lively_network(graph, 7);
      twin.to_double();
      PreparedCase prepared = random_case(size, 2);
      at::Tensor tile = region(prepared, {{}, size}).to(at::MemoryFormat::ChannelsLast3d);
      at::Tensor ours = network.forward(tile, false).front(), exact = twin.forward(tile.to(at::kDouble), false).front();
      at::Tensor theirs = tile_forward(network, *plugin(), {false, 2})(tile);
      ASSERT_EQ(theirs.sizes(), exact.sizes());
      EXPECT_GT(exact.std().item<double>(), 0.05);
      auto largest = [](const at::Tensor& t) { return t.abs().max().item<double>(); };
      double allowed = 16 * std::max(largest(ours.to(at::kDouble) - exact), 1e-7 * largest(exact));
      EXPECT_LT(allowed, 1e-3 * largest(exact));
      double off = largest(theirs.to(at::kDouble) - exact), coarse = 0;
      EXPECT_LE(off, allowed);
      // bf16 keeps 8 bits: it must differ by more than f32 rounding, or it was not used, and by far less than the logits themselves.
      try {
        coarse = largest(tile_forward(network, *plugin(), {true, 2})(tile).to(at::kDouble) - exact);
        EXPECT_GT(coarse, allowed);
        EXPECT_LT(coarse, 0.2 * largest(exact));
      } catch (const Error& error) {
        EXPECT_NE(error.message().find("precision bf16 was asked"), std::string::npos) << error.message();  // a processor without it
      }
      std::printf("%s %s: logits to %.3g, off by %.2g, allowed %.2g, in bf16 off by %.2g\n", graph.title.c_str(), to_string(size).c_str(), largest(exact), off, allowed, coarse);
    }
}

TEST_F(OpenVino, TilesAreBlendedAsOurs) {
  bool mirror = true;                            // of the first alone: the same again, eight times as slow
  for (const Graph& graph : all_kinds()) {
    SCOPED_TRACE(graph.title);
    Network network = lively_network(graph, 5);
    PreparedCase prepared = random_case({17, 23, 29}, 2);
    PredictSpec spec = predict_spec(output_margin(graph, nearest_legal(graph, cube(57), cube(60))).before.z > 0 ? cube(60) : cube(20), 0.25, "auto", mirror);
    TilePlan plan = plan_tiles(graph, prepared.geometry.size, spec, 4, 0);
    ASSERT_GT(plan.starts.size(), 1u);
    Prediction theirs = predict_tiles({tile_forward(network, *plugin(), {false, 2})}, 3, prepared, plan, mirror);
    expect_labels(theirs, mean_probabilities({&network}, prepared, plan, mirror), prepared);
    mirror = false;
  }
}

TEST_F(OpenVino, IsCompiledAgainForAnotherSize) {
  Graph graph = padded_graph();
  Network network = test_network(graph, 1, {"a", "b"});
  TileForward forward = tile_forward(network, *plugin(), {false, 1});
  at::Tensor small = at::ones({1, 2, 4, 6, 8}), large = at::ones({1, 2, 8, 6, 4});
  at::Tensor first = forward(small);
  EXPECT_EQ(forward(large).size(2), 8);
  EXPECT_TRUE(at::equal(forward(small), first));
}

TEST_F(OpenVino, RefusesWhatIsNoNetwork) {
  for (std::string bytes : {std::string("not a network"), std::string()}) {
    try {
      plugin()->read_onnx(bytes, "this");
      FAIL() << "not noticed";
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::input);
      EXPECT_NE(error.message().find("this"), std::string::npos);
    }
  }
}

class Constant : public BackendTiles {           // the same numbers in every voxel
 public:
  explicit Constant(std::vector<float> values) : values_(std::move(values)) {}
  int64_t classes() const override { return int64_t(values_.size()); }
  Extent output() const override { return cube(2); }
  void run(const float*, float* into) override {
    for (float value : values_) into = std::fill_n(into, 8, value);
  }

 private:
  std::vector<float> values_;
};

std::vector<double> probabilities(std::vector<float> values, TileReturns returns) {
  at::Tensor p = tile_forward(std::make_shared<Constant>(std::move(values)), returns)(at::zeros({1, 1, 2, 2, 2})).to(at::kDouble).softmax(1);
  std::vector<double> list;
  for (int64_t c = 0; c < p.size(1); ++c) list.push_back(p[0][c][1][0][1].item<double>());
  return list;
}

void expect_near(const std::vector<double>& is, const std::vector<double>& wanted) {
  ASSERT_EQ(is.size(), wanted.size());
  for (size_t i = 0; i < is.size(); ++i) EXPECT_NEAR(is[i], wanted[i], 1e-6) << i;
}

TEST(BackendForward, MakesLogitsOfWhatNetworksReturn) {
  expect_near(probabilities({0.2f, 0.5f, 0.3f}, TileReturns::shares), {0.2, 0.5, 0.3});
  expect_near(probabilities({0, 1}, TileReturns::shares), {0, 1});
  expect_near(probabilities({0.3f}, TileReturns::shares), {0.7, 0.3});
  expect_near(probabilities({2}, TileReturns::logits), {1 / (1 + std::exp(2.0)), 1 / (1 + std::exp(-2.0))});
  expect_near(probabilities({1, 1}, TileReturns::logits), {0.5, 0.5});
  EXPECT_THROW(probabilities({-3, 4}, TileReturns::shares), Error);
  EXPECT_THROW(probabilities({0, 1.5f}, TileReturns::shares), Error);
}

}  // namespace
}  // namespace tomograd
