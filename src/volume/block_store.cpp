#include "volume/block_store.h"

#include <algorithm>

#include <unistd.h>

#include "base/error.h"
#include "volume/block_store_counts.h"
#include "volume/block_store_labels.h"
#include "volume/block_store_levels.h"
#include "volume/voxel_conversion.h"

namespace tomograd {
namespace {

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

}  // namespace

int64_t block_store_memory(const SlabSource& image, const std::vector<NamedSlabs>& labels, const BlockStoreOptions& options, int threads) {
  auto pyramid_memory = [&](const SlabSource& source, VoxelType type) {
    Geometry geometry = source.geometry();
    return levels_memory(pyramid_levels(geometry.size, geometry.spacing(), options.block, options.levels), type, options);
  };
  int64_t most = pyramid_memory(image, image.type()) + image.memory_bytes();
  for (const auto& [name, source] : labels) {
    Extent size = source->geometry().size;
    int64_t slab = std::min(options.block.z, size.z) * size.y * size.x * voxel_bytes(source->type());
    most = std::max(most, pyramid_memory(*source, VoxelType::u32) + slab + source->memory_bytes() + image.memory_bytes());
  }
  return most + writing_memory(options.block.voxels() * 8, threads);
}

BlockStoreReport write_block_store(Env& env, SlabSource& image, const std::vector<NamedSlabs>& labels, const std::string& path, const BlockStoreOptions& options, ThreadPool& pool,
                                   const std::function<void(double share)>& progress) {
  check_options(image, labels, options);
  if (env.kind(path) != FileKind::missing) fail_input(text("'", path, "' exists already"), "choose another name or remove it");
  return with_context(text("making the block store '", path, "'"), [&] {
    Geometry geometry = image.geometry();
    std::string partial = text(path, ".partial-", ::getpid());
    BlockStoreReport report;
    report.channels = image.channels(), report.shard = store_shard(geometry.size, options, image.type());
    int64_t slabs_done = 0, slabs = ceil_div(geometry.size.z, options.block.z) * (image.channels() + int64_t(labels.size()));
    auto slab_done = [&] {
      if (++slabs_done; progress) progress(double(slabs_done) / double(slabs));
    };
    auto levels = pyramid_levels(geometry.size, geometry.spacing(), options.block, options.levels);
    for (const PyramidLevel& level : levels) report.levels.push_back(level.size);
    auto write_image = [&](SlabSource& source, const std::string& folder, bool is_label, const std::string& name) {
      for (size_t k = 0; k < levels.size(); ++k) create_zarr_array(env, level_path(folder, k), store_array(levels[k].size, source.channels(), is_label, source.type(), options));
      Pyramid pyramid(env, folder, source, levels, is_label, options, pool);
      pyramid.run(slab_done);
      if (is_label) write_label_counts(env, join_path(folder, "counts"), gather_label_counts(geometry.size, options.block, pyramid.counts()));
      publish_text(env, join_path(folder, "zarr.json"), zarr_image_text(store_image(source.geometry(), source.orientation_known(), levels, is_label, name)));
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
