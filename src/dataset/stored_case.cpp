#include "dataset/stored_case.h"

#include <algorithm>

#include "base/error.h"
#include "base/log.h"
#include "dataset/printable.h"
#include "dataset/scan_file.h"
#include "dataset/stored_intensities.h"

namespace tomograd {
namespace {

void refuse_what_needs_the_whole(const Case& item, const PreprocessSpec& spec, const PreparedCase& prepared) {
  if (spec.crop != "none") fail_input(text("preprocess.crop is '", spec.crop, "'; cases in block stores are not cropped"), "set preprocess.crop to 'none', or cut the volume with tomograd crop before tomograd block");
  if (!(prepared.resampled.size == prepared.canonical.size) || prepared.resampled.affine != prepared.canonical.affine) {
    auto have = prepared.canonical.spacing();
    fail_input(text("preprocess.spacing is ", spec.spacing[0], ", ", spec.spacing[1], ", ", spec.spacing[2], " mm and the store's ", have[0], ", ", have[1], ", ", have[2], "; cases in block stores are not resampled"),
               "leave preprocess.spacing empty, or resample the volume before tomograd block");
  }
  if (!item.roi.empty()) fail_input("the case has a ROI; cases in block stores are sampled without one", "import it with --roi none");
  std::string nifti = item.label.empty() || is_store_path(item.label) ? "" : item.label;
  for (const auto& [modality, path] : item.images)
    if (!is_store_path(path)) nifti = path;
  if (!nifti.empty()) fail_input(text("'", printable(file_name(nifti)), "' is no block store and other files of the case are"), "tomograd block makes a store of it; --label keeps labels beside the image");
}

// Class counts of blocks from the counts of label values beside the labels, and which of them are of one class alone.
KnownCounts known_counts(Env& env, const std::string& path, const ClassMap& classes, std::vector<int16_t>* single) {
  KnownCounts known;
  auto counts = read_store_counts(env, path);
  if (!counts || !(counts->block == open_store_array(env, path)->block())) return known;
  known.complete = counts->complete;
  known.voxels.assign(size_t(classes.count()), std::vector<uint32_t>(size_t(counts->grid.voxels()), 0));
  single->assign(size_t(counts->grid.voxels()), -1);
  for (size_t v = 0; v < counts->values.size(); ++v)
    for (size_t b = 0; b < counts->counts[v].size(); ++b) {
      if (counts->counts[v][b] == 0) continue;
      const auto value = uint16_t(std::min<int64_t>(counts->values[v], 65535));
      const int64_t all = counts->block_voxels(int64_t(b));
      uint8_t cls = 0;
      to_classes(classes, &value, 1, &cls);
      uint32_t& voxels = known.voxels[cls][b];
      if (counts->complete || counts->counts[v][b] == all) voxels += counts->counts[v][b];
      if (voxels == all) (*single)[b] = cls;
    }
  return known;
}

// to_classes() with a table of all values; what no class has takes the long way, which says so.
std::function<void(const uint16_t*, int64_t, uint8_t*)> classes_by_table(const ClassMap& classes) {
  constexpr uint8_t unknown = 255;
  std::vector<uint8_t> table(65536, unknown);
  for (size_t value = 0; value < std::min(table.size(), classes.class_of.size()); ++value)
    if (int cls = classes.class_of[value]; cls >= 0 && cls < unknown) table[value] = uint8_t(cls);
  return [classes, table](const uint16_t* values, int64_t count, uint8_t* into) {
    uint8_t highest = 0;
    for (int64_t i = 0; i < count; ++i) into[i] = table[values[i]], highest = std::max(highest, into[i]);
    if (highest == unknown) to_classes(classes, values, count, into);
  };
}

}  // namespace

bool is_stored(const Case& item) {
  return is_store_path(item.label) || is_store_path(item.roi) || std::any_of(item.images.begin(), item.images.end(), [](const auto& image) { return is_store_path(image.second); });
}

StoredCase open_stored_case(Env& env, const Dataset& dataset, const Case& item, const PreprocessSpec& spec, const ClassMap& classes, std::shared_ptr<BlockCache> cache, ThreadPool& pool) {
  return with_context("preparing case '" + item.id + "'", [&] {
    StoredCase result;
    PreparedCase& prepared = result.prepared;
    std::string first_path;
    prepared = begin_case(env, dataset, item, spec, &first_path);
    refuse_what_needs_the_whole(item, spec, prepared);
    prepared.geometry = prepared.canonical;
    prepared.crop = {{0, 0, 0}, prepared.canonical.size};

    std::vector<StoreChannel> channels;
    for (const auto& name : prepared.channels) {
      StoreChannel& channel = channels.emplace_back();
      if (auto found = item.images.find(name); found != item.images.end())
        with_context("image '" + printable(file_name(found->second)) + "'", [&] {
          check_same_grid(prepared.original, first_path, read_scan_header(env, found->second).geometry, found->second);
          auto frame = item.frames.find(name);
          channel.store = found->second, channel.channel = frame == item.frames.end() ? 0 : frame->second;
          int64_t not_finite = 0;
          IntensityMap map = stored_intensity_map(env, channel.store, channel.channel, spec, pool, &not_finite);
          if (not_finite > 0) warn(text("case '", item.id, "', modality '", printable(name), "': ", not_finite, " voxels that are NaN or infinite become background"));
          channel.outside = map.outside;
          channel.change = [map](float* voxels, int64_t count) { map.apply(voxels, count); };
        });
      prepared.outside.push_back(channel.outside);
    }
    StoreLabels labels;
    KnownCounts known;
    if (!item.label.empty())
      with_context("label '" + printable(file_name(item.label)) + "'", [&] {
        check_same_grid(prepared.original, first_path, read_scan_header(env, item.label).geometry, item.label);
        known = known_counts(env, item.label, classes, &labels.single);
        labels.store = item.label;
        labels.classes = classes_by_table(classes);
      });
    result.blocks = open_store_blocks(env, std::move(channels), std::move(labels), std::move(cache));
    if (item.label.empty()) return result;
    with_context("label '" + printable(file_name(item.label)) + "'", [&] {
      result.index.size = result.blocks->size(), result.index.block = result.blocks->block(), result.index.classes = classes.count();
      result.index.stored = std::make_shared<StoredLabels>(*result.blocks, classes.count(), known, pool);
    });
    return result;
  });
}

}  // namespace tomograd
