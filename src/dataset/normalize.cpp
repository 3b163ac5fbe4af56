#include "dataset/normalize.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.h"

namespace tomograd {
namespace {

constexpr double smallest_spread = 1e-8;

struct Linear {  // clip, then (v - shift) / spread
  double low = -std::numeric_limits<double>::infinity(), high = std::numeric_limits<double>::infinity(), shift = 0, spread = 1;
  float operator()(float v) const { return float((std::clamp(double(v), low, high) - shift) / spread); }
};

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
  std::vector<float> corners;
  for (int64_t z : {int64_t{0}, size.z - 1})
    for (int64_t y : {int64_t{0}, size.y - 1})
      for (int64_t x : {int64_t{0}, size.x - 1})
        if (float v = voxels[(z * size.y + y) * size.x + x]; std::isfinite(v)) corners.push_back(v);
  if (corners.empty()) {
    background.value = smallest;
    return background;
  }
  std::sort(corners.begin(), corners.end());
  background.value = corners[(corners.size() - 1) / 2];
  background.constant = std::count(corners.begin(), corners.end(), background.value) >= 5;
  return background;
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

float normalize_channel(Buffer<float>& voxels, const Buffer<uint8_t>& roi, const Background& background, const PreprocessSpec& spec) {
  static const Buffer<uint8_t> everywhere;
  if (spec.normalize == "zscore_roi" && roi.empty())
    fail_input("preprocess.normalize is 'zscore_roi' and the case has no ROI", "give it: predict --roi FILE, or import --roi PATTERN for a dataset; a model that needs none is trained with preprocess.normalize = 'zscore'");
  bool in_roi = spec.normalize == "auto" || spec.normalize == "zscore_roi" || spec.normalize == "none";
  Linear map;
  if (spec.normalize != "none" || !spec.clip_percentiles.empty()) {
    Buffer<float> values = region_values(voxels, in_roi ? roi : everywhere, background);
    if (values.empty()) fail_input("its region of interest holds no finite voxel");
    if (!spec.clip_percentiles.empty()) {
      if (spec.clip_percentiles.size() != 2 || !(spec.clip_percentiles[0] < spec.clip_percentiles[1]))
        fail_input(text("preprocess.clip_percentiles has ", spec.clip_percentiles.size(), " numbers, expected a low and a higher one"));
      map.low = percentile(values, spec.clip_percentiles[0]);
      map.high = percentile(values, spec.clip_percentiles[1]);
      for (float& v : values) v = float(std::clamp(double(v), map.low, map.high));
    }
    Intensities found = measure(values.data(), values.size());
    if (spec.normalize == "minmax") map.shift = found.smallest, map.spread = found.largest - found.smallest;
    else if (spec.normalize != "none") map.shift = found.mean, map.spread = found.deviation;
    if (spec.normalize != "none") map.spread = std::max(map.spread, smallest_spread);
  }
  float outside = map(background.value);
  for (float& v : voxels) v = std::isfinite(v) ? map(v) : outside;
  return outside;
}

}  // namespace tomograd
