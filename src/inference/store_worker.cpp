#include "inference/store_worker.h"

#include <torch/torch.h>

#include <algorithm>

#include "base/clock.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/memory.h"
#include "inference/msd_tile.h"
#include "inference/store_record.h"
#include "inference/store_tile.h"
#include "inference/tile_plan.h"
#include "kernels/msd_conv.h"
#include "nn/msd_model.h"

namespace tomograd {
namespace {

// What rows of a mixed-scale dense stack carry beside their voxels (kernels/msd_conv.h), which the graph does not know of.
int64_t padding_bytes(const Graph& graph, Extent region) {
  int64_t bytes = 0;
  for (const Node& node : graph.nodes) {
    if (node.op != Op::msd) continue;
    bool flat = node.dims() == 2;
    Extent size = flat ? Extent{region.y, 1, region.x} : region;
    int64_t largest = *std::max_element(node.layer_dilations.begin(), node.layer_dilations.end()), channels = node.channels;
    bytes = std::max(bytes, (msd_layout(size, largest, node.reflect, flat).floats(channels) - channels * size.voxels()) * 4 * (flat ? region.z : 1));
  }
  return bytes;
}

class TileWork {
 public:
  TileWork(Network& network, const StorePlan& plan, StoreSource& source, const CoreForward& forward, ThreadPool& pool) : network_(network), plan_(plan), source_(source), forward_(forward), pool_(pool) {}

  // Class by voxel of the core, as label values.
  Buffer<uint8_t> labels(int64_t tile) {
    Box region = legal_region(network_.graph(), plan_.tiles.region(tile), plan_.tiles.volume());
    Extent size = region.size;
    at::Tensor input = at::empty({1, int64_t(plan_.channels.size()), size.z, size.y, size.x}, at::kFloat);
    for (int64_t c = 0; c < input.size(1); ++c) read_channel(source_, plan_, c, region, input.data_ptr<float>() + c * size.voxels(), pool_);
    if (forward_) {
      Buffer<float> logits(int64_t(plan_.values.size()) * size.voxels());
      Box core = plan_.tiles.core(tile);
      forward_(input.const_data_ptr<float>(), size, {core.begin - region.begin, core.size}, logits.data());
      return labels_of(logits.data(), plan_, tile, region, pool_);
    }
    at::Tensor logits = network_.forward(std::move(input), false).front().contiguous();
    if (logits.size(2) != size.z || logits.size(3) != size.y || logits.size(4) != size.x || logits.size(1) != int64_t(plan_.values.size()))
      fail_failure(text("the network returned ", logits.size(1), " classes of ", logits.size(2), "x", logits.size(3), "x", logits.size(4), " voxels for ", to_string(size)));
    return labels_of(logits.const_data_ptr<float>(), plan_, tile, region, pool_);
  }

