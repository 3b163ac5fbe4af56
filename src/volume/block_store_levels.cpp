#include "volume/block_store_levels.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/error.h"
#include "volume/voxel_conversion.h"

namespace tomograd {
namespace {

template <class T>
ValueCounts count_values(const unsigned char* block, Extent stored, Extent inside) {
  ValueCounts counts;
  const T* voxels = reinterpret_cast<const T*>(block);
  T last = 0;
  uint32_t run = 0;
  for (int64_t z = 0; z < inside.z; ++z)
    for (int64_t y = 0; y < inside.y; ++y)
      for (int64_t x = 0; x < inside.x; ++x) {
        T value = voxels[(z * stored.y + y) * stored.x + x];
        if (value != last && run > 0) counts[uint32_t(last)] += std::exchange(run, 0);
        last = value, ++run;
      }
  if (run > 0) counts[uint32_t(last)] += run;
  return counts;
}

}  // namespace

std::string level_path(const std::string& folder, size_t level) { return join_path(folder, text("s", level)); }

// A whole channel; while that is too much, the longest side is halved, in whole blocks.
Extent store_shard(Extent size, const BlockStoreOptions& options, VoxelType type) {
  if (!options.shards) return options.block;
  Extent blocks;
  for (int axis = 0; axis < 3; ++axis) blocks[axis] = ceil_div(size[axis], options.block[axis]);
  auto shard = [&] { return Extent{blocks.z * options.block.z, blocks.y * options.block.y, blocks.x * options.block.x}; };
  constexpr int64_t most_blocks = int64_t{1} << 18;  // an index of 4 MiB
  while (blocks.voxels() > 1 && (shard().voxels() * voxel_bytes(type) > options.shard_bytes || blocks.voxels() > most_blocks)) {
    int longest = -1;
    for (int axis = 0; axis < 3; ++axis)
      if (blocks[axis] > 1 && (longest < 0 || shard()[axis] > shard()[longest])) longest = axis;
    blocks[longest] = ceil_div(blocks[longest], 2);
  }
  return shard();
}

ZarrArrayInfo store_array(Extent size, int64_t channels, bool labels, VoxelType type, const BlockStoreOptions& options) {
  ZarrArrayInfo info;
  Extent block = options.block, shard = store_shard(size, options, type);
  auto numbers = [&](int64_t channel, Extent e) { return labels ? ZarrIndex{e.z, e.y, e.x} : ZarrIndex{channel, e.z, e.y, e.x}; };
  info.shape = numbers(channels, size), info.chunk.shape = numbers(1, block), info.shard = numbers(1, shard);
  if (labels) info.dimension_names = {"z", "y", "x"};
  else info.dimension_names = {"c", "z", "y", "x"};
  info.chunk.type = type;
  for (size_t d = 0; d < info.shape.size(); ++d) info.chunk.order.push_back(int(d));
  info.chunk.codecs = options.codecs;
  for (ZarrCodec& codec : info.chunk.codecs) codec.type_bytes = voxel_bytes(type);
  info.sharded = options.shards;
  return info;
}

ZarrImage store_image(const Geometry& geometry, bool orientation_known, const std::vector<PyramidLevel>& levels, bool labels, const std::string& name) {
  ZarrImage image;
  image.name = name, image.labels = labels;
  if (!labels) image.axes.push_back({"c", "channel", ""});
  for (const char* axis : {"z", "y", "x"}) image.axes.push_back({axis, "space", "millimeter"});
  image.affine = geometry.affine, image.orientation_known = orientation_known;
  auto spacing = geometry.spacing();
  size_t first = labels ? 0 : 1;
  std::vector<double> scale, translation;
  if (!labels) scale.push_back(1);
  for (double step : spacing) scale.push_back(step);
  for (size_t d = 0; d < scale.size(); ++d) translation.push_back(0);
  for (size_t k = 0; k < levels.size(); ++k) {
    for (int axis = 0; axis < 3; ++axis)
      if (size_t d = first + size_t(axis); levels[k].factor[axis] == 2) translation[d] += scale[d] / 2, scale[d] *= 2;
    image.levels.push_back({text("s", k), scale, translation});
  }
  return image;
}

int64_t levels_memory(const std::vector<PyramidLevel>& levels, VoxelType type, const BlockStoreOptions& options, int64_t finest_rows) {
  int64_t bytes = 0;
  for (size_t k = 0; k < levels.size(); ++k) {
    int64_t rows = k == 0 && finest_rows > 0 ? finest_rows : options.block.z;
    bytes += levels[k].size.y * levels[k].size.x * voxel_bytes(type) * (std::min(rows, levels[k].size.z) + (k + 1 < levels.size() && levels[k + 1].factor.z == 2));
  }
  return bytes;
}

int64_t writing_memory(int64_t chunk_bytes, int threads) { return std::max<int64_t>(64 << 20, threads * chunk_bytes) * 9 / 8 + 3 * threads * chunk_bytes + (8 << 20); }

Pyramid::Pyramid(Env& env, const std::string& folder, SlabSource& source, const std::vector<PyramidLevel>& levels, bool labels, const BlockStoreOptions& options, ThreadPool& pool, int64_t finest_rows)
    : source_(source), block_(options.block), type_(source.type()), labels_(labels), pool_(pool) {
  for (size_t k = 0; k < levels.size(); ++k) {
    bool read = k == 0 && finest_rows > 0, halved = k + 1 < levels.size() && levels[k + 1].factor.z == 2;
    int64_t plane = levels[k].size.y * levels[k].size.x * voxel_bytes(type_), rows = read ? finest_rows : block_.z;
    levels_.push_back({levels[k], rows, plane, read ? nullptr : std::make_unique<ZarrWriter>(env, level_path(folder, k)), Buffer<unsigned char>(plane * std::min(rows, levels[k].size.z)),
                       Buffer<unsigned char>(halved ? plane : 0), 0, 0});
  }
  Extent size = levels[0].size;
  grid_ = {ceil_div(size.z, block_.z), ceil_div(size.y, block_.y), ceil_div(size.x, block_.x)};
  if (labels && finest_rows == 0) counts_.resize(size_t(grid_.voxels()));
}

void Pyramid::run(const std::function<void()>& slab_done) {
  Level& finest = levels_[0];
  for (channel_ = 0; channel_ < source_.channels(); ++channel_) {
    for (Level& level : levels_) level.first = level.filled = 0;
    for (int64_t z = 0, end; z < finest.shape.size.z; z = end) {
      end = std::min(z + finest.rows, finest.shape.size.z);
      source_.read_planes(channel_, z, end, finest.slab.data());
      finest.filled = end - z;
      flush(0);
      slab_done();
    }
  }
  for (Level& level : levels_)
    if (level.writer) level.writer->finish();
}

int64_t Pyramid::stored_bytes() const {
  int64_t sum = 0;
  for (const Level& level : levels_) sum += level.writer ? level.writer->bytes_written() : 0;
  return sum;
}

void Pyramid::flush(size_t k) {
  if (levels_[k].writer) write_blocks(k);
  Level& level = levels_[k];
  if (k + 1 < levels_.size()) {
    for (int64_t p = 0; p < level.filled; ++p) {
      const unsigned char* here = level.slab.data() + p * level.plane;
      int64_t z = level.first + p;
      if (levels_[k + 1].shape.factor.z == 1) hand_down(k, here, nullptr);
      else if (z % 2 == 1) hand_down(k, p > 0 ? here - level.plane : level.pending.data(), here);
      else if (z + 1 == level.shape.size.z) hand_down(k, here, nullptr);
      else if (p + 1 == level.filled) std::memcpy(level.pending.data(), here, size_t(level.plane));
    }
  }
  level.first += level.filled, level.filled = 0;
}

void Pyramid::hand_down(size_t k, const unsigned char* a, const unsigned char* b) {
  const Level& from = levels_[k];
  Level& to = levels_[k + 1];
  halve_planes(type_, labels_, a, b, from.shape.size.y, from.shape.size.x, to.shape.factor.y, to.shape.factor.x, to.slab.data() + to.filled * to.plane, pool_);
  ++to.filled;
  if (to.filled == to.rows || to.first + to.filled == to.shape.size.z) flush(k + 1);
}

void Pyramid::write_blocks(size_t k) {
  Level& level = levels_[k];
  Extent size = level.shape.size;
  int64_t unit = voxel_bytes(type_), bz = level.first / block_.z, across = ceil_div(size.x, block_.x), down = ceil_div(size.y, block_.y);
  std::vector<ZarrIndex> chunks;
  for (int64_t by = 0; by < down; ++by)
    for (int64_t bx = 0; bx < across; ++bx) chunks.push_back(labels_ ? ZarrIndex{bz, by, bx} : ZarrIndex{channel_, bz, by, bx});
  level.writer->put(chunks, [&](size_t i, unsigned char* into) {
    Extent begin{0, int64_t(i) / across * block_.y, int64_t(i) % across * block_.x};
    Extent inside{level.filled, std::min(block_.y, size.y - begin.y), std::min(block_.x, size.x - begin.x)};
    if (!(inside == block_)) std::memset(into, 0, size_t(block_.voxels() * unit));
    for (int64_t z = 0; z < inside.z; ++z)
      for (int64_t y = 0; y < inside.y; ++y)
        std::memcpy(into + (z * block_.y + y) * block_.x * unit, level.slab.data() + z * level.plane + ((begin.y + y) * size.x + begin.x) * unit, size_t(inside.x * unit));
    if (!labels_ || k > 0) return;
    counts_[size_t((bz * down + begin.y / block_.y) * across + begin.x / block_.x)] =
        type_ == VoxelType::u8 ? count_values<uint8_t>(into, block_, inside) : type_ == VoxelType::u16 ? count_values<uint16_t>(into, block_, inside) : count_values<uint32_t>(into, block_, inside);
  }, &pool_);
}

}  // namespace tomograd
