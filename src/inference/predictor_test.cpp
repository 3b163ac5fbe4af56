#include "inference/predictor.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <limits>

#include "base/error.h"
#include "inference/bench_predict.h"
#include "inference/predictor_test_support.h"
#include "kernels/cpu_isa.h"
#include "nn/tensor_memory.h"

namespace tomograd {
namespace {

TEST(Predictor, EqualsTheDefinitionForEveryBlend) {
  struct { Graph graph; Extent volume, tile; } cases[] = {
      {padded_graph(), {11, 17, 14}, {8, 10, 6}}, {padded_graph(), {5, 9, 3}, cube(8)}, {half_padded_graph(), {11, 17, 14}, {8, 11, 10}}, {valid_graph(), {11, 17, 14}, {9, 11, 10}}, {valid_graph(), {2, 1, 7}, cube(16)}};
  for (auto& item : cases)
    for (std::string blend : {"auto", "gaussian", "constant", "crop"})
      for (bool mirror : {false, true}) {
        SCOPED_TRACE(item.graph.title + " volume " + to_string(item.volume) + " " + blend + (mirror ? " mirrored" : ""));
        PreparedCase prepared = random_case(item.volume, 2);
        Network network = test_network(item.graph, 7, prepared.channels);
        PredictSpec spec = predict_spec(item.tile, 0.5, blend, mirror);
        Prediction prediction = predict_volume({&network}, prepared, spec, Precision::f32, 0);
        expect_labels(prediction, mean_probabilities({&network}, prepared, plan_tiles(item.graph, item.volume, spec, 4, 0), mirror), prepared);
      }
}

TEST(Predictor, TiledEqualsWholeForValidNetworks) {
  struct { Graph graph; Extent volume; std::vector<Extent> tiles; } cases[] = {
      {valid_graph(1, 2), {13, 19, 16}, {{7, 8, 9}, {4, 5, 6}, {12, 9, 21}}}, {two_path_graph(), {10, 13, 11}, {cube(57), {52, 57, 65}, cube(60)}}};
  for (auto& item : cases) {
    PreparedCase prepared = random_case(item.volume, 1);
    Network network = test_network(item.graph, 3, prepared.channels);
    TilePlan whole = plan_tiles(item.graph, item.volume, predict_spec(cube(200), 0.5, "crop"), 4, 0);
    ASSERT_EQ(whole.starts.size(), 1u);
    at::Tensor expected = mean_probabilities({&network}, prepared, whole, false);
    for (Extent tile : item.tiles) {
      SCOPED_TRACE(item.graph.title + " tile " + to_string(tile));
      PredictSpec spec;                          // the default is exact where that is possible
      spec.tile = tile;
      EXPECT_GT(plan_tiles(item.graph, item.volume, spec, 4, 0).starts.size(), 1u);
      expect_labels(predict_volume({&network}, prepared, spec, Precision::f32, 0), expected, prepared);
    }
  }
}

TEST(Predictor, AveragesNetworksAndMasksTheRoi) {
  PreparedCase prepared = random_case({12, 14, 20}, 2);
  prepared.roi = Buffer<uint8_t>(prepared.geometry.size.voxels(), 0);
  for (int64_t i = 0; i < prepared.roi.size(); ++i) prepared.roi[i] = i % 20 < 6 && i / 280 > 3;  // the far tiles hold none of it
  Graph graph = padded_graph();
  Network a = test_network(graph, 1, prepared.channels), b = test_network(graph, 2, prepared.channels);
  PredictSpec spec = predict_spec(cube(8), 0.25, "gaussian");
  int64_t calls = 0, last = 0, all = 0;
  Prediction prediction = predict_volume({&a, &b}, prepared, spec, Precision::f32, 0, {}, [&](int64_t done, int64_t of) { ++calls; last = done; all = of; });
  TilePlan plan = plan_tiles(graph, prepared.geometry.size, spec, 4, 0);
  expect_labels(prediction, mean_probabilities({&a, &b}, prepared, plan, false), prepared);
  EXPECT_EQ(calls, 2 * int64_t(plan.starts.size()));
  EXPECT_EQ(last, all);
}

TEST(Predictor, TilesOutsideTheRoiAreNotComputed) {
  PreparedCase prepared = random_case({8, 8, 64}, 2);
  prepared.roi = Buffer<uint8_t>(prepared.geometry.size.voxels(), 0);
  prepared.roi[5] = 1;
  for (int64_t x = 32; x < 64; ++x) prepared.images[0][x] = std::numeric_limits<float>::quiet_NaN();  // would be noticed
  Network network(padded_graph(), 1, prepared.channels);
  EXPECT_NO_THROW(predict_volume({&network}, prepared, predict_spec(cube(8), 0.5, "gaussian"), Precision::f32, 0));
}

TEST(Predictor, NonFiniteOutputNamesTheTile) {
  PreparedCase prepared = random_case({8, 8, 40}, 2);
  prepared.images[1][30] = std::numeric_limits<float>::infinity();
  Network network(padded_graph(), 1, prepared.channels);
  try {
    predict_volume({&network}, prepared, predict_spec(cube(8), 0, "constant"), Precision::f32, 0);
    FAIL() << "not noticed";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::failure);
    EXPECT_NE(error.message().find("z,y,x = 0,0,24"), std::string::npos) << error.message();
  }
}

TEST(Predictor, StopsAndRefuses) {
  PreparedCase prepared = random_case({8, 8, 40}, 2);
  Network network(padded_graph(), 1, prepared.channels), other(padded_graph(3), 1, {});
  std::stop_source stop;
  int64_t done = 0;
  try {
    predict_volume({&network}, prepared, predict_spec(cube(8), 0.5, "gaussian"), Precision::bf16, 0, stop.get_token(), [&](int64_t n, int64_t) { done = n; stop.request_stop(); });
    FAIL() << "not stopped";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::stopped);
  }
  EXPECT_EQ(done, 1);
  EXPECT_EQ(network.precision(), Precision::f32) << "the caller's precision is restored";
  EXPECT_THROW(predict_volume({&other}, prepared, PredictSpec(), Precision::f32, 0), Error);
  EXPECT_THROW(predict_volume({}, prepared, PredictSpec(), Precision::f32, 0), Error);
  EXPECT_THROW(predict_volume({&network}, prepared, PredictSpec(), Precision::f32, 1000), Error);
}

