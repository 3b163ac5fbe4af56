#include "dataset/stored_intensities.h"

#include <array>
#include <bit>
#include <cmath>
#include <functional>
#include <map>
#include <tuple>

#include "base/error.h"
#include "dataset/scan_file.h"
#include "volume/voxel_conversion.h"

namespace tomograd {
namespace {

constexpr int64_t converted_at_once = 16384;     // voxels
constexpr uint32_t half = 65536;                 // values of 16 bits

using TakeValues = std::function<void(const float* values, int64_t count)>;

class StoredChannel {
 public:
  StoredChannel(Env& env, const std::string& store, int64_t channel, ThreadPool& pool, int64_t most_bytes) : array_(open_store_array(env, store)), channel_(channel), most_bytes_(most_bytes), pool_(pool) {}

  Extent size() const { return array_->size(); }
  bool whole_numbers() const { return array_->info().chunk.type != VoxelType::f32 && array_->info().chunk.type != VoxelType::f64; }
  float voxel(Extent at) const {
    float value = 0;
    array_->read(channel_, {at, {1, 1, 1}}, &value);
    return value;
  }

  // All voxels in C order. A row of blocks that is too large is read in parts, its blocks once for each.
  void each(const TakeValues& body) const {
    const Extent size = array_->size();
    const VoxelType type = array_->info().chunk.type;
    const int64_t unit = voxel_bytes(type), plane = size.y * size.x, height = std::min(array_->block().z, size.z);
    const int64_t fit = std::max<int64_t>(1, most_bytes_ / (plane * unit)), planes = ceil_div(height, ceil_div(height, fit));
    Buffer<unsigned char> raw(planes * plane * unit);
    Buffer<float> values(converted_at_once);
    for (int64_t row = 0; row < size.z; row += height)
      for (int64_t z = row, end = std::min(size.z, row + height); z < end; z += planes) {
        const int64_t count = std::min(planes, end - z), voxels = count * plane;
        array_->read_raw(channel_, {{z, 0, 0}, {count, size.y, size.x}}, raw.data(), &pool_);
        with_voxel_type(type, [&](auto v) {
          using T = decltype(v);
          for (int64_t i = 0; i < voxels; i += converted_at_once) {
            const int64_t n = std::min(converted_at_once, voxels - i);
            ConversionFindings findings;
            convert_to_floats<T, false>(raw.data() + i * unit, n, 1, 0, values.data(), findings);
            body(values.data(), n);
          }
        });
      }
  }

