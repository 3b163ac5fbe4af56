#include "dataset/prepared_case.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <optional>

#include "base/error.h"
#include "base/log.h"
#include "dataset/normalize.h"
#include "dataset/printable.h"
#include "dataset/scan_file.h"

namespace tomograd {
namespace {

Box bounding_box(Extent size, const std::function<bool(int64_t)>& inside) {
  Extent low = size, high{-1, -1, -1};
  for (int64_t z = 0, i = 0; z < size.z; ++z)
    for (int64_t y = 0; y < size.y; ++y)
      for (int64_t x = 0; x < size.x; ++x, ++i) {
        if (!inside(i)) continue;
        low = {std::min(low.z, z), std::min(low.y, y), std::min(low.x, x)};
        high = {std::max(high.z, z), std::max(high.y, y), std::max(high.x, x)};
      }
  if (high.z < 0) return {};
  return {low, high - low + cube(1)};
}

Box union_of(const Box& a, const Box& b) {
  if (a.size.voxels() == 0) return b;
  if (b.size.voxels() == 0) return a;
  Box both;
  for (int axis = 0; axis < 3; ++axis) {
    both.begin[axis] = std::min(a.begin[axis], b.begin[axis]);
    both.size[axis] = std::max(a.end()[axis], b.end()[axis]) - both.begin[axis];
  }
  return both;
}

// The box of `onto` voxels that covers the same place as `box` of `from` voxels; both grids have the same directions and the
// same centre (with_spacing keeps it).
Box box_onto(const Box& box, const Geometry& from, const Geometry& onto) {
  Box result;
  auto old = from.spacing(), now = onto.spacing();
  for (int axis = 0; axis < 3; ++axis) {
    double ratio = old[size_t(axis)] / now[size_t(axis)];
    auto place = [&](int64_t edge) { return (double(edge) - double(from.size[axis]) / 2) * ratio + double(onto.size[axis]) / 2; };
    auto begin = int64_t(std::floor(place(box.begin[axis]) + 1e-6)), end = int64_t(std::ceil(place(box.end()[axis]) - 1e-6));
    result.begin[axis] = std::clamp<int64_t>(begin, 0, onto.size[axis] - 1);
    result.size[axis] = std::clamp<int64_t>(end, result.begin[axis] + 1, onto.size[axis]) - result.begin[axis];
  }
  return result;
}

template <class T>
Buffer<T> cut(Buffer<T> voxels, Extent size, const Box& box) {
  if (box.size == size) return voxels;
  Buffer<T> part(box.size.voxels());
  for (int64_t z = 0; z < box.size.z; ++z)
    for (int64_t y = 0; y < box.size.y; ++y) {
      const T* row = voxels.data() + ((z + box.begin.z) * size.y + y + box.begin.y) * size.x + box.begin.x;
      std::copy(row, row + box.size.x, part.data() + (z * box.size.y + y) * box.size.x);
    }
  return part;
}

Geometry cropped(const Geometry& geometry, const Box& box) {
  Geometry result = geometry;
  result.size = box.size;
  auto origin = geometry.world(double(box.begin.z), double(box.begin.y), double(box.begin.x));
  for (size_t row = 0; row < 3; ++row) result.affine[row][3] = origin[row];
  return result;
}

Buffer<uint8_t> resample_bytes(const Buffer<uint8_t>& voxels, const Geometry& from, const Geometry& onto) {
  LabelVolume wide{from, Buffer<uint16_t>(voxels.size())};
  std::copy(voxels.begin(), voxels.end(), wide.voxels.begin());
  LabelVolume moved = resample_nearest(wide, onto);
  Buffer<uint8_t> result(moved.voxels.size());
  std::transform(moved.voxels.begin(), moved.voxels.end(), result.begin(), [](uint16_t v) { return uint8_t(v); });
  return result;
}

int64_t voxel_offset(Extent size, int64_t z, int64_t y, int64_t x) { return (z * size.y + y) * size.x + x; }

bool is_resampled(const PreparedCase& c) { return !(c.resampled.size == c.canonical.size) || c.resampled.affine != c.canonical.affine; }

class Preparation {  // the steps of prepare_case, in order
 public:
  Preparation(Env& env, const Case& item, const PreprocessSpec& spec) : env_(env), item_(item), spec_(spec) {}

  PreparedCase run(const Dataset& dataset, const ClassMap& classes, bool with_labels) {
    prepared_ = begin_case(env_, dataset, item_, spec_, &first_path_);
    if (!item_.roi.empty()) with_context("ROI '" + printable(file_name(item_.roi)) + "'", [&] { read_roi(); });
    std::vector<std::optional<Volume>> volumes;
    for (const auto& channel : prepared_.channels) volumes.push_back(read_channel(channel));
    if (with_labels && !item_.label.empty()) with_context("label '" + printable(file_name(item_.label)) + "'", [&] { read_labels(classes); });
    resample_and_crop(volumes);
    return std::move(prepared_);
  }

