#include "dataset/configure.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace tomograd {
namespace {

constexpr int64_t shortest_edge = 4;             // of the lowest feature map
constexpr double anisotropic = 3;                // ratio of spacings from which an axis counts as coarse
constexpr double reference_voxels = 5.6e8, reference_bytes = 8e9;
constexpr int64_t reference_batch = 2, smallest_batch = 2;
constexpr double largest_share = 0.05;           // of the cohort's voxels in a batch

double median_of(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  size_t half = values.size() / 2;
  return values.size() % 2 ? values[half] : (values[half - 1] + values[half]) / 2;
}

double tenth_percentile(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  double position = 0.1 * double(values.size() - 1);
  auto below = size_t(position);
  return below + 1 < values.size() ? values[below] + (values[below + 1] - values[below]) * (position - double(below)) : values[below];
}

std::vector<int64_t> channels_of(const Pooling& pooling) {
  std::vector<int64_t> channels;
  for (size_t level = 0; level <= pooling.strides.size(); ++level)
    channels.push_back(std::min<int64_t>(320, int64_t{32} << std::min<size_t>(level, 4)));
  return channels;
}

Extent padded(Extent size, Extent divisor) { return {round_up(size.z, divisor.z), round_up(size.y, divisor.y), round_up(size.x, divisor.x)}; }

}  // namespace

std::array<double, 3> target_spacing(const Fingerprint& fingerprint) {
  std::array<double, 3> spacing{}, size{};
  std::array<std::vector<double>, 3> spacings, sizes;
  for (size_t i = 0; i < fingerprint.cases.size(); ++i)
    for (int axis = 0; axis < 3; ++axis) {
      spacings[size_t(axis)].push_back(fingerprint.spacings[i][size_t(axis)]);
      sizes[size_t(axis)].push_back(double(fingerprint.sizes[i][axis]));
    }
  for (size_t axis = 0; axis < 3; ++axis) spacing[axis] = median_of(spacings[axis]), size[axis] = median_of(sizes[axis]);
  size_t worst = size_t(std::max_element(spacing.begin(), spacing.end()) - spacing.begin());
  double other_spacing = 0, other_size = INFINITY;
  for (size_t axis = 0; axis < 3; ++axis)
    if (axis != worst) other_spacing = std::max(other_spacing, spacing[axis]), other_size = std::min(other_size, size[axis]);
  if (spacing[worst] > anisotropic * other_spacing && size[worst] * anisotropic < other_size) {
    // Thick slices: resample to the better scans of the cohort, so that fine ones do not lose all they have.
    double finer = tenth_percentile(spacings[worst]);
    spacing[worst] = finer < other_spacing ? std::max(other_spacing, finer) + 1e-5 : finer;
  }
  return spacing;
}

Pooling pooling_for(const std::array<double, 3>& spacing, Extent patch) {
  Pooling result;
  auto now = spacing;
  Extent size = patch, kernel = cube(1);
  while (true) {
    double finest_valid = INFINITY, finest = *std::min_element(now.begin(), now.end());
    std::vector<int> axes;
    for (int axis = 0; axis < 3; ++axis)
      if (size[axis] >= 2 * shortest_edge) finest_valid = std::min(finest_valid, now[size_t(axis)]);
    for (int axis = 0; axis < 3; ++axis)
      if (size[axis] >= 2 * shortest_edge && now[size_t(axis)] / finest_valid < 2) axes.push_back(axis);
    if (axes.empty() || (axes.size() == 1 && size[axes[0]] < 3 * shortest_edge)) break;
    for (int axis = 0; axis < 3; ++axis)
      if (now[size_t(axis)] / finest < 2) kernel[axis] = 3;
    Extent stride = cube(1);
    for (int axis : axes) {
      stride[axis] = 2;
      result.divisor[axis] *= 2;
      now[size_t(axis)] *= 2;
      size[axis] = ceil_div(size[axis], 2);
    }
    result.strides.push_back(stride);
    result.kernels.push_back(kernel);
  }
  result.kernels.push_back(cube(3));
  return result;
}

