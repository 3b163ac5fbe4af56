#include "inference/store_constants.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.h"
#include "base/memory.h"

namespace tomograd {
namespace {

constexpr double smallest_spread = 1e-8;         // as normalize.cpp has it

int64_t slab_planes(const ZarrArray& array) {
  Extent size = array.size();
  int64_t block = array.block().z, fitting = (int64_t{64} << 20) / (size.y * size.x * 4);
  return std::min(size.z, std::max(block, std::min<int64_t>(64, fitting) / block * block));
}

bool is_counted(VoxelType type) { return type == VoxelType::u8 || type == VoxelType::i8 || type == VoxelType::u16 || type == VoxelType::i16; }
constexpr int64_t first_counted = -32768, counted_values = 32768 + 65536;

struct Moments {                                 // of differences to `first`, so that a large offset costs no digits
  int64_t count = 0;
  double sum = 0, squares = 0, smallest = std::numeric_limits<double>::infinity(), largest = -smallest;
  void add(double v, double first, double times = 1) {
    double d = v - first;
    count += int64_t(times), sum += times * d, squares += times * d * d;
    smallest = std::min(smallest, v), largest = std::max(largest, v);
  }
  void add(const Moments& other) {
    count += other.count, sum += other.sum, squares += other.squares;
    smallest = std::min(smallest, other.smallest), largest = std::max(largest, other.largest);
  }
};

struct Corners {
  float value = 0;
  bool constant = false;
};

Corners corners_of(ZarrArray& array, int64_t channel) {
  Extent size = array.size();
  std::vector<float> found;
  for (int64_t z : {int64_t{0}, size.z - 1})
    for (int64_t y : {int64_t{0}, size.y - 1})
      for (int64_t x : {int64_t{0}, size.x - 1}) {
        float v = 0;
        array.read(channel, {{z, y, x}, cube(1)}, &v);
        if (std::isfinite(v)) found.push_back(v);
      }
  if (found.empty()) return {};
  std::sort(found.begin(), found.end());
  Corners corners{found[(found.size() - 1) / 2], false};
  corners.constant = std::count(found.begin(), found.end(), corners.value) >= 5;
  return corners;
}

// Of counted values in rising order: linear between neighbours, as numpy's percentile.
double percentile_of(const std::vector<int64_t>& counts, int64_t total, double p) {
  double position = p / 100 * double(total - 1);
  auto below = std::clamp<int64_t>(int64_t(std::floor(position)), 0, total - 1);
  auto value_at = [&](int64_t rank) {
    int64_t seen = 0;
    for (size_t i = 0; i < counts.size(); ++i)
      if ((seen += counts[i]) > rank) return double(int64_t(i) + first_counted);
    return double(first_counted);
  };
  double low = value_at(below), high = below + 1 < total ? value_at(below + 1) : low;
  return low + (high - low) * (position - double(below));
}

class Channel {
 public:
  Channel(ZarrArray& array, int64_t channel, const PreprocessSpec& spec) : array_(array), channel_(channel), spec_(spec), corners_(corners_of(array, channel)), counted_(is_counted(array.info().chunk.type)) {
    if (counted_) counts_.resize(size_t(counted_values));
  }

  ChannelConstants find(ThreadPool& pool, const std::stop_token& stop) {
    Extent size = array_.size();
    int64_t step = slab_planes(array_), plane = size.y * size.x;
    Buffer<float> slab(step * plane);
    for (int64_t z = 0; z < size.z; z += step) {
      throw_if_stopped(stop);
      int64_t planes = std::min(step, size.z - z);
      array_.read(channel_, {{z, 0, 0}, {planes, size.y, size.x}}, slab.data(), &pool);
      if (counted_)
        for (int64_t i = 0; i < planes * plane; ++i) ++counts_[size_t(int64_t(slab[i]) - first_counted)];
      else
        add_planes(slab.data(), planes, plane, pool);
    }
    return counted_ ? from_counts() : from_moments();
  }