 private:
  // A mask may be stored as 0 and 0.99999997 (integers with a slope of 2^-32): what counts is "more than a half".
  void read_roi() {
    Volume volume = read_scan(env_, item_.roi);
    check_same_grid(prepared_.original, first_path_, volume.geometry, item_.roi);
    Buffer<uint8_t> mask(volume.voxels.size());
    std::transform(volume.voxels.begin(), volume.voxels.end(), mask.begin(), [](float v) { return uint8_t(v > 0.5f); });
    if (std::count(mask.begin(), mask.end(), uint8_t{1}) == 0) fail_input("the region of interest is empty: no voxel is above 0.5");
    prepared_.roi = reorient_voxels(mask, volume.geometry.size, prepared_.reorientation);
    if (spec_.crop == "roi") box_ = bounding_box(prepared_.canonical.size, [&](int64_t i) { return prepared_.roi[i] != 0; });
  }

  std::optional<Volume> read_channel(const std::string& channel) {
    auto found = item_.images.find(channel);
    if (found == item_.images.end()) {
      prepared_.outside.push_back(0);
      return {};
    }
    return with_context("image '" + printable(file_name(found->second)) + "'", [&]() -> std::optional<Volume> {
      auto frame = item_.frames.find(channel);
      Volume volume = read_scan(env_, found->second, frame == item_.frames.end() ? 0 : frame->second);
      check_same_grid(prepared_.original, first_path_, volume.geometry, found->second);
      if (!prepared_.reorientation.is_identity()) volume.voxels = reorient_voxels(volume.voxels, volume.geometry.size, prepared_.reorientation);
      volume.geometry = prepared_.canonical;
      Background background = find_background(volume.voxels, volume.geometry.size);
      if (background.not_finite > 0)
        warn(text("case '", item_.id, "', modality '", printable(channel), "': ", background.not_finite,
                  " voxels that are NaN or infinite become background"));
      if (spec_.crop == "nonzero")
        box_ = union_of(box_, bounding_box(volume.geometry.size, [&](int64_t i) {
                          return std::isfinite(volume.voxels[i]) && (!background.constant || volume.voxels[i] != background.value);
                        }));
      prepared_.outside.push_back(normalize_channel(volume.voxels, prepared_.roi, background, spec_));
      return volume;
    });
  }

  void read_labels(const ClassMap& classes) {
    LabelVolume volume = read_scan_labels(env_, item_.label);
    check_same_grid(prepared_.original, first_path_, volume.geometry, item_.label);
    Buffer<uint8_t> mapped(volume.voxels.size());
    to_classes(classes, volume.voxels.data(), mapped.size(), mapped.data());
    prepared_.labels = reorient_voxels(mapped, volume.geometry.size, prepared_.reorientation);
  }

  void resample_and_crop(std::vector<std::optional<Volume>>& volumes) {
    bool resampling = is_resampled(prepared_);
    Extent full = prepared_.resampled.size;
    Box everything{{0, 0, 0}, full};
    if (spec_.crop == "roi" && prepared_.roi.empty())
      fail_input("preprocess.crop is 'roi' and the case has no ROI", "give it: predict --roi FILE, or import --roi PATTERN for a dataset; a model that needs none is trained with preprocess.crop = 'nonzero' or 'none'");
    prepared_.crop = box_.size.voxels() == 0 ? everything : resampling ? box_onto(box_, prepared_.canonical, prepared_.resampled) : box_;
    prepared_.geometry = cropped(prepared_.resampled, prepared_.crop);
    for (size_t c = 0; c < volumes.size(); ++c) {
      if (!volumes[c]) {
        prepared_.images.emplace_back(prepared_.crop.size.voxels(), 0.0f);
        continue;
      }
      Buffer<float> voxels = std::move(volumes[c]->voxels);
      if (resampling) {
        Volume whole{prepared_.canonical, std::move(voxels)};
        voxels = resample_linear(whole, prepared_.resampled, prepared_.outside[c]).voxels;
      }
      prepared_.images.push_back(cut(std::move(voxels), full, prepared_.crop));
      volumes[c].reset();
    }
    for (Buffer<uint8_t>* bytes : {&prepared_.labels, &prepared_.roi}) {
      if (bytes->empty()) continue;
      if (resampling) *bytes = resample_bytes(*bytes, prepared_.canonical, prepared_.resampled);
      *bytes = cut(std::move(*bytes), full, prepared_.crop);
    }
  }

