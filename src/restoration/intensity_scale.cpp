#include "restoration/intensity_scale.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/error.h"
#include "base/extent.h"

namespace tomograd {
namespace {

constexpr int64_t most_samples = 2'000'000;      // for the quantiles; of more voxels every n-th
constexpr double outlier_share = 0.001, room_beyond = 0.1;

float order_statistic(std::vector<float>& samples, double share) {
  auto place = samples.begin() + std::lround(share * double(samples.size() - 1));
  std::nth_element(samples.begin(), place, samples.end());
  return *place;
}

}  // namespace

IntensityScale intensity_scale(const Buffer<float>& voxels, const Buffer<uint8_t>& known, bool from_zero) {
  int64_t stride = ceil_div(std::max<int64_t>(1, voxels.size()), most_samples), bad = 0, count = 0;
  float smallest = 0, largest = 0;
  std::vector<float> samples;
  for (int64_t i = 0; i < voxels.size(); ++i) {
    if (!known.empty() && !known[i]) continue;
    float value = voxels[i];
    if (!std::isfinite(value)) {
      ++bad;
      continue;
    }
    if (count == 0) smallest = largest = value;
    smallest = std::min(smallest, value), largest = std::max(largest, value);
    if (count++ % stride == 0) samples.push_back(value);
  }
  if (bad > 0) fail_input(text(bad, " voxels are not finite numbers (NaN or infinity)"), "`tomograd inpaint` fills them where its --mask covers them");
  if (count == 0) fail_input("no voxel is known");
  if (smallest == largest) fail_input(text("all known voxels have the value ", smallest, "; there is nothing to restore"));
  if (from_zero && smallest < 0) fail_input(text("the smallest voxel is ", smallest, ", but magnitudes, which have Rician noise, are never negative"), "use --noise gaussian");
  float low = order_statistic(samples, outlier_share), high = order_statistic(samples, 1 - outlier_share);
  double room = room_beyond * (double(high) - double(low));
  IntensityScale scale{std::max(double(smallest), low - room), std::min(double(largest), high + room)};
  if (high <= low) scale = {smallest, largest};  // nearly all voxels are equal: the few others are what there is to see
  if (from_zero) scale.low = 0;
  return scale;
}

}  // namespace tomograd
