#include "dataset/normalize.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace tomograd {
namespace {

constexpr double smallest_spread = 1e-8;

}  // namespace

Background find_background(const Buffer<float>& voxels, Extent size) {
  Background background;
  bool any = false;
  float smallest = 0;
  for (float v : voxels) {
    if (!std::isfinite(v)) ++background.not_finite;
    else if (!any || v < smallest) smallest = v, any = true;
  }
  if (!any) fail_input(text("none of its ", voxels.size(), " voxels is a finite number"));
  if (!set_from_corners(background, size, [&](int64_t z, int64_t y, int64_t x) { return voxels[(z * size.y + y) * size.x + x]; })) background.value = smallest;
  return background;
}

bool set_from_corners(Background& background, Extent size, const std::function<float(int64_t z, int64_t y, int64_t x)>& voxel) {
  std::vector<float> corners;
  for (int64_t z : {int64_t{0}, size.z - 1})
    for (int64_t y : {int64_t{0}, size.y - 1})
      for (int64_t x : {int64_t{0}, size.x - 1})
        if (float v = voxel(z, y, x); std::isfinite(v)) corners.push_back(v);
  if (corners.empty()) return false;
  std::sort(corners.begin(), corners.end());
  background.value = corners[(corners.size() - 1) / 2];
  background.constant = std::count(corners.begin(), corners.end(), background.value) >= 5;
  return true;
}

Intensities measure(const float* values, int64_t count) {
  Intensities found;
  found.voxels = count;
  if (count == 0) return found;
  // Sums are of differences to the first value: exact for a constant, and no digits are lost to a large offset.
  double first = values[0], sum = 0, squares = 0;
  found.smallest = found.largest = first;
  for (int64_t i = 0; i < count; ++i) {
    sum += double(values[i]) - first;
    found.smallest = std::min(found.smallest, double(values[i]));
    found.largest = std::max(found.largest, double(values[i]));
  }
  found.mean = first + sum / double(count);
  for (int64_t i = 0; i < count; ++i) {
    double d = double(values[i]) - found.mean;
    squares += d * d;
  }
  found.deviation = std::sqrt(squares / double(count));
  return found;
}

double percentile(Buffer<float>& values, double p) {
  if (values.empty()) fail_input("a percentile of no values was asked for");
  double position = p / 100 * double(values.size() - 1);
  auto below = std::clamp<int64_t>(int64_t(std::floor(position)), 0, values.size() - 1);
  std::nth_element(values.begin(), values.begin() + below, values.end());
  double low = values[below];
  if (below + 1 >= values.size()) return low;
  double high = *std::min_element(values.begin() + below + 1, values.end());
  return low + (high - low) * (position - double(below));
}

Buffer<float> region_values(const Buffer<float>& voxels, const Buffer<uint8_t>& roi, const Background& background) {
  auto wanted = [&](int64_t i, bool everything) {
    if (!std::isfinite(voxels[i])) return false;
    if (!roi.empty()) return roi[i] != 0;
    return everything || !background.constant || voxels[i] != background.value;
  };
  for (bool everything : {false, true}) {
    int64_t count = 0;
    for (int64_t i = 0; i < voxels.size(); ++i) count += wanted(i, everything);
    if (count == 0 && roi.empty() && !everything) continue;
    Buffer<float> values(count);
    for (int64_t i = 0, at = 0; i < voxels.size(); ++i)
      if (wanted(i, everything)) values[at++] = voxels[i];
    return values;
  }
  return {};
}

void IntensityMap::apply(float* voxels, int64_t count) const {
  for (int64_t i = 0; i < count; ++i) voxels[i] = std::isfinite(voxels[i]) ? (*this)(voxels[i]) : outside;
}

IntensityMap intensity_map(const PreprocessSpec& spec, const Background& background, const Intensities& measured, double low, double high) {
  IntensityMap map{low, high, 0, 1, 0};
  if (spec.normalize == "minmax") map.shift = measured.smallest, map.spread = measured.largest - measured.smallest;
  else if (spec.normalize != "none") map.shift = measured.mean, map.spread = measured.deviation;
  if (spec.normalize != "none") map.spread = std::max(map.spread, smallest_spread);
  map.outside = map(background.value);
  return map;
}

void check_normalization(const PreprocessSpec& spec, bool has_roi) {
  if (spec.normalize == "zscore_roi" && !has_roi)
    fail_input("preprocess.normalize is 'zscore_roi' and the case has no ROI", "give it: predict --roi FILE, or import --roi PATTERN for a dataset; a model that needs none is trained with preprocess.normalize = 'zscore'");
  if (!spec.clip_percentiles.empty() && (spec.clip_percentiles.size() != 2 || !(spec.clip_percentiles[0] < spec.clip_percentiles[1])))
    fail_input(text("preprocess.clip_percentiles has ", spec.clip_percentiles.size(), " numbers, expected a low and a higher one"));
}

bool needs_statistics(const PreprocessSpec& spec) { return spec.normalize != "none" || !spec.clip_percentiles.empty(); }

float normalize_channel(Buffer<float>& voxels, const Buffer<uint8_t>& roi, const Background& background, const PreprocessSpec& spec) {
  static const Buffer<uint8_t> everywhere;
  check_normalization(spec, !roi.empty());
  bool in_roi = spec.normalize == "auto" || spec.normalize == "zscore_roi" || spec.normalize == "none";
  IntensityMap map;
  Intensities found;
  if (needs_statistics(spec)) {
    Buffer<float> values = region_values(voxels, in_roi ? roi : everywhere, background);
    if (values.empty()) fail_input("its region of interest holds no finite voxel");
    if (!spec.clip_percentiles.empty()) {
      map.low = percentile(values, spec.clip_percentiles[0]);
      map.high = percentile(values, spec.clip_percentiles[1]);
      for (float& v : values) v = float(std::clamp(double(v), map.low, map.high));
    }
    found = measure(values.data(), values.size());
  }
  map = intensity_map(spec, background, found, map.low, map.high);
  map.apply(voxels.data(), voxels.size());
  return map.outside;
}

}  // namespace tomograd