int64_t feature_map_voxels(Extent patch, const Pooling& pooling, const std::vector<int64_t>& channels, int64_t classes) {
  int64_t total = 0;
  Extent size = patch;
  for (size_t level = 0; level < channels.size(); ++level) {
    total += 2 * channels[level] * size.voxels();                          // encoder
    if (level + 1 < channels.size()) {
      total += (3 * channels[level] + classes) * size.voxels();            // up-sampling, two convolutions, segmentation
      Extent stride = pooling.strides[level];
      size = {ceil_div(size.z, stride.z), ceil_div(size.y, stride.y), ceil_div(size.x, stride.x)};
    }
  }
  return total;
}

Configuration configure(const Fingerprint& fingerprint, int64_t memory_bytes) {
  if (fingerprint.cases.empty()) fail_input("the fingerprint has no case");
  if (memory_bytes <= 0) fail_input(text("memory is ", memory_bytes, " bytes, expected more than 0"));
  Configuration result;
  result.spacing = target_spacing(fingerprint);
  std::array<std::vector<double>, 3> sizes;
  double voxels = 0;
  for (size_t i = 0; i < fingerprint.cases.size(); ++i) {
    double product = 1;
    for (int axis = 0; axis < 3; ++axis) {
      double size = std::max(
          1.0, std::nearbyint(double(fingerprint.sizes[i][axis]) * fingerprint.spacings[i][size_t(axis)] / result.spacing[size_t(axis)]));
      sizes[size_t(axis)].push_back(size);
      product *= size;
    }
    voxels += product;
  }
  Extent patch;
  double density = 1 / (result.spacing[0] * result.spacing[1] * result.spacing[2]);
  for (int axis = 0; axis < 3; ++axis) {
    result.median_size[axis] = int64_t(std::nearbyint(median_of(sizes[size_t(axis)])));
    double wanted = std::nearbyint(256 / result.spacing[size_t(axis)] / std::cbrt(density));
    patch[axis] = std::max<int64_t>(1, std::min(result.median_size[axis], int64_t(wanted)));
  }

  double reference = reference_voxels * double(memory_bytes) / reference_bytes;
  auto classes = int64_t(fingerprint.classes.size());
  auto fit = [&] {
    result.pooling = pooling_for(result.spacing, patch);
    patch = padded(patch, result.pooling.divisor);
    result.channels = channels_of(result.pooling);
    return double(feature_map_voxels(patch, result.pooling, result.channels, classes));
  };
  double estimate = fit();
  while (estimate > reference) {
    int axis = -1;
    double most = 0;
    for (int candidate = 0; candidate < 3; ++candidate) {
      double ratio = double(patch[candidate]) / double(result.median_size[candidate]);
      if (patch[candidate] - result.pooling.divisor[candidate] >= shortest_edge && ratio >= most) axis = candidate, most = ratio;
    }
    if (axis < 0) break;  // nothing smaller is a U-Net; the smallest batch has to do
    // A step of the old divisor may lie between multiples of the new one: step by what the smaller patch needs.
    Extent smaller = patch;
    smaller[axis] -= result.pooling.divisor[axis];
    Extent divisor = pooling_for(result.spacing, smaller).divisor;
    int64_t before = patch[axis];
    patch[axis] -= divisor[axis];
    estimate = fit();
    if (patch[axis] < before) continue;
    patch = smaller;  // padding undid the step
    estimate = fit();
  }
  result.patch = patch;
  auto batch = int64_t(std::nearbyint(reference / estimate * double(reference_batch)));
  auto covered = int64_t(std::nearbyint(voxels * largest_share / double(patch.voxels())));
  result.batch = std::max(std::min(batch, covered), smallest_batch);
  return result;
}

}  // namespace tomograd
