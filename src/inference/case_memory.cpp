#include "inference/case_memory.h"

#include <algorithm>
#include <initializer_list>

#include "base/error.h"
#include "base/memory.h"
#include "dataset/prepared_case.h"
#include "dataset/printable.h"
#include "dataset/stored_case.h"
#include "volume/nifti_file.h"

namespace tomograd {
namespace {

// Up to this size the heap may keep a freed block for itself (glibc raises its threshold for mappings of their own no
// further), so that blocks which are never alive together still add up.
constexpr int64_t heap_block = int64_t{32} << 20;
constexpr int64_t small_things = int64_t{8} << 20;  // ends of huge pages, pieces of files, tables

int64_t one_after_the_other(std::initializer_list<int64_t> blocks) {
  int64_t largest = std::max(blocks), kept = 0;
  for (int64_t block : blocks)
    if (block <= heap_block) kept += block;
  return largest <= heap_block ? kept : largest + kept;
}

int64_t decoded_bytes(const NiftiFile& file) {
  const NiftiHeader& header = file.header;
  int64_t declared = header.voxel_offset + file.frame_voxels() * header.frames * voxel_bytes(header.type);
  if (!header.compressed || declared > inflate_whole_limit) return int64_t{4} << 20;
  return declared + trailing_slack + file.image->size();
}

// The first pass over a mask gives numbers to as many voxels as can be without a numbered neighbour; they stand in two tables
// of 4 bytes and, at worst, a growing one of 8.
int64_t component_bytes(int64_t voxels, int64_t most_components) { return 4 * voxels + 24 * most_components; }

int64_t cleaning_bytes(Extent size, const PostprocessSpec& post) {
  int64_t voxels = size.voxels(), blocks = ceil_div(size.z, 2) * ceil_div(size.y, 2) * ceil_div(size.x, 2), bytes = 0;
  if (post.fill_holes) bytes = voxels + component_bytes(voxels, ceil_div(voxels, 2));           // neighbours share faces
  if (post.mode == "largest_component" || post.min_voxels > 1) bytes = std::max(bytes, voxels + component_bytes(voxels, blocks));  // or corners
  return bytes + voxels;
}

int64_t preparing_bytes(const CaseSizes& sizes, Extent size) {
  int64_t v0 = sizes.original.voxels(), v1 = sizes.prepared.voxels(), v2 = size.voxels(), roi = sizes.roi ? v0 : 0, worst = 0;
  if (sizes.roi) worst = 4 * v0 + one_after_the_other({sizes.decoded_bytes, 2 * v0});
  int64_t copies = one_after_the_other({sizes.decoded_bytes, sizes.reoriented ? 4 * v0 : 0, sizes.normalized ? 4 * v0 : 0});
  worst = std::max(worst, roi + 4 * v0 * sizes.present + copies);
  if (sizes.resampled || sizes.cropped) {
    int64_t work = one_after_the_other({sizes.resampled ? 4 * v1 : 0, 4 * v2});
    for (int64_t done = 0; done < sizes.present; ++done) worst = std::max(worst, roi + 4 * v2 * done + 4 * v0 * (sizes.present - done) + work);
    if (sizes.roi) worst = std::max(worst, 4 * v2 * sizes.channels + 4 * v0 + one_after_the_other({3 * v1, v2}));
  }
  return std::max(worst, roi + 4 * v2 * sizes.channels);
}

int64_t writing_bytes(const CaseSizes& sizes, Extent size) {
  int64_t v0 = sizes.original.voxels(), v1 = sizes.prepared.voxels(), v2 = size.voxels();
  int64_t returning = v2 + 2 * v0 + one_after_the_other({2 * v1, sizes.resampled ? 2 * v0 : 0});
  int64_t compressing = 6 * v0;                  // labels of 2 bytes, as stored, as given to the compressor, and compressed
  return std::max(returning, compressing);
}

}  // namespace

CaseSizes case_sizes(Env& env, const Dataset& dataset, const Case& item, const PreprocessSpec& spec) {
  if (is_stored(item)) fail_input(text("case '", item.id, "' lies in a block store; cases of a dataset are predicted whole, in memory"), "tomograd predict MODEL STORE.zarr predicts a store tile by tile");
  CaseSizes sizes;
  std::vector<std::string> channels = used_channels(dataset, spec);
  sizes.channels = int64_t(channels.size());
  sizes.roi = !item.roi.empty();
  sizes.normalized = spec.normalize != "none" || !spec.clip_percentiles.empty();
  sizes.cropped = spec.crop != "none";
  auto open = [&](const std::string& what, const std::string& path) {
    return with_context(what + " '" + printable(file_name(path)) + "'", [&] {
      NiftiFile file = open_nifti(env, path);
      sizes.decoded_bytes = std::max(sizes.decoded_bytes, decoded_bytes(file));
      return file.header.geometry;
    });
  };
  for (const auto& channel : channels) {
    auto found = item.images.find(channel);
    if (found == item.images.end()) continue;
    Geometry geometry = open("image", found->second);
    if (++sizes.present > 1) continue;
    Reorientation turn = to_canonical(geometry);
    Geometry prepared = reoriented(geometry, turn);
    sizes.original = geometry.size;
    sizes.reoriented = !turn.is_identity();
    if (spec.spacing.size() == 3) {
      auto before = prepared;
      prepared = with_spacing(prepared, {spec.spacing[0], spec.spacing[1], spec.spacing[2]});
      sizes.resampled = !(prepared.size == before.size) || prepared.affine != before.affine;
    }
    sizes.prepared = prepared.size;
  }
  if (sizes.present == 0) fail_input(text("none of the ", channels.size(), " used modalities is there"), "leave the case out, or use more modalities");
  if (sizes.roi) open("ROI", item.roi);
  return sizes;
}

int64_t CasePlan::peak_bytes() const { return std::max({preparing_bytes, predicting_bytes, cleaning_bytes, writing_bytes}); }

CasePlan plan_case(const PlanTiles& plan_tiles, const CaseSizes& sizes, Extent size, const PostprocessSpec& post, int64_t max_memory_bytes) {
  CasePlan plan;
  int64_t images = size.voxels() * (4 * sizes.channels + (sizes.roi ? 1 : 0)) + small_things;
  plan.preparing_bytes = preparing_bytes(sizes, size) + small_things;
  plan.cleaning_bytes = cleaning_bytes(size, post) + small_things;
  plan.writing_bytes = writing_bytes(sizes, size) + small_things;
  auto refuse_over = [&](int64_t bytes, const char* what) {
    if (max_memory_bytes > 0 && bytes > max_memory_bytes)
      fail(ErrorKind::budget, text(what, " a case of ", to_string(sizes.original), " voxels and ", sizes.present, " channels takes ", bytes_text(bytes), ", the limit leaves ", bytes_text(max_memory_bytes)),
           "raise --max-memory, or predict a smaller region");
  };
  refuse_over(plan.preparing_bytes, "preparing");
  refuse_over(images, "holding the prepared images of");
  plan.tiles = plan_tiles(size, max_memory_bytes > 0 ? std::max<int64_t>(1, max_memory_bytes - images) : 0);
  plan.predicting_bytes = images + plan.tiles.peak_bytes;
  // What the library made of the weights stays with the process.
  plan.cleaning_bytes += plan.tiles.weight_bytes;
  plan.writing_bytes += plan.tiles.weight_bytes;
  refuse_over(plan.cleaning_bytes, "cleaning the labels of");
  refuse_over(plan.writing_bytes, "writing the labels of");
  return plan;
}

CasePlan plan_case(const Graph& graph, const CaseSizes& sizes, Extent size, const PredictSpec& spec, const PostprocessSpec& post, int bytes_per_value, int64_t max_memory_bytes,
                   int64_t networks) {
  return plan_case([&](Extent volume, int64_t left) { return plan_tiles(graph, volume, spec, bytes_per_value, left, networks); }, sizes, size, post, max_memory_bytes);
}

}  // namespace tomograd
