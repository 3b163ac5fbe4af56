#include "volume/block_store.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include <unistd.h>

#include "base/error.h"
#include "volume/block_store_counts.h"
#include "volume/block_store_labels.h"
#include "volume/block_store_pyramid.h"
#include "volume/voxel_conversion.h"
#include "volume/zarr_writer.h"

namespace tomograd {
namespace {

// A whole channel; while that is too much, the longest side is halved, in whole blocks.
Extent shard_of(Extent size, const BlockStoreOptions& options, VoxelType type) {
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

ZarrArrayInfo array_of(Extent size, int64_t channels, bool labels, VoxelType type, const BlockStoreOptions& options) {
  ZarrArrayInfo info;
  Extent block = options.block, shard = shard_of(size, options, type);
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

ZarrImage image_of(const SlabSource& source, const std::vector<PyramidLevel>& levels, bool labels, const std::string& name) {
  ZarrImage image;
  image.name = name, image.labels = labels;
  if (!labels) image.axes.push_back({"c", "channel", ""});
  for (const char* axis : {"z", "y", "x"}) image.axes.push_back({axis, "space", "millimeter"});
  image.affine = source.geometry().affine, image.orientation_known = source.orientation_known();
  auto spacing = source.geometry().spacing();
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

// Planes go in at the finest level in rising order; whenever a row of blocks is full at some level it is written, and its
// planes go on, two by two, to the next.
class Pyramid {
 public:
  Pyramid(Env& env, const std::string& folder, SlabSource& source, const std::vector<PyramidLevel>& levels, bool labels, const BlockStoreOptions& options, ThreadPool& pool)
      : source_(source), block_(options.block), type_(source.type()), labels_(labels), pool_(pool) {
    for (size_t k = 0; k < levels.size(); ++k) {
      std::string path = join_path(folder, text("s", k));
      create_zarr_array(env, path, array_of(levels[k].size, source.channels(), labels, type_, options));
      int64_t plane = levels[k].size.y * levels[k].size.x * voxel_bytes(type_);
      bool halved = k + 1 < levels.size() && levels[k + 1].factor.z == 2;
      levels_.push_back({levels[k], plane, std::make_unique<ZarrWriter>(env, path), Buffer<unsigned char>(plane * std::min(block_.z, levels[k].size.z)),
                         Buffer<unsigned char>(halved ? plane : 0), 0, 0});
    }
    Extent size = levels[0].size;
    grid_ = {ceil_div(size.z, block_.z), ceil_div(size.y, block_.y), ceil_div(size.x, block_.x)};
    if (labels) counts_.resize(size_t(grid_.voxels()));
  }

  void run(const std::function<void()>& slab_done) {
    Level& finest = levels_[0];
    for (channel_ = 0; channel_ < source_.channels(); ++channel_) {
      for (Level& level : levels_) level.first = level.filled = 0;
      for (int64_t z = 0, end; z < finest.shape.size.z; z = end) {
        end = std::min(z + block_.z, finest.shape.size.z);
        source_.read_planes(channel_, z, end, finest.slab.data());
        finest.filled = end - z;
        flush(0);
        slab_done();
      }
    }
    for (Level& level : levels_) level.writer->finish();
  }

  int64_t stored_bytes() const {
    int64_t sum = 0;
    for (const Level& level : levels_) sum += level.writer->bytes_written();
    return sum;
  }
  const std::vector<ValueCounts>& counts() const { return counts_; }
  Extent grid() const { return grid_; }

 private:
  struct Level {
    PyramidLevel shape;
    int64_t plane;                               // bytes
    std::unique_ptr<ZarrWriter> writer;
    Buffer<unsigned char> slab, pending;         // planes of a row of blocks; an even plane whose odd neighbour is still to come
    int64_t first, filled;                       // z of the slab's first plane, planes in it
  };

  void flush(size_t k) {
    write_blocks(k);
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

  void hand_down(size_t k, const unsigned char* a, const unsigned char* b) {
    const Level& from = levels_[k];
    Level& to = levels_[k + 1];
    halve_planes(type_, labels_, a, b, from.shape.size.y, from.shape.size.x, to.shape.factor.y, to.shape.factor.x, to.slab.data() + to.filled * to.plane, pool_);
    ++to.filled;
    if (to.filled == block_.z || to.first + to.filled == to.shape.size.z) flush(k + 1);
  }

  void write_blocks(size_t k) {
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

  SlabSource& source_;
  Extent block_, grid_;
  VoxelType type_;
  bool labels_;
  ThreadPool& pool_;
  std::vector<Level> levels_;
  std::vector<ValueCounts> counts_;
  int64_t channel_ = 0;
};

void check_options(SlabSource& image, const std::vector<NamedSlabs>& labels, const BlockStoreOptions& options) {
  for (int axis = 0; axis < 3; ++axis)
    if (options.block[axis] < 1 || options.block[axis] > 4096) fail_usage(text("--block has ", options.block[axis], " along ", "zyx"[axis], "; 1 to 4096 is possible"));
  if (options.block.voxels() > (int64_t{1} << 26)) fail_usage(text("a block of ", to_string(options.block), " has more than 2^26 voxels"), "32,32,32 to 128,128,128 is usual");
  Geometry geometry = image.geometry();
  for (const auto& [name, source] : labels) {
    bool word = !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; });
    if (!word) fail_usage(text("'", name, "' is no name for a label image"), "letters and _ only, so that label1 means the value 1 of label");
    Extent size = source->geometry().size;
    if (!(size == geometry.size)) fail_input(text("the label image '", name, "' has ", to_string(size), " voxels, the image ", to_string(geometry.size)));
    std::string reason;
    auto spacing = geometry.spacing();
    double tolerance = 0.01 * std::min({spacing[0], spacing[1], spacing[2]});
    if (image.orientation_known() && source->orientation_known() && !same_grid(geometry, source->geometry(), tolerance, &reason))
      fail_input(text("the label image '", name, "' lies elsewhere than the image: ", reason));
  }
}

// Slabs of the finest level, and what the coarser ones keep.
int64_t pyramid_memory(const SlabSource& source, VoxelType type, const BlockStoreOptions& options) {
  Geometry geometry = source.geometry();
  auto levels = pyramid_levels(geometry.size, geometry.spacing(), options.block, options.levels);
  int64_t bytes = 0;
  for (size_t k = 0; k < levels.size(); ++k)
    bytes += levels[k].size.y * levels[k].size.x * voxel_bytes(type) * (std::min(options.block.z, levels[k].size.z) + (k + 1 < levels.size() && levels[k + 1].factor.z == 2));
  return bytes;
}

}  // namespace

int64_t block_store_memory(const SlabSource& image, const std::vector<NamedSlabs>& labels, const BlockStoreOptions& options, int threads) {
  int64_t most = pyramid_memory(image, image.type(), options) + image.memory_bytes();
  for (const auto& [name, source] : labels) {
    Extent size = source->geometry().size;
    int64_t slab = std::min(options.block.z, size.z) * size.y * size.x * voxel_bytes(source->type());
    most = std::max(most, pyramid_memory(*source, VoxelType::u32, options) + slab + source->memory_bytes() + image.memory_bytes());
  }
  int64_t chunk = options.block.voxels() * 8;
  return most + std::max<int64_t>(64 << 20, threads * chunk) * 9 / 8 + 3 * threads * chunk + (8 << 20);  // encoded batch, scratch, pieces
}

BlockStoreReport write_block_store(Env& env, SlabSource& image, const std::vector<NamedSlabs>& labels, const std::string& path, const BlockStoreOptions& options, ThreadPool& pool,
                                   const std::function<void(double share)>& progress) {
  check_options(image, labels, options);
  if (env.kind(path) != FileKind::missing) fail_input(text("'", path, "' exists already"), "choose another name or remove it");
  return with_context(text("making the block store '", path, "'"), [&] {
    Geometry geometry = image.geometry();
    std::string partial = text(path, ".partial-", ::getpid());
    BlockStoreReport report;
    report.channels = image.channels(), report.shard = shard_of(geometry.size, options, image.type());
    int64_t slabs_done = 0, slabs = ceil_div(geometry.size.z, options.block.z) * (image.channels() + int64_t(labels.size()));
    auto slab_done = [&] {
      if (++slabs_done; progress) progress(double(slabs_done) / double(slabs));
    };
    auto levels = pyramid_levels(geometry.size, geometry.spacing(), options.block, options.levels);
    for (const PyramidLevel& level : levels) report.levels.push_back(level.size);
    auto write_image = [&](SlabSource& source, const std::string& folder, bool is_label, const std::string& name) {
      Pyramid pyramid(env, folder, source, levels, is_label, options, pool);
      pyramid.run(slab_done);
      if (is_label) write_label_counts(env, join_path(folder, "counts"), gather_label_counts(geometry.size, options.block, pyramid.counts()));
      publish_text(env, join_path(folder, "zarr.json"), zarr_image_text(image_of(source, levels, is_label, name)));
      report.stored_bytes += pyramid.stored_bytes();
      report.voxel_bytes += geometry.size.voxels() * source.channels() * voxel_bytes(source.type());
      if (!is_label) report.blocks = pyramid.grid().voxels() * source.channels();
      for (const auto& warning : source.warnings()) report.warnings.push_back(name + ": " + warning);
    };
    try {
      write_image(image, partial, false, "image");
      std::vector<std::string> names;
      for (const auto& [name, source] : labels) {
        LabelSlabs integers(*source, name);
        write_image(integers, join_path(join_path(partial, "labels"), name), true, name);
        names.push_back(name);
      }
      if (!names.empty()) publish_text(env, join_path(join_path(partial, "labels"), "zarr.json"), zarr_labels_text(names));
      env.rename(partial, path);
      env.sync_directory(parent_path(path));
    } catch (...) {
      try {
        env.remove_tree(partial);
      } catch (const Error&) {                   // the first error is the one to tell
      }
      throw;
    }
    return report;
  });
}

}  // namespace tomograd
