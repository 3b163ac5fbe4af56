#include "inference/store_tile.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstring>

#include "base/error.h"
#include "base/failpoint.h"
#include "inference/store_record.h"
#include "volume/zarr_writer.h"

namespace tomograd {
namespace {

bool choose(const float* logits, int64_t class_step, int64_t count, const std::vector<int64_t>& values, uint8_t* into) {
  bool finite = true;
  for (int64_t x = 0; x < count; ++x) {
    int64_t best = 0;
    for (int64_t k = 0; k < int64_t(values.size()); ++k) {
      finite &= std::isfinite(logits[k * class_step + x]);
      if (logits[k * class_step + x] > logits[best * class_step + x]) best = k;
    }
    into[x] = uint8_t(values[size_t(best)]);
  }
  return finite;
}

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

void read_channel(StoreSource& source, const StorePlan& plan, int64_t channel, const Box& box, float* into, ThreadPool& pool) {
  const ChannelConstants& change = plan.channels[size_t(channel)];
  Box inside = intersection(box, {{}, plan.tiles.volume()});
  int64_t plane = box.size.y * box.size.x;
  if (inside == box) {
    source.array->read(channel, box, into, &pool);
    pool.for_each(box.size.z, [&](int64_t z) {
      for (int64_t i = z * plane; i < (z + 1) * plane; ++i) into[i] = change(into[i]);
    });
    return;
  }
  Buffer<float> voxels(inside.size.voxels());
  source.array->read(channel, inside, voxels.data(), &pool);
  Extent at = inside.begin - box.begin;
  pool.for_each(box.size.z, [&](int64_t z) {
    std::fill_n(into + z * plane, plane, change.outside);
    if (z < at.z || z >= at.z + inside.size.z) return;
    for (int64_t y = 0; y < inside.size.y; ++y) {
      const float* row = voxels.data() + ((z - at.z) * inside.size.y + y) * inside.size.x;
      std::transform(row, row + inside.size.x, into + z * plane + (at.y + y) * box.size.x + at.x, change);
    }
  });
}

Buffer<uint8_t> labels_of(const float* logits, const StorePlan& plan, int64_t tile, const Box& region, ThreadPool& pool) {
  Box core = plan.tiles.core(tile);
  Extent size = region.size, offset = core.begin - region.begin;
  Buffer<uint8_t> labels(core.size.voxels());
  std::atomic<bool> finite{true};
  pool.for_each(core.size.z * core.size.y, [&](int64_t row) {
    int64_t z = row / core.size.y, y = row % core.size.y;
    if (!choose(logits + ((z + offset.z) * size.y + y + offset.y) * size.x + offset.x, size.voxels(), core.size.x, plan.values, labels.data() + row * core.size.x)) finite = false;
  });
  if (!finite)
    fail_failure(text("the network's output is not finite in tile ", tile, ", which begins at z,y,x = ", core.begin.z, ",", core.begin.y, ",", core.begin.x),
                 "the model is broken or the input too large; with bf16, try --precision f32");
  return labels;
}

void publish_tile(Env& env, const std::string& out, const StorePlan& plan, const std::string& plan_digest, int64_t tile, const Buffer<uint8_t>& labels, double seconds, ThreadPool& pool) {
  ZarrWriter writer(env, output_folder(out));
  write_shard(writer, plan.tiles, tile, labels, pool);
  FAILPOINT("tile.after_shard");
  publish_record(env, out, plan, plan_digest, tile, seconds);
  FAILPOINT("tile.after_record");
}

}  // namespace tomograd
