#include "inference/tile_plan.h"

#include <gtest/gtest.h>

#include <random>

#include "base/error.h"
#include "inference/test_networks.h"

namespace tomograd {
namespace {

PredictSpec predict_spec(Extent tile, double overlap, std::string blend) {
  PredictSpec spec;
  spec.tile = tile;
  spec.overlap = overlap;
  spec.blend = std::move(blend);
  return spec;
}

// What every plan has to keep, whatever the network: each voxel is written, tiles stay in place, planes fit the ring.
void expect_sound(const Graph& graph, const TilePlan& plan, const PredictSpec& spec) {
  EXPECT_TRUE(fits(graph, plan.tile));
  EXPECT_EQ(plan.output, output_size(graph, plan.tile));
  EXPECT_EQ(int64_t(plan.starts.size()), int64_t(plan.axes[0].starts.size() * plan.axes[1].starts.size() * plan.axes[2].starts.size()));
  LegalSizes legal = legal_sizes(graph);
  for (int axis = 0; axis < 3; ++axis) {
    const AxisTiles& tiles = plan.axes[size_t(axis)];
    int64_t volume = plan.volume[axis], output = plan.output[axis];
    bool exact = plan.margin.before[axis] + plan.margin.after[axis] > 0, crop = spec.blend == "crop" || (spec.blend == "auto" && exact);
    EXPECT_TRUE(plan.tile[axis] <= spec.tile[axis] || plan.tile[axis] <= legal.smallest[axis] + 8 * legal.step[axis]);
    std::vector<int> written(size_t(volume), 0);
    for (size_t i = 0; i < tiles.starts.size(); ++i) {
      ASSERT_GE(tiles.begins[i], std::max<int64_t>(0, tiles.starts[i]));
      ASSERT_LE(tiles.ends[i], std::min(volume, tiles.starts[i] + output));
      ASSERT_LT(tiles.begins[i], tiles.ends[i]);
      if (i > 0) { ASSERT_GT(tiles.starts[i], tiles.starts[i - 1]); ASSERT_GE(tiles.begins[i], tiles.begins[i - 1]); }
      for (int64_t v = tiles.begins[i]; v < tiles.ends[i]; ++v) ++written[size_t(v)];
      if (crop && exact) { EXPECT_EQ(tiles.starts[i] % output_stride(graph)[axis], 0); }
      if (volume >= output && !(crop && exact)) { EXPECT_GE(tiles.starts[i], 0); EXPECT_LE(tiles.starts[i] + output, volume); }
    }
    ASSERT_EQ(int64_t(tiles.totals.size()), volume);
    for (int64_t v = 0; v < volume; ++v) {
      double total = 0;
      for (size_t i = 0; i < tiles.starts.size(); ++i)
        if (v >= tiles.begins[i] && v < tiles.ends[i]) total += tiles.weights[size_t(v - tiles.starts[i])];
      ASSERT_NEAR(tiles.totals[size_t(v)], total, 1e-6 * total);
      ASSERT_GE(written[size_t(v)], 1) << "axis " << axis << " voxel " << v;
      if (crop) { ASSERT_EQ(written[size_t(v)], 1) << "axis " << axis << " voxel " << v; }
    }
    ASSERT_EQ(int64_t(tiles.weights.size()), output);
    for (float w : tiles.weights) ASSERT_GT(w, 0);
    for (int64_t i = 0; i < output; ++i) ASSERT_FLOAT_EQ(tiles.weights[size_t(i)], tiles.weights[size_t(output - 1 - i)]);  // mirror images weigh the same
  }
  const AxisTiles& along = plan.axes[size_t(plan.sweep)];
  for (size_t i = 0; i < along.starts.size(); ++i) EXPECT_LE(along.ends[i] - along.begins[i], plan.slab_planes);
}

TEST(TilePlan, TilesOfFixedSizeCoverTheVolumeOrStandAroundIt) {
  PredictSpec spec = predict_spec(cube(96), 0.5, "auto");  // its tile does not count
  TilePlan plan = plan_fixed_tiles({37, 16, 9}, {16, 16, 16}, {}, 3, spec);
  EXPECT_EQ(plan.tile, cube(16));
  EXPECT_EQ(plan.output, cube(16));
  EXPECT_EQ(plan.axes[0].starts, (std::vector<int64_t>{0, 7, 14, 21}));
  EXPECT_EQ(plan.axes[1].starts, std::vector<int64_t>{0});
  EXPECT_EQ(plan.axes[2].starts, std::vector<int64_t>{-3});  // in the middle of the tile
  EXPECT_EQ(plan.starts.size(), 4u);
  for (const AxisTiles& axis : plan.axes)
    for (float total : axis.totals) EXPECT_GT(total, 0);
  EXPECT_LT(plan.axes[0].weights.front(), 0.1f * plan.axes[0].weights[8]);  // Gaussian
  EXPECT_EQ(plan.peak_bytes, 2 * plan.slab_planes * (plan.sweep == 1 ? 37 : 16) * 9 * 4 + 37 * 16 * 9);
  TilePlan part = plan_fixed_tiles({37, 16, 9}, cube(16), {2, 1, 0}, 3, spec);  // a network that returns less than it takes
  EXPECT_EQ(part.output, (Extent{12, 14, 16}));
  EXPECT_EQ(part.margin.before, (Extent{2, 1, 0}));
  EXPECT_EQ(part.axes[0].starts.back() + 12, 37);
  EXPECT_THROW(plan_fixed_tiles({0, 1, 1}, cube(8), {}, 2, spec), Error);
}

TEST(TilePlan, RandomPlansAreSound) {
  std::mt19937 random(11);
  const Graph graphs[] = {valid_graph(), padded_graph(), two_path_graph(), half_padded_graph()};
  for (int round = 0; round < 300; ++round) {
    const Graph& graph = graphs[random() % 4];
    auto any = [&](int64_t low, int64_t high) { return low + int64_t(random() % uint64_t(high - low + 1)); };
    Extent volume{any(1, 90), any(1, 90), any(1, 90)}, tile{any(1, 70), any(1, 70), any(1, 70)};
    const char* blends[] = {"gaussian", "constant", "crop", "auto"};
    PredictSpec spec = predict_spec(tile, double(any(0, 9)) / 10, blends[random() % 4]);
    SCOPED_TRACE(text(graph.title, " volume ", to_string(volume), " tile ", to_string(tile), " overlap ", spec.overlap, " ", spec.blend));
    expect_sound(graph, plan_tiles(graph, volume, spec, 4, 0), spec);
  }
}

TEST(TilePlan, HalfOverlapGivesTheKnownGrid) {
  TilePlan plan = plan_tiles(padded_graph(), {155, 240, 240}, predict_spec(cube(96), 0.5, "gaussian"), 4, 0);
  EXPECT_EQ(plan.axes[0].starts, (std::vector<int64_t>{0, 30, 59}));
  EXPECT_EQ(plan.axes[1].starts, (std::vector<int64_t>{0, 48, 96, 144}));
  EXPECT_EQ(plan.starts.size(), 48u);
  EXPECT_EQ(plan.slab_planes, 96);
}

TEST(TilePlan, TheDefaultMeetsWhereConvolutionsAreValidAndBlendsElsewhere) {
  PredictSpec spec;
  spec.tile = {8, 24, 24};
  const Extent volume{20, 60, 60};
  TilePlan plan = plan_tiles(half_padded_graph(), volume, spec, 4, 0), gaussian = plan_tiles(half_padded_graph(), volume, predict_spec(spec.tile, 0.5, "gaussian"), 4, 0),
           crop = plan_tiles(half_padded_graph(), volume, predict_spec(spec.tile, 0.5, "crop"), 4, 0);
  EXPECT_EQ(plan.axes[0].starts, gaussian.axes[0].starts);
  EXPECT_EQ(plan.axes[0].weights, gaussian.axes[0].weights);
  for (size_t axis : {1, 2}) {
    EXPECT_EQ(plan.axes[axis].starts, crop.axes[axis].starts);
    EXPECT_EQ(plan.axes[axis].weights, crop.axes[axis].weights);
    EXPECT_LT(plan.axes[axis].starts.size(), gaussian.axes[axis].starts.size());
  }
  EXPECT_EQ(plan_tiles(padded_graph(), volume, spec, 4, 0).axes[1].starts, plan_tiles(padded_graph(), volume, predict_spec(spec.tile, 0.5, "gaussian"), 4, 0).axes[1].starts);
}

TEST(TilePlan, ValidAndPaddedConvolutionsOnOneAxisAreNotExact) {
  Graph graph = graph_of({conv_block("a", 4, {3, 3, 3}, "valid"), conv_block("b", 0, {3, 3, 3}, "same")}, 1, 2);
  PredictSpec spec;
  spec.tile = cube(24);
  EXPECT_EQ(plan_tiles(graph, cube(60), spec, 4, 0).axes[0].starts, plan_tiles(graph, cube(60), predict_spec(cube(24), 0.5, "gaussian"), 4, 0).axes[0].starts);
}

TEST(TilePlan, SmallVolumesGetOneTileAroundThem) {
  TilePlan plan = plan_tiles(padded_graph(), {5, 8, 1}, predict_spec(cube(96), 0.5, "gaussian"), 4, 0);
  EXPECT_EQ(plan.tile, (Extent{6, 8, 2}));
  EXPECT_EQ(plan.starts.size(), 1u);
  TilePlan valid = plan_tiles(valid_graph(), {5, 8, 1}, predict_spec(cube(96), 0.5, "crop"), 4, 0);
  EXPECT_EQ(valid.tile, (Extent{5 + 3, 8 + 4, 1 + 5}));
  EXPECT_EQ(valid.output, (Extent{5, 8, 1}));
}

TEST(TilePlan, TheMemoryLimitIsKeptOrRefused) {
  Graph graph = padded_graph(2, 4);
  const Extent volume{60, 200, 210};
  PredictSpec spec = predict_spec(cube(64), 0.5, "gaussian");
  TilePlan free = plan_tiles(graph, volume, spec, 4, 0);
  int64_t last_tile = free.tile.voxels();
  for (int64_t limit = free.peak_bytes; ; limit = limit * 9 / 10) {
    try {
      TilePlan plan = plan_tiles(graph, volume, spec, 4, limit);
      EXPECT_LE(plan.peak_bytes, limit);
      EXPECT_LE(plan.tile.voxels(), last_tile);
      last_tile = plan.tile.voxels();
      expect_sound(graph, plan, spec);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::budget);
      EXPECT_NE(error.message().find("smallest tile"), std::string::npos) << error.message();
      EXPECT_LT(last_tile, free.tile.voxels() / 100) << "gave up while smaller tiles were left";
      break;
    }
  }
}

TEST(TilePlan, OutputsOfAnotherResolutionAreRefused) {
  Graph graph = padded_graph();
  for (size_t i = 0; i < graph.nodes.size(); ++i)
    if (graph.nodes[i].op == Op::pool) graph.outputs = {{int(i), 1.0}};
  EXPECT_THROW(plan_tiles(graph, cube(20), PredictSpec(), 4, 0), Error);
}

}  // namespace
}  // namespace tomograd
