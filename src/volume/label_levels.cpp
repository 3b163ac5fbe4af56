#include "volume/label_levels.h"

#include <algorithm>

#include "base/digest.h"
#include "base/error.h"
#include "volume/block_store_levels.h"
#include "volume/voxel_conversion.h"
#include "volume/zarr_array.h"

namespace tomograd {
namespace {

constexpr int64_t usual_side = 64, most_row_bytes = int64_t{256} << 20;

struct Levels {
  std::vector<PyramidLevel> list;
  BlockStoreOptions options;
};

// Blocks are flatter where a row of them would not fit into memory.
Levels levels_of(const Geometry& geometry, VoxelType type) {
  Levels levels;
  levels.options.block = cube(usual_side);
  levels.list = pyramid_levels(geometry.size, geometry.spacing(), levels.options.block, 0);
  if (levels.list.size() > 1)
    while (levels.options.block.z > 1 && levels.list[1].size.y * levels.list[1].size.x * voxel_bytes(type) * levels.options.block.z > most_row_bytes) levels.options.block.z /= 2;
  return levels;
}

// Whole rows of blocks where they fit, else equal parts of one, for each of which its blocks are decoded again.
int64_t rows_of(Extent size, VoxelType type, int64_t block, int64_t slab_bytes) {
  int64_t fitting = std::max<int64_t>(2, slab_bytes / (size.y * size.x * voxel_bytes(type))), row = std::min(block, size.z);
  return row > fitting ? ceil_div(row, ceil_div(row, fitting)) : row * std::max<int64_t>(1, std::min(fitting, usual_side) / row);
}

class FinestLabels : public SlabSource {
 public:
  FinestLabels(ZarrArray& array, const Geometry& geometry, ThreadPool& pool) : array_(array), geometry_(geometry), pool_(pool) {}
  Geometry geometry() const override { return geometry_; }
  int64_t channels() const override { return 1; }
  VoxelType type() const override { return array_.info().chunk.type; }
  void read_planes(int64_t, int64_t z_begin, int64_t z_end, void* into) override { array_.read_raw(0, {{z_begin, 0, 0}, {z_end - z_begin, geometry_.size.y, geometry_.size.x}}, into, &pool_); }

 private:
  ZarrArray& array_;
  Geometry geometry_;
  ThreadPool& pool_;
};

}  // namespace

ZarrImage label_image(const std::string& name, const Geometry& geometry, bool orientation_known) {
  return store_image(geometry, orientation_known, levels_of(geometry, VoxelType::u8).list, true, name);
}

int64_t label_levels_memory(const Geometry& geometry, VoxelType type, Extent block, int threads, int64_t slab_bytes) {
  Levels levels = levels_of(geometry, type);
  if (levels.list.size() == 1) return 0;
  int64_t decoding = threads * (block.voxels() * voxel_bytes(type) * 9 / 4 + (int64_t{4} << 20));
  return levels_memory(levels.list, type, levels.options, rows_of(geometry.size, type, block.z, slab_bytes)) + decoding + writing_memory(levels.options.block.voxels() * voxel_bytes(type), threads);
}

void write_label_levels(Env& env, const std::string& folder, const Geometry& geometry, ThreadPool& pool, int64_t slab_bytes, const std::function<void(double share)>& progress) {
  with_context(text("making the coarser levels of '", folder, "'"), [&] {
    ZarrReadOptions options;
    options.missing_is_error = true;
    ZarrArray finest(env, level_path(folder, 0), options);
    VoxelType type = finest.info().chunk.type;
    if (!(finest.size() == geometry.size) || finest.info().shape.size() != 3 || (type != VoxelType::u8 && type != VoxelType::u16 && type != VoxelType::u32))
      fail_input(text("s0 has ", to_string(finest.size()), " voxels of ", voxel_type_name(type), " in ", finest.info().shape.size(), " dimensions; expected are ", to_string(geometry.size), " unsigned integers of at most 32 bits"));
    Levels levels = levels_of(geometry, type);
    if (levels.list.size() == 1) return;
    for (size_t k = 1; k < levels.list.size(); ++k) {
      env.make_directories(level_path(folder, k));
      for (const auto& [name, content] : zarr_array_files(store_array(levels.list[k].size, 1, true, type, levels.options))) publish_text(env, join_path(level_path(folder, k), name), content);
    }
    FinestLabels source(finest, geometry, pool);
    int64_t rows = rows_of(geometry.size, type, finest.block().z, slab_bytes), done = 0;
    Pyramid pyramid(env, folder, source, levels.list, true, levels.options, pool, rows);
    pyramid.run([&] {
      if (++done; progress) progress(double(std::min(done * rows, geometry.size.z)) / double(geometry.size.z));
    });
  });
}

std::string digest_of_label_levels(Env& env, const std::string& folder, const Geometry& geometry, VoxelType type) {
  Digest digest;
  auto add = [&](const std::string& path) {
    if (env.kind(path) != FileKind::file) return false;
    std::string line = digest_of_file(env, path) + "\n";
    digest.add(line.data(), int64_t(line.size()));
    return true;
  };
  Levels levels = levels_of(geometry, type);
  for (size_t k = 1; k < levels.list.size(); ++k) {
    ZarrArrayInfo info = store_array(levels.list[k].size, 1, true, type, levels.options);
    ZarrIndex grid = info.shard_grid();
    if (!add(join_path(level_path(folder, k), "zarr.json"))) return {};
    for (int64_t number = 0; number < grid[0] * grid[1] * grid[2]; ++number)
      if (!add(join_path(level_path(folder, k), zarr_chunk_key(info, {number / (grid[2] * grid[1]), number / grid[2] % grid[1], number % grid[2]})))) return {};
  }
  return digest.finish();
}

}  // namespace tomograd