 private:
  Network& network_;
  const StorePlan& plan_;
  StoreSource& source_;
  const CoreForward& forward_;
  ThreadPool& pool_;
};

StoreWork run_tiles(Env& env, const std::function<Buffer<uint8_t>(int64_t tile)>& labels, const StorePlan& plan, const std::string& out, int64_t worker, int64_t workers, ThreadPool& pool,
                    const std::stop_token& stop, const std::function<void(int64_t done, int64_t of)>& progress) {
  torch::NoGradGuard no_grad;
  const StoreTiles& tiles = plan.tiles;
  double began = system_clock().monotonic_seconds();
  std::string plan_digest = digest_of(plan_text(plan));
  StoreWork report;
  int64_t of = worker < tiles.count() ? ceil_div(tiles.count() - worker, workers) : 0;
  for (int64_t tile = worker; tile < tiles.count(); tile += workers) {
    throw_if_stopped(stop);
    if (tile_trouble(env, out, plan, plan_digest, tile).empty()) {
      ++report.skipped;
    } else {
      double tile_began = system_clock().monotonic_seconds();
      with_context(text("tile ", tile), [&] {
        Buffer<uint8_t> chosen = labels(tile);
        publish_tile(env, out, plan, plan_digest, tile, chosen, system_clock().monotonic_seconds() - tile_began, pool);
      });
      ++report.done;
    }
    if (progress) progress(report.done + report.skipped, of);
  }
  report.seconds = system_clock().monotonic_seconds() - began;
  return report;
}

}  // namespace

int64_t tile_io_bytes(const StoreTiles& tiles, int threads) { return tiles.tile().voxels() + chunks_under_way + int64_t{threads} * (int64_t{8} << 20); }

int64_t store_tile_bytes(const Graph& graph, const StoreTiles& tiles, int bytes_per_value, int threads) {
  Extent region = largest_region(graph, tiles);
  if (const Node* stack = msd_stack_node(graph))
    return msd_tile_bytes(region, graph.in_channels(), stack->layer_dilations, stack->width, graph.out_channels(), bytes_per_value == 2) + tile_io_bytes(tiles, threads);
  return network_bytes(graph, region, bytes_per_value, 1) + padding_bytes(graph, region) + graph.in_channels() * region.voxels() * 4 + tile_io_bytes(tiles, threads);
}

void check_store_memory(const Graph& graph, const StoreTiles& tiles, int bytes_per_value, int threads, int64_t held_bytes, int64_t max_memory_bytes) {
  auto need = [&](const StoreTiles& t) { return held_bytes + store_tile_bytes(graph, t, bytes_per_value, threads); };
  if (max_memory_bytes <= 0 || need(tiles) <= max_memory_bytes) return;
  constexpr int64_t step = 16;
  Extent tile = tiles.tile();
  for (int axis = 0; axis < 3; ++axis) tile[axis] = std::max(step, tile[axis] / step * step);
  while (std::max({tile.z, tile.y, tile.x}) > step && need(StoreTiles(tiles.volume(), tile, tiles.halo())) > max_memory_bytes) {
    int longest = tile.z >= tile.y && tile.z >= tile.x ? 0 : tile.y >= tile.x ? 1 : 2;
    tile[longest] -= step;
  }
  StoreTiles smaller(tiles.volume(), tile, tiles.halo());
  std::string numbers = text(tile.z, ",", tile.y, ",", tile.x);
  fail(ErrorKind::budget, text("a tile of ", to_string(tiles.tile()), " with a halo of ", to_string(tiles.halo()), " needs ", bytes_text(need(tiles)), ", the limit is ", bytes_text(max_memory_bytes)),
       need(smaller) <= max_memory_bytes ? text("--tile ", numbers, " needs ", bytes_text(need(smaller))) : text("even --tile ", numbers, " needs ", bytes_text(need(smaller)), ": raise --max-memory or lower --halo"));
}

StoreWork run_store_worker(Env& env, Network& network, const StorePlan& plan, StoreSource& source, const std::string& out, int64_t worker, int64_t workers, ThreadPool& pool, const CoreForward& forward,
                           const std::stop_token& stop, const std::function<void(int64_t done, int64_t of)>& progress) {
  TileWork work(network, plan, source, forward, pool);
  return run_tiles(env, [&](int64_t tile) { return work.labels(tile); }, plan, out, worker, workers, pool, stop, progress);
}

StoreWork run_window_worker(Env& env, const RegionForward& forward, const StorePlan& plan, StoreSource& source, const std::string& out, int64_t worker, int64_t workers, ThreadPool& pool, const std::stop_token& stop,
                            const std::function<void(int64_t done, int64_t of)>& progress) {
  if (!plan.window) fail_failure("a plan without windows is none for a network of another program");
  Extent size = plan.window->size, margin = plan.window->margin, returned = size - margin - margin;
  Buffer<float> voxels(int64_t(plan.channels.size()) * size.voxels()), logits(int64_t(plan.values.size()) * returned.voxels());
  return run_tiles(env, [&](int64_t tile) {
    Box window = window_of(plan, tile);
    for (size_t c = 0; c < plan.channels.size(); ++c) read_channel(source, plan, int64_t(c), window, voxels.data() + int64_t(c) * size.voxels(), pool);
    forward(voxels.data(), size, logits.data());
    return labels_of(logits.data(), plan, tile, {window.begin + margin, returned}, pool);
  }, plan, out, worker, workers, pool, stop, progress);
}

}  // namespace tomograd