 private:
  void add_planes(const float* slab, int64_t planes, int64_t plane, ThreadPool& pool) {
    if (!first_) {
      const float* found = std::find_if(slab, slab + planes * plane, [](float v) { return std::isfinite(v); });
      if (found != slab + planes * plane) first_ = *found;
    }
    std::vector<Moments> region(static_cast<size_t>(planes)), all(static_cast<size_t>(planes));
    double first = first_.value_or(0);
    pool.for_each(planes, [&](int64_t z) {
      for (int64_t i = z * plane; i < (z + 1) * plane; ++i) {
        if (!std::isfinite(slab[i])) continue;
        all[size_t(z)].add(slab[i], first);
        if (!corners_.constant || slab[i] != corners_.value) region[size_t(z)].add(slab[i], first);
      }
    });
    for (int64_t z = 0; z < planes; ++z) region_.add(region[size_t(z)]), all_.add(all[size_t(z)]);
  }

  ChannelConstants from_counts() {
    std::vector<int64_t> counts = counts_;
    if (corners_.constant) counts[size_t(int64_t(corners_.value) - first_counted)] = 0;
    auto total_of = [](const std::vector<int64_t>& list) { int64_t sum = 0; for (int64_t n : list) sum += n; return sum; };
    if (total_of(counts) == 0) counts = counts_;  // nothing but background
    int64_t total = total_of(counts);
    ChannelConstants result;
    if (!spec_.clip_percentiles.empty()) result.clip = {percentile_of(counts, total, spec_.clip_percentiles[0]), percentile_of(counts, total, spec_.clip_percentiles[1])};
    auto clipped = [&](int64_t i) { double v = double(i + first_counted); return result.clip ? std::clamp(v, result.clip->first, result.clip->second) : v; };
    Moments found;
    int64_t lowest = 0;
    while (counts[size_t(lowest)] == 0) ++lowest;
    first_ = clipped(lowest);
    for (int64_t i = lowest; i < counted_values; ++i)
      if (counts[size_t(i)] > 0) found.add(clipped(i), *first_, double(counts[size_t(i)]));
    return finish(result, found);
  }

  ChannelConstants from_moments() {
    if (!spec_.clip_percentiles.empty())
      fail_input(text("preprocess.clip_percentiles of the model needs percentiles of a store of ", voxel_type_name(array_.info().chunk.type), " voxels; they are taken of integers of up to 16 bits only"));
    if (all_.count == 0) fail_input(text("none of the voxels of channel ", channel_, " is a finite number"));
    return finish({}, region_.count > 0 ? region_ : all_);
  }

  ChannelConstants finish(ChannelConstants result, const Moments& found) {
    double mean = found.sum / double(found.count), variance = std::max(0.0, found.squares / double(found.count) - mean * mean);
    if (spec_.normalize == "minmax") result.shift = found.smallest, result.spread = found.largest - found.smallest;
    else if (spec_.normalize != "none") result.shift = first_.value_or(0) + mean, result.spread = std::sqrt(variance);
    if (spec_.normalize != "none") result.spread = std::max(result.spread, smallest_spread);
    result.outside = result(corners_.value);
    return result;
  }

  ZarrArray& array_;
  int64_t channel_;
  const PreprocessSpec& spec_;
  Corners corners_;
  bool counted_;
  std::vector<int64_t> counts_;
  Moments region_, all_;
  std::optional<double> first_;
};

}  // namespace

float ChannelConstants::operator()(float v) const {
  if (!std::isfinite(v)) return outside;
  double d = clip ? std::clamp(double(v), clip->first, clip->second) : double(v);
  return float((d - shift) / spread);
}

std::vector<ChannelConstants> store_constants(StoreSource& source, const PreprocessSpec& spec, ThreadPool& pool, const std::stop_token& stop) {
  if (spec.normalize == "zscore_roi") fail_input("preprocess.normalize of the model is 'zscore_roi' and a store has no ROI", "train with 'zscore'");
  if (!spec.clip_percentiles.empty() && (spec.clip_percentiles.size() != 2 || !(spec.clip_percentiles[0] < spec.clip_percentiles[1])))
    fail_input(text("preprocess.clip_percentiles has ", spec.clip_percentiles.size(), " numbers, expected a low and a higher one"));
  std::vector<ChannelConstants> result;
  for (int64_t channel = 0; channel < source.array->leading(); ++channel) result.push_back(Channel(*source.array, channel, spec).find(pool, stop));
  return result;
}

int64_t store_constants_bytes(const StoreSource& source) {
  Extent size = source.array->size();
  return slab_planes(*source.array) * size.y * size.x * 4 + 2 * counted_values * 8;
}

}  // namespace tomograd
