#include "server/volume_decoder.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "pictures/slice.h"
#include "volume/slab_source.h"
#include "volume/voxel_conversion.h"
#include "volume/zarr_array.h"
#include "volume/zarr_ome.h"

namespace tomograd {
namespace {

constexpr int64_t most_whole_voxels = int64_t{1} << 27;      // 512 MB as floats
constexpr int64_t most_kept_bytes = int64_t{1} << 29;
constexpr int64_t most_decoded_voxels = int64_t{1} << 30;
constexpr size_t most_known = 64;
// A store may be written while it is looked at, which its metadata do not show; after this its blocks are decoded anew.
constexpr double known_seconds = 60;

int64_t shrunk(int64_t size, int64_t factor) { return ceil_div(size, factor); }
Extent shrunk(Extent size, Extent factor) { return {shrunk(size.z, factor.z), shrunk(size.y, factor.y), shrunk(size.x, factor.x)}; }

// Where a file has one resolution: axes that are longer than a tile are halved until none is.
void add_thinned_levels(std::vector<VolumeLevel>& levels) {
  const Extent full = levels[0].size;
  VolumeLevel level = levels[0];
  level.stored = false, level.array.clear();
  while (level.size.z > tile_voxels || level.size.y > tile_voxels || level.size.x > tile_voxels) {
    for (int axis = 0; axis < 3; ++axis)
      if (level.size[axis] > tile_voxels / 2) level.factor[axis] *= 2;
    level.size = shrunk(full, level.factor);
    levels.push_back(level);
  }
}

// Every factor-th voxel of a box of `from` voxels.
void thin(const float* from, Extent size, Extent factor, float* into) {
  for (int64_t z = 0; z < size.z; z += factor.z)
    for (int64_t y = 0; y < size.y; y += factor.y)
      for (int64_t x = 0; x < size.x; x += factor.x) *into++ = from[(z * size.y + y) * size.x + x];
}

Geometry thinned(Geometry geometry, Extent factor) {
  geometry.size = shrunk(geometry.size, factor);
  for (auto& row : geometry.affine)
    for (size_t column = 0; column < 3; ++column) row[column] *= double(factor[int(2 - column)]);
  return geometry;
}

std::unique_ptr<BoxSource> open_level(Env& env, const std::string& path, const VolumeLevel& level) { return open_boxes(env, level.array.empty() ? path : level.array); }

}  // namespace

VolumeFacts VolumeDecoder::read_facts(Env& env, const std::string& path) {
  auto boxes = open_boxes(env, path);
  VolumeFacts facts;
  facts.kind = boxes->format(), facts.geometry = boxes->geometry(), facts.orientation_known = boxes->orientation_known();
  facts.channels = boxes->channels(), facts.type = boxes->type();
  if (facts.kind == "Zarr" && zarr_node(env, path) == ZarrNode::group) {
    ZarrImage image = read_zarr_image(env, path);
    for (const auto& stored : image.levels) {
      VolumeLevel level;
      level.array = join_path(path, stored.path);
      ZarrArray array(env, level.array);
      level.size = array.size(), level.blocks = blocks_.place(array.size(), array.block(), array.info().chunk.type);
      for (int axis = 0; axis < 3; ++axis) level.factor[axis] = std::max<int64_t>(1, int64_t(std::llround(double(facts.geometry.size[axis]) / double(std::max<int64_t>(1, level.size[axis])))));
      facts.levels.push_back(level);
    }
    facts.labels = zarr_label_names(env, path);
    for (const auto& name : facts.labels) facts.label_paths.push_back(join_path(path, "labels/" + name));
  } else {
    facts.levels.push_back({facts.geometry.size, cube(1), "", true});
    if (facts.kind == "NIfTI") facts.compressed = read_nifti_header(env, path).compressed;
    if (facts.kind == "Zarr") facts.levels[0].blocks = blocks_.place(facts.geometry.size, ZarrArray(env, path).block(), facts.type);
  }
  if (facts.levels.size() == 1) add_thinned_levels(facts.levels);
  return facts;
}

VolumeFacts VolumeDecoder::facts(const VolumeAsked& asked) {
  const double now = clock_.monotonic_seconds();
  {
    std::lock_guard lock(facts_mutex_);
    for (const auto& one : known_)
      if (one.path == asked.path && one.version == asked.version && now - one.read < known_seconds) return one.facts;
  }
  Known read{asked.path, asked.version, now, read_facts(asked.env, asked.path)};
  std::lock_guard lock(facts_mutex_);
  for (const auto& one : known_)                 // who asked at the same moment was faster; its blocks are the ones to share
    if (one.path == read.path && one.version == read.version && now - one.read < known_seconds) return one.facts;
  std::erase_if(known_, [&](const Known& one) { return one.path == read.path; });
  if (known_.size() >= most_known) known_.erase(known_.begin());
  known_.push_back(read);
  return std::move(read.facts);
}

std::shared_ptr<const Volume> VolumeDecoder::whole(const VolumeAsked& asked, int64_t channel) {
  const auto& [env, path, now] = asked;
  std::lock_guard lock(mutex_);                  // two that want the same one decode it once
  for (auto& one : kept_)
    if (one.path == path && one.channel == channel && one.version == now) {
      one.used = clock_.monotonic_seconds();
      return one.volume;
    }
  std::erase_if(kept_, [&](const Whole& one) { return one.path == path && one.version != now; });
  auto boxes = open_boxes(env, path);
  const Extent size = boxes->geometry().size;
  if (size.voxels() > most_whole_voxels) return nullptr;
  auto room = [&] {
    int64_t bytes = size.voxels() * 4;
    for (const auto& one : kept_) bytes += one.volume->voxels.size() * 4;
    return bytes <= most_kept_bytes;
  };
  while (!kept_.empty() && !room()) kept_.erase(std::min_element(kept_.begin(), kept_.end(), [](const Whole& a, const Whole& b) { return a.used < b.used; }));
  auto volume = std::make_shared<const Volume>(boxes->volume(channel, Box{{0, 0, 0}, size}));
  kept_.push_back({path, now, channel, clock_.monotonic_seconds(), volume});
  return volume;
}

Buffer<float> VolumeDecoder::read_box(const VolumeAsked& asked, const VolumeLevel& level, int64_t channel, const Box& box) {
  auto open = [&] { return open_level(asked.env, asked.path, level); };
  if (level.blocks.source < 0) return open()->volume(channel, box).voxels;
  blocks_used_ = clock_.monotonic_seconds();
  return blocks_.read(level.blocks, channel, box, open);
}

PlaneTile VolumeDecoder::tile(const VolumeAsked& asked, int64_t level, int64_t channel, int axis, int64_t index, int64_t row, int64_t column) {
  const VolumeFacts facts = this->facts(asked);
  if (level >= int64_t(facts.levels.size())) fail_usage(text("level is ", level, ", there are levels 0 to ", facts.levels.size() - 1));
  if (channel >= facts.channels) fail_usage(text("channel is ", channel, ", there are channels 0 to ", facts.channels - 1));
  const VolumeLevel& shown = facts.levels[size_t(level)];
  const int down = axis == 0 ? 1 : 0, across = axis == 2 ? 1 : 2;
  if (index >= shown.size[axis]) fail_usage(text("index is ", index, "; along ", "zyx"[axis], " level ", level, " has planes 0 to ", shown.size[axis] - 1));
  const int64_t y = row * tile_voxels, x = column * tile_voxels;
  if (y >= shown.size[down] || x >= shown.size[across]) fail_usage(text("tile ", row, ", ", column, " lies outside of the plane, which has ", shown.size[down], " x ", shown.size[across], " voxels"));
  PlaneTile tile;
  tile.height = std::min(tile_voxels, shown.size[down] - y), tile.width = std::min(tile_voxels, shown.size[across] - x);

  const Extent factor = shown.stored ? cube(1) : shown.factor, full = shown.stored ? shown.size : facts.geometry.size;
  Box box;
  box.begin[axis] = index * factor[axis], box.size[axis] = 1;
  box.begin[down] = y * factor[down], box.begin[across] = x * factor[across];
  box.size[down] = std::min(tile.height * factor[down], full[down] - box.begin[down]), box.size[across] = std::min(tile.width * factor[across], full[across] - box.begin[across]);
  tile.voxels = Buffer<float>(tile.height * tile.width);
  if (auto kept = facts.compressed ? whole(asked, channel) : nullptr) {
    float* into = tile.voxels.data();
    for (int64_t v = 0; v < box.size[down]; v += factor[down])
      for (int64_t u = 0; u < box.size[across]; u += factor[across]) {
        Extent at = box.begin;
        at[down] += v, at[across] += u;
        *into++ = kept->voxels[kept->index(at.z, at.y, at.x)];
      }
    return tile;
  }
  Buffer<float> part = read_box(asked, shown, channel, box);
  Extent step = factor;
  step[axis] = 1;
  if (step == cube(1)) tile.voxels = std::move(part);
  else thin(part.data(), box.size, step, tile.voxels.data());
  return tile;
}

Volume VolumeDecoder::small_copy(const VolumeAsked& asked, int64_t channel, int64_t most, Extent* factor_out) {
  const VolumeFacts facts = this->facts(asked);
  if (channel >= facts.channels) fail_usage(text("channel is ", channel, ", there are channels 0 to ", facts.channels - 1));
  // The finest stored level that needs no thinning, else the coarsest.
  size_t chosen = 0;
  while (chosen + 1 < facts.levels.size() && facts.levels[chosen + 1].stored && !fits_inside(facts.levels[chosen].size, cube(most))) ++chosen;
  const VolumeLevel& level = facts.levels[chosen];
  Extent step;
  for (int axis = 0; axis < 3; ++axis) step[axis] = ceil_div(level.size[axis], most);
  if (factor_out) *factor_out = {level.factor.z * step.z, level.factor.y * step.y, level.factor.x * step.x};
  Geometry geometry = facts.geometry;
  if (facts.levels.size() > 1 && facts.levels[1].stored) geometry = read_zarr_image(asked.env, asked.path).geometry(chosen, level.size);
  Volume copy{thinned(geometry, step), Buffer<float>(shrunk(level.size, step).voxels())};
  if (auto kept = facts.compressed ? whole(asked, channel) : nullptr) {
    thin(kept->voxels.data(), level.size, step, copy.voxels.data());
    return copy;
  }
  if (level.size.voxels() > most_decoded_voxels)
    fail_input(text("it has ", to_string(level.size), " voxels and no coarser level, and would have to be decoded whole"), "tomograd block makes a store with levels of it");
  // Slabs as thick as blocks, so that each is decoded once; forward, as a compressed file wants it.
  auto slabs = facts.kind == "Zarr" ? nullptr : open_slabs(asked.env, asked.path);
  auto boxes = slabs ? nullptr : open_level(asked.env, asked.path, level);
  const int64_t planes = slabs ? 1 : std::max<int64_t>(1, ZarrArray(asked.env, level.array.empty() ? asked.path : level.array).block().z);
  const VoxelType type = slabs ? slabs->type() : VoxelType::f32;
  const int64_t plane = level.size.y * level.size.x;
  Buffer<unsigned char> raw(slabs ? plane * voxel_bytes(type) : 0);
  Buffer<float> floats(slabs ? plane : 0);
  float* into = copy.voxels.data();
  for (int64_t z = 0; z < level.size.z; z += planes) {
    const int64_t first = round_up(z, step.z), end = std::min(z + planes, level.size.z);
    if (first >= end) continue;
    if (slabs) {
      slabs->read_planes(channel, first, first + 1, raw.data());
      ConversionFindings findings;
      with_voxel_type(type, [&]<class T>(T) { convert_to_floats<T, false>(raw.data(), plane, 1, 0, floats.data(), findings); });
      thin(floats.data(), {1, level.size.y, level.size.x}, {1, step.y, step.x}, into);
      into += shrunk(level.size.y, step.y) * shrunk(level.size.x, step.x);
      continue;
    }
    const Extent size{end - first, level.size.y, level.size.x};
    Volume slab = boxes->volume(channel, Box{{first, 0, 0}, size});
    thin(slab.voxels.data(), size, step, into);
    into += shrunk(size, step).voxels();
  }
  return copy;
}

ValueRange VolumeDecoder::range(const VolumeAsked& asked, int64_t channel) {
  Extent factor;
  Volume copy = small_copy(asked, channel, 96, &factor);
  ValueRange range;
  std::vector<float> finite;
  for (float v : copy.voxels)
    if (std::isfinite(v)) finite.push_back(v), range.integers &= v == std::rint(v);
  range.whole = factor == cube(1);
  if (finite.empty()) return range;
  auto [low, high] = std::minmax_element(finite.begin(), finite.end());
  range.minimum = *low, range.maximum = *high;
  Window window = percentile_window(finite);
  range.low = window.low, range.high = window.high;
  return range;
}

void VolumeDecoder::release(double unused_seconds) {
  if (clock_.monotonic_seconds() - blocks_used_ >= unused_seconds) blocks_.forget();
  std::unique_lock lock(mutex_, std::try_to_lock);
  if (!lock) return;
  const double now = clock_.monotonic_seconds();
  std::erase_if(kept_, [&](const Whole& one) { return now - one.used >= unused_seconds; });
}

int64_t VolumeDecoder::kept_bytes() {
  std::lock_guard lock(mutex_);
  int64_t bytes = blocks_.bytes();
  for (const auto& one : kept_) bytes += one.volume->voxels.size() * 4;
  return bytes;
}

}  // namespace tomograd