  Env& env_;
  const Case& item_;
  const PreprocessSpec& spec_;
  PreparedCase prepared_;
  std::string first_path_;
  Box box_;  // what `crop` keeps, on the canonical grid; empty = everything
};

}  // namespace

double grid_tolerance(const Geometry& geometry) {
  auto spacing = geometry.spacing();
  return 0.01 * std::min({spacing[0], spacing[1], spacing[2]});
}

void check_same_grid(const Geometry& reference, const std::string& reference_path, const Geometry& geometry, const std::string& path) {
  std::string reason;
  if (same_grid(reference, geometry, grid_tolerance(reference), &reason)) return;
  fail_input(text("'", printable(file_name(reference_path)), "' and '", printable(file_name(path)), "' are not on the same grid: ", reason),
             "resample one onto the other; nothing is moved silently");
}

std::vector<uint16_t> values_of(const ClassMap& classes) {
  std::vector<uint16_t> values(size_t(classes.count()), 0);
  for (size_t value = classes.class_of.size(); value-- > 1;)
    if (classes.class_of[value] > 0) values[size_t(classes.class_of[value])] = uint16_t(value);
  return values;
}

bool is_skipped(const Dataset& dataset, const Case& item, const PreprocessSpec& spec) {
  if (spec.missing != "skip") return false;
  auto channels = used_channels(dataset, spec);
  return std::any_of(channels.begin(), channels.end(), [&](const std::string& channel) { return !item.images.contains(channel); });
}

PreparedCase begin_case(Env& env, const Dataset& dataset, const Case& item, const PreprocessSpec& spec, std::string* first_path) {
  PreparedCase prepared;
  prepared.id = item.id, prepared.patient = item.patient;
  prepared.channels = used_channels(dataset, spec);
  for (const auto& channel : prepared.channels) {
    auto found = item.images.find(channel);
    prepared.present.push_back(found != item.images.end());
    if (found == item.images.end()) {
      if (spec.missing != "zero")
        fail_input(text("modality '", printable(channel), "' is missing"),
                   spec.missing == "skip" ? "preprocess.missing is 'skip', so this case must not be asked for"
                                          : "preprocess.missing = 'zero' or 'skip' accepts that");
      continue;
    }
    if (!first_path->empty()) continue;
    *first_path = found->second;
    prepared.header = with_context("image '" + printable(file_name(*first_path)) + "'", [&] { return read_scan_header(env, *first_path); });
  }
  if (first_path->empty())
    fail_input(text("none of the ", prepared.channels.size(), " used modalities is there"),
               "leave the case out, or use more modalities");
  prepared.original = prepared.header.geometry;
  prepared.reorientation = to_canonical(prepared.original);
  prepared.canonical = reoriented(prepared.original, prepared.reorientation);
  prepared.resampled = prepared.canonical;
  if (!spec.spacing.empty()) {
    if (spec.spacing.size() != 3) fail_input(text("preprocess.spacing has ", spec.spacing.size(), " numbers, expected 3 (Z, Y, X in mm)"));
    prepared.resampled = with_spacing(prepared.canonical, {spec.spacing[0], spec.spacing[1], spec.spacing[2]});
  }
  return prepared;
}

PreparedCase prepare_case(Env& env, const Dataset& dataset, const Case& item, const PreprocessSpec& spec, const ClassMap& classes,
                          bool with_labels) {
  return with_context("preparing case '" + item.id + "'", [&] { return Preparation(env, item, spec).run(dataset, classes, with_labels); });
}

LabelVolume to_original(const PreparedCase& prepared, const Buffer<uint8_t>& labels) {
  if (labels.size() != prepared.geometry.size.voxels())
    fail_input(text("a label map of ", labels.size(), " voxels does not fit case '", prepared.id, "', which is ",
                    to_string(prepared.geometry.size), " after preparation"));
  LabelVolume full{prepared.resampled, Buffer<uint16_t>(prepared.resampled.size.voxels(), uint16_t{0})};
  const Box& crop = prepared.crop;
  for (int64_t z = 0; z < crop.size.z; ++z)
    for (int64_t y = 0; y < crop.size.y; ++y) {
      const uint8_t* row = labels.data() + (z * crop.size.y + y) * crop.size.x;
      std::copy(row, row + crop.size.x, full.voxels.data() + voxel_offset(prepared.resampled.size, z + crop.begin.z, y + crop.begin.y, crop.begin.x));
    }
  if (is_resampled(prepared)) full = resample_nearest(full, prepared.canonical);
  LabelVolume result{prepared.original, Buffer<uint16_t>()};
  result.voxels = reorient_voxels(full.voxels, prepared.canonical.size, inverse(prepared.reorientation));
  return result;
}

std::unique_ptr<BlockSource> blocks_of(const PreparedCase& prepared, Extent block) {
  std::vector<const float*> channels;
  for (const auto& image : prepared.images) channels.push_back(image.data());
  return make_memory_blocks(prepared.geometry.size, channels, prepared.labels.empty() ? nullptr : prepared.labels.data(), prepared.outside, block);
}

}  // namespace tomograd