TEST(Predictor, EveryInstructionSetGivesTheSameLabels) {
  PreparedCase prepared = random_case({9, 13, 21}, 2);
  Network network = test_network(padded_graph(2, 5), 1, prepared.channels);
  PredictSpec spec = predict_spec(cube(8), 0.5, "gaussian");
  at::Tensor expected = mean_probabilities({&network}, prepared, plan_tiles(network.graph(), prepared.geometry.size, spec, 4, 0), false);
  for (CpuIsa isa : all_isas) {
    if (isa > best_isa()) continue;
    force_isa(isa);
    expect_labels(predict_volume({&network}, prepared, spec, Precision::f32, 0), expected, prepared);
  }
  force_isa(best_isa());
}

// Run by the test below in a process of its own, so that the peak is that of the prediction.
TEST(PredictorMemory, DISABLED_Child) {
  use_tensor_arena();
  PredictBenchSettings settings;
  settings.volume = {70, 160, 150};
  settings.tile = cube(64);
  std::string name = std::getenv("TOMOGRAD_TEST_NETWORK");
  if (name == "deepmedic") settings.model.kind = name;
  else settings.model.family = name;
  if (name == "residual") settings.model.channels = {8, 16, 32, 64};
  else if (name == "deepmedic") settings.volume = {30, 45, 44}, settings.tile = cube(45);
  else settings.model.filters = 8;
  settings.channels = 2;
  settings.classes = 4;
  settings.precision = std::getenv("TOMOGRAD_TEST_BF16") ? Precision::bf16 : Precision::f32;
  PredictBench bench = bench_predict(settings);
  std::printf("measured %lld predicted %lld\n", static_cast<long long>(bench.peak_bytes), static_cast<long long>(bench.predicted_peak_bytes));
}

TEST(PredictorMemory, ThePromiseIsKept) {
  for (std::string setting : {"TOMOGRAD_TEST_NETWORK=residual ", "TOMOGRAD_TEST_NETWORK=residual TOMOGRAD_TEST_BF16=1 ", "TOMOGRAD_TEST_NETWORK=nnunet ", "TOMOGRAD_TEST_NETWORK=nnunet TOMOGRAD_TEST_BF16=1 ",
                              "TOMOGRAD_TEST_NETWORK=unet3d ", "TOMOGRAD_TEST_NETWORK=deepmedic "}) {
    // Elsewhere bfloat16 is emulated, minutes for this little volume, and nobody is given it unasked.
    if (setting.find("BF16") != std::string::npos && best_isa() < CpuIsa::avx512bf16) continue;
    char self[4096];
    ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    ASSERT_GT(length, 0);
    self[length] = 0;
    std::string command = setting + "'" + self + "' --gtest_also_run_disabled_tests --gtest_filter=PredictorMemory.DISABLED_Child";
    FILE* child = popen(command.c_str(), "r");
    ASSERT_NE(child, nullptr);
    long long measured = 0, predicted = 0;
    char line[512];
    while (std::fgets(line, sizeof line, child)) std::sscanf(line, "measured %lld predicted %lld", &measured, &predicted);
    EXPECT_EQ(pclose(child), 0);
    ASSERT_GT(measured, 1 << 20);
    EXPECT_LE(measured, predicted) << setting;
    EXPECT_LE(predicted, 3 * measured) << setting << "a promise that nobody can use";
    std::printf("%smeasured %.1f MB, predicted %.1f MB\n", setting.c_str(), double(measured) / 1e6, double(predicted) / 1e6);
  }
}

}  // namespace
}  // namespace tomograd
