#include "evaluation/surface.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "base/error.h"
#include "base/memory.h"
#include "kernels/distance_transform.h"

namespace tomograd {
namespace {

// Everything happens inside the smallest box around both masks: no surface voxel and no nearest point lies outside it.
struct Bounds {
  Extent low{std::numeric_limits<int64_t>::max(), std::numeric_limits<int64_t>::max(), std::numeric_limits<int64_t>::max()}, high{-1, -1, -1};
  void add(const uint8_t* mask, Extent size) {
    for (int64_t z = 0; z < size.z; ++z)
      for (int64_t y = 0; y < size.y; ++y) {
        const uint8_t* row = mask + (z * size.y + y) * size.x;
        const uint8_t* first = std::find_if(row, row + size.x, [](uint8_t v) { return v != 0; });
        if (first == row + size.x) continue;
        const uint8_t* last = row + size.x - 1;
        while (!*last) --last;
        low = {std::min(low.z, z), std::min(low.y, y), std::min(low.x, int64_t(first - row))};
        high = {std::max(high.z, z), std::max(high.y, y), std::max(high.x, int64_t(last - row))};
      }
  }
  bool empty() const { return high.z < 0; }
  Box box() const { return {low, high - low + cube(1)}; }
};

Buffer<uint8_t> surface_in(const uint8_t* mask, Extent size, const Box& box) {
  Buffer<uint8_t> surface(box.size.voxels());
  int64_t row = size.x, plane = size.y * size.x, at = 0;
  for (int64_t z = box.begin.z; z < box.end().z; ++z)
    for (int64_t y = box.begin.y; y < box.end().y; ++y)
      for (int64_t x = box.begin.x; x < box.end().x; ++x) {
        const uint8_t* v = mask + z * plane + y * row + x;
        bool inside = z > 0 && z + 1 < size.z && y > 0 && y + 1 < size.y && x > 0 && x + 1 < size.x &&
                      v[-1] && v[1] && v[-row] && v[row] && v[-plane] && v[plane];
        surface[at++] = *v && !inside;
      }
  return surface;
}

std::vector<double> distances(const Buffer<uint8_t>& from, const Buffer<double>& squared) {
  std::vector<double> result;
  for (int64_t i = 0; i < from.size(); ++i)
    if (from[i]) result.push_back(std::sqrt(squared[i]));
  return result;
}

// Linear interpolation between the order statistics around share * (n - 1), as numpy's and torch's default.
double percentile(std::vector<double>& values, double share) {
  double at = share * double(values.size() - 1);
  size_t below = size_t(at);
  std::nth_element(values.begin(), values.begin() + std::ptrdiff_t(below), values.end());
  double low = values[below];
  if (below + 1 == values.size()) return low;
  double high = *std::min_element(values.begin() + std::ptrdiff_t(below) + 1, values.end());
  return low + (high - low) * (at - double(below));
}

}  // namespace

SurfaceDistances surface_distances(const uint8_t* a, const uint8_t* b, Extent size, const std::array<double, 3>& spacing_zyx) {
  for (int axis = 0; axis < 3; ++axis)
    if (!(spacing_zyx[size_t(axis)] > 0)) fail_input(text("voxel spacing along ", "zyx"[axis], " is ", spacing_zyx[size_t(axis)], " mm, must be above 0"));
  Bounds of_a, of_b;
  of_a.add(a, size);
  of_b.add(b, size);
  if (of_a.empty() || of_b.empty()) {
    double v = of_a.empty() && of_b.empty() ? std::numeric_limits<double>::quiet_NaN() : std::numeric_limits<double>::infinity();
    return {v, v, v};
  }
  Bounds both = of_a;
  both.low = {std::min(of_a.low.z, of_b.low.z), std::min(of_a.low.y, of_b.low.y), std::min(of_a.low.x, of_b.low.x)};
  both.high = {std::max(of_a.high.z, of_b.high.z), std::max(of_a.high.y, of_b.high.y), std::max(of_a.high.x, of_b.high.x)};

  Buffer<uint8_t> surface_a = surface_in(a, size, both.box()), surface_b = surface_in(b, size, both.box());
  Buffer<double> squared(both.box().size.voxels());
  squared_distance_transform(surface_b.data(), both.box().size, spacing_zyx, squared.data());
  std::vector<double> a_to_b = distances(surface_a, squared);
  squared_distance_transform(surface_a.data(), both.box().size, spacing_zyx, squared.data());
  std::vector<double> b_to_a = distances(surface_b, squared);

  SurfaceDistances result;
  double sum = 0;
  for (double d : a_to_b) sum += d, result.hd = std::max(result.hd, d);
  for (double d : b_to_a) sum += d, result.hd = std::max(result.hd, d);
  result.assd = sum / double(a_to_b.size() + b_to_a.size());
  result.hd95 = std::max(percentile(a_to_b, 0.95), percentile(b_to_a, 0.95));
  return result;
}

}  // namespace tomograd
