#include "volume/block_store_pyramid.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "volume/voxel_conversion.h"

namespace tomograd {
namespace {

template <class T>
T mean_of(const T* values, int count) {
  double sum = 0;
  for (int i = 0; i < count; ++i) sum += double(values[i]);
  if constexpr (std::is_floating_point_v<T>) return T(sum / count);
  else return T(std::nearbyint(sum / count));
}

template <class T>
T majority_of(const T* values, int count) {
  T best = values[0];
  for (int i = 0, most = 0; i < count && 2 * most <= count; ++i) {
    int alike = 0;
    for (int k = 0; k < count; ++k) alike += values[k] == values[i];
    if (alike > most || (alike == most && values[i] < best)) most = alike, best = values[i];
  }
  return best;
}

template <class T>
void halve_row(bool majority, const T* a, const T* b, int64_t y, int64_t size_y, int64_t size_x, int64_t fy, int64_t fx, T* out) {
  int64_t rows = std::min(fy, size_y - y * fy), width = ceil_div(size_x, fx);
  for (int64_t x = 0; x < width; ++x) {
    T values[8];
    int count = 0;
    for (const T* plane : {a, b})
      for (int64_t r = 0; plane && r < rows; ++r)
        for (int64_t c = x * fx; c < std::min(size_x, (x + 1) * fx); ++c) values[count++] = plane[(y * fy + r) * size_x + c];
    out[y * width + x] = majority ? majority_of(values, count) : mean_of(values, count);
  }
}

}  // namespace

void halve_planes(VoxelType type, bool majority, const void* a, const void* b, int64_t size_y, int64_t size_x, int64_t factor_y, int64_t factor_x, void* into, ThreadPool& pool) {
  constexpr int64_t rows_at_once = 32;
  int64_t rows = ceil_div(size_y, factor_y);
  with_voxel_type(type, [&](auto v) {
    using T = decltype(v);
    pool.for_each(ceil_div(rows, rows_at_once), [&](int64_t strip) {
      for (int64_t y = strip * rows_at_once; y < std::min(rows, (strip + 1) * rows_at_once); ++y)
        halve_row(majority, static_cast<const T*>(a), static_cast<const T*>(b), y, size_y, size_x, factor_y, factor_x, static_cast<T*>(into));
    });
  });
}

std::vector<PyramidLevel> pyramid_levels(Extent size, const std::array<double, 3>& spacing, Extent block, int64_t most) {
  std::vector<PyramidLevel> levels{{size, {1, 1, 1}}};
  std::array<double, 3> now = spacing;
  constexpr int64_t enough = 20;
  int64_t limit = most > 0 ? std::min(most, enough) : enough;
  while (int64_t(levels.size()) < limit && (most > 0 || !fits_inside(levels.back().size, block))) {
    double finest = std::numeric_limits<double>::infinity();
    for (int axis = 0; axis < 3; ++axis)
      if (levels.back().size[axis] > 1) finest = std::min(finest, now[size_t(axis)]);
    PyramidLevel next{levels.back().size, {1, 1, 1}};
    for (int axis = 0; axis < 3; ++axis)
      if (next.size[axis] > 1 && now[size_t(axis)] < 2 * finest) next.factor[axis] = 2, next.size[axis] = ceil_div(next.size[axis], 2), now[size_t(axis)] *= 2;
    if (next.size == levels.back().size) break;
    levels.push_back(next);
  }
  return levels;
}

}  // namespace tomograd