 private:
  std::unique_ptr<ZarrArray> array_;
  int64_t channel_, most_bytes_;
  ThreadPool& pool_;
};

// What measure() does with the first pass, as values come.
struct Sums {
  Intensities found;
  double first = 0, sum = 0, squares = 0;
  void add(float v) {
    if (found.voxels++ == 0) first = found.smallest = found.largest = double(v);
    sum += double(v) - first;
    found.smallest = std::min(found.smallest, double(v));
    found.largest = std::max(found.largest, double(v));
  }
  void end_first_pass() {
    if (found.voxels > 0) found.mean = first + sum / double(found.voxels);
  }
  void add_square(float v) {
    double d = double(v) - found.mean;
    squares += d * d;
  }
  Intensities end() {
    if (found.voxels > 0) found.deviation = std::sqrt(squares / double(found.voxels));
    return found;
  }
};

uint32_t ordered(float v) {                      // rises with the value; both zeros are one
  uint32_t bits = std::bit_cast<uint32_t>(v + 0.0f);
  return bits & 0x80000000u ? ~bits : bits | 0x80000000u;
}
float value_of(uint32_t key) { return std::bit_cast<float>(key & 0x80000000u ? key & 0x7FFFFFFFu : ~key); }

// The values at these ranks (rising from 0) of all that `each` gives.
template <class Each>
std::vector<float> values_at(const std::vector<int64_t>& ranks, const Each& each) {
  std::vector<int64_t> upper(half, 0);
  each([&](float v) { ++upper[ordered(v) >> 16]; });
  struct Wanted { uint32_t top; int64_t rank; };  // rank among the values with these upper bits
  std::vector<Wanted> wanted;
  std::map<uint32_t, std::vector<int64_t>> lower;
  for (int64_t rank : ranks) {
    uint32_t top = 0;
    while (rank >= upper[top]) rank -= upper[top++];
    wanted.push_back({top, rank});
    lower.emplace(top, std::vector<int64_t>(half, 0));
  }
  std::vector<std::vector<int64_t>*> counting(half, nullptr);
  for (auto& [top, counts] : lower) counting[top] = &counts;
  each([&](float v) {
    uint32_t key = ordered(v);
    if (auto* counts = counting[key >> 16]) ++(*counts)[key & 0xFFFF];
  });
  std::vector<float> values;
  for (auto [top, rank] : wanted) {
    const auto& counts = lower.at(top);
    uint32_t low = 0;
    while (rank >= counts[low]) rank -= counts[low++];
    values.push_back(value_of(top << 16 | low));
  }
  return values;
}

// As percentile() of normalize.h.
template <class Each>
std::pair<double, double> percentiles(const std::vector<double>& asked, int64_t count, const Each& each) {
  std::vector<int64_t> ranks;
  std::array<double, 2> position;
  for (size_t p = 0; p < 2; ++p) {
    position[p] = asked[p] / 100 * double(count - 1);
    auto below = std::clamp<int64_t>(int64_t(std::floor(position[p])), 0, count - 1);
    ranks.push_back(below), ranks.push_back(std::min(below + 1, count - 1));
    position[p] -= double(below);
  }
  auto values = values_at(ranks, each);
  auto between = [&](size_t p) {
    double low = values[2 * p], high = values[2 * p + 1];
    return ranks[2 * p] == ranks[2 * p + 1] ? low : low + (high - low) * position[p];
  };
  return {between(0), between(1)};
}

}  // namespace

IntensityMap stored_intensity_map(Env& env, const std::string& store, int64_t channel, const PreprocessSpec& spec, ThreadPool& pool, int64_t* not_finite, int64_t most_bytes) {
  check_normalization(spec, false);
  StoredChannel stored(env, store, channel, pool, most_bytes);
  Background background;
  const bool from_corners = set_from_corners(background, stored.size(), [&](int64_t z, int64_t y, int64_t x) { return stored.voxel({z, y, x}); });
  if (!needs_statistics(spec) && stored.whole_numbers()) return intensity_map(spec, background, {}, -std::numeric_limits<double>::infinity(), std::numeric_limits<double>::infinity());

  // First over the region, which is what is not background, as if nothing were clipped; what is finite is counted beside it.
  Sums plain;
  int64_t finite = 0;
  float smallest = 0;
  stored.each([&](const float* v, int64_t n) {
    for (int64_t i = 0; i < n; ++i) {
      if (!std::isfinite(v[i])) continue;
      if (finite++ == 0 || v[i] < smallest) smallest = v[i];
      if (!background.constant || v[i] != background.value) plain.add(v[i]);
    }
  });
  const int64_t voxels = stored.size().voxels();
  *not_finite = background.not_finite = voxels - finite;
  if (finite == 0) fail_input(text("none of its ", voxels, " voxels is a finite number"));
  if (!from_corners) background.value = smallest;
  plain.end_first_pass();

  const bool empty = plain.found.voxels == 0;    // then the region is everything, and all of it is the background's value
  const int64_t count = empty ? finite : plain.found.voxels;
  auto region = [&](auto&& body) {
    stored.each([&](const float* v, int64_t n) {
      for (int64_t i = 0; i < n; ++i)
        if (std::isfinite(v[i]) && (empty || !background.constant || v[i] != background.value)) body(v[i]);
    });
  };
  IntensityMap map;
  Sums sums = plain;
  auto clipped = [&](float v) { return float(std::clamp(double(v), map.low, map.high)); };
  if (!spec.clip_percentiles.empty()) std::tie(map.low, map.high) = percentiles(spec.clip_percentiles, count, region);
  if (empty || !spec.clip_percentiles.empty()) {
    sums = {};
    region([&](float v) { sums.add(clipped(v)); });
    sums.end_first_pass();
  }
  if (spec.normalize != "none" && spec.normalize != "minmax") region([&](float v) { sums.add_square(clipped(v)); });
  return intensity_map(spec, background, sums.end(), map.low, map.high);
}

Intensities measure_store(Env& env, const std::string& store, int64_t channel, ThreadPool& pool, int64_t* not_finite) {
  StoredChannel stored(env, store, channel, pool, most_streamed_bytes);
  Sums sums;
  auto each = [&](auto&& body) {
    stored.each([&](const float* v, int64_t n) {
      for (int64_t i = 0; i < n; ++i)
        if (std::isfinite(v[i])) body(v[i]);
    });
  };
  each([&](float v) { sums.add(v); });
  sums.end_first_pass();
  each([&](float v) { sums.add_square(v); });
  *not_finite = stored.size().voxels() - sums.found.voxels;
  return sums.end();
}

int64_t stored_statistics_bytes(Extent size) {
  constexpr int64_t high = 128, wide = 8;        // planes of a block and bytes of a voxel, seldom more
  return std::min(most_streamed_bytes, std::min(high, size.z) * size.y * size.x * wide) + (int64_t{4} << 20);
}

}  // namespace tomograd
