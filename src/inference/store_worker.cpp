#include "inference/store_worker.h"

#include <torch/torch.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstring>

#include "base/clock.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/failpoint.h"
#include "base/memory.h"
#include "inference/store_record.h"
#include "inference/tile_plan.h"
#include "kernels/msd_conv.h"
#include "volume/zarr_writer.h"

namespace tomograd {
namespace {

constexpr int64_t chunks_under_way = int64_t{160} << 20;  // 64 MiB decoded, as much encoded at worst, the codecs' scratch

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
  TileWork(Network& network, const StorePlan& plan, StoreSource& source, ThreadPool& pool) : network_(network), plan_(plan), source_(source), pool_(pool) {}

  // Class by voxel of the core, as label values.
  Buffer<uint8_t> labels_of(int64_t tile) {
    Box core = plan_.tiles.core(tile), region = legal_region(network_.graph(), plan_.tiles.region(tile), plan_.tiles.volume());
    at::Tensor logits = network_.forward(input_of(region), false).front().contiguous();
    Extent size = region.size;
    if (logits.size(2) != size.z || logits.size(3) != size.y || logits.size(4) != size.x || logits.size(1) != int64_t(plan_.values.size()))
      fail_failure(text("the network returned ", logits.size(1), " classes of ", logits.size(2), "x", logits.size(3), "x", logits.size(4), " voxels for ", to_string(size)));
    Buffer<uint8_t> labels(core.size.voxels());
    const float* data = logits.const_data_ptr<float>();
    Extent offset = core.begin - region.begin;
    std::atomic<bool> finite{true};
    pool_.for_each(core.size.z * core.size.y, [&](int64_t row) {
      int64_t z = row / core.size.y, y = row % core.size.y;
      if (!choose(data + ((z + offset.z) * size.y + y + offset.y) * size.x + offset.x, size.voxels(), core.size.x, labels.data() + row * core.size.x)) finite = false;
    });
    if (!finite)
      fail_failure(text("the network's output is not finite in tile ", tile, ", which begins at z,y,x = ", core.begin.z, ",", core.begin.y, ",", core.begin.x),
                   "the model is broken or the input too large; with bf16, try --precision f32");
    return labels;
  }

 private:
  at::Tensor input_of(const Box& region) {
    at::Tensor input = at::empty({1, int64_t(plan_.channels.size()), region.size.z, region.size.y, region.size.x}, at::kFloat);
    int64_t plane = region.size.y * region.size.x;
    for (size_t c = 0; c < plan_.channels.size(); ++c) {
      float* into = input.data_ptr<float>() + int64_t(c) * region.size.voxels();
      source_.array->read(int64_t(c), region, into, &pool_);
      pool_.for_each(region.size.z, [&](int64_t z) {
        for (int64_t i = z * plane; i < (z + 1) * plane; ++i) into[i] = plan_.channels[c](into[i]);
      });
    }
    return input;
  }

  // The largest logit's class, the lowest of equals.
  bool choose(const float* logits, int64_t class_step, int64_t count, uint8_t* into) const {
    bool finite = true;
    for (int64_t x = 0; x < count; ++x) {
      int64_t best = 0;
      for (int64_t k = 0; k < int64_t(plan_.values.size()); ++k) {
        finite &= std::isfinite(logits[k * class_step + x]);
        if (logits[k * class_step + x] > logits[best * class_step + x]) best = k;
      }
      into[x] = uint8_t(plan_.values[size_t(best)]);
    }
    return finite;
  }

  Network& network_;
  const StorePlan& plan_;
  StoreSource& source_;
  ThreadPool& pool_;
};

void write_shard(ZarrWriter& writer, const StoreTiles& tiles, int64_t tile, const Buffer<uint8_t>& labels, ThreadPool& pool) {
  Box core = tiles.core(tile);
  Extent block = tiles.block();
  std::vector<ZarrIndex> chunks = writer.chunks_of_shard(tiles.shard(tile));
  writer.put(chunks, [&](size_t i, unsigned char* into) {
    Box chunk{{chunks[i][0] * block.z, chunks[i][1] * block.y, chunks[i][2] * block.x}, block}, inside = intersection(chunk, core);
    std::memset(into, 0, size_t(block.voxels()));
    Extent from = inside.begin - core.begin;
    for (int64_t z = 0; z < inside.size.z; ++z)
      for (int64_t y = 0; y < inside.size.y; ++y)
        std::memcpy(into + (z * block.y + y) * block.x, labels.data() + ((from.z + z) * core.size.y + from.y + y) * core.size.x + from.x, size_t(inside.size.x));
  }, &pool);
  writer.finish();
}

}  // namespace

int64_t store_tile_bytes(const Graph& graph, const StoreTiles& tiles, int bytes_per_value, int threads) {
  Extent region = largest_region(graph, tiles);
  int64_t input = graph.in_channels() * region.voxels() * 4, scratch = int64_t{threads} * (int64_t{8} << 20);
  return network_bytes(graph, region, bytes_per_value, 1) + padding_bytes(graph, region) + input + tiles.tile().voxels() + chunks_under_way + scratch;
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

StoreWork run_store_worker(Env& env, Network& network, const StorePlan& plan, StoreSource& source, const std::string& out, int64_t worker, int64_t workers, ThreadPool& pool,
                           const std::stop_token& stop, const std::function<void(int64_t done, int64_t of)>& progress) {
  torch::NoGradGuard no_grad;
  const StoreTiles& tiles = plan.tiles;
  double began = system_clock().monotonic_seconds();
  std::string plan_digest = digest_of(plan_text(plan));
  TileWork work(network, plan, source, pool);
  StoreWork report;
  int64_t of = worker < tiles.count() ? ceil_div(tiles.count() - worker, workers) : 0;
  for (int64_t tile = worker; tile < tiles.count(); tile += workers) {
    throw_if_stopped(stop);
    if (tile_trouble(env, out, plan, plan_digest, tile).empty()) {
      ++report.skipped;
    } else {
      double tile_began = system_clock().monotonic_seconds();
      with_context(text("tile ", tile), [&] {
        Buffer<uint8_t> labels = work.labels_of(tile);
        ZarrWriter writer(env, output_folder(out));
        write_shard(writer, tiles, tile, labels, pool);
        FAILPOINT("tile.after_shard");
        publish_record(env, out, plan, plan_digest, tile, system_clock().monotonic_seconds() - tile_began);
      });
      FAILPOINT("tile.after_record");
      ++report.done;
    }
    if (progress) progress(report.done + report.skipped, of);
  }
  report.seconds = system_clock().monotonic_seconds() - began;
  return report;
}

}  // namespace tomograd
