#include "restoration/prior_tiles.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace tomograd {
namespace {

PriorAxis tiles_of_axis(int64_t size, int64_t tile, double overlap, int64_t step) {
  PriorAxis axis;
  int64_t shared = std::min(tile - step, int64_t(std::ceil(overlap * double(tile) / double(step))) * step);
  int64_t count = tile >= size ? 1 : ceil_div(size - shared, tile - shared);
  for (int64_t k = 0; k < count; ++k) axis.starts.push_back(count == 1 ? 0 : (size - tile) * k / (count - 1) / step * step);
  std::vector<double> sum(size_t(size), 0.0);
  std::vector<std::vector<double>> raw;
  for (size_t k = 0; k < axis.starts.size(); ++k) {
    int64_t before = k == 0 ? 0 : axis.starts[k - 1] + tile - axis.starts[k], after = k + 1 == axis.starts.size() ? 0 : axis.starts[k] + tile - axis.starts[k + 1];
    raw.emplace_back();
    for (int64_t i = 0; i < tile; ++i) {
      double weight = 1;
      if (i < before) weight = std::min(weight, (double(i) + 0.5) / double(before));
      if (tile - 1 - i < after) weight = std::min(weight, (double(tile - 1 - i) + 0.5) / double(after));
      raw.back().push_back(weight);
      sum[size_t(axis.starts[k] + i)] += weight;
    }
  }
  for (size_t k = 0; k < axis.starts.size(); ++k) {
    axis.weights.emplace_back();
    for (int64_t i = 0; i < tile; ++i) axis.weights.back().push_back(float(raw[k][size_t(i)] / sum[size_t(axis.starts[k] + i)]));
  }
  return axis;
}

}  // namespace

Box PriorTiles::box(int64_t index) const {
  int64_t ny = int64_t(axis[1].starts.size()), nx = int64_t(axis[2].starts.size());
  return {{axis[0].starts[size_t(index / (ny * nx))], axis[1].starts[size_t(index / nx % ny)], axis[2].starts[size_t(index % nx)]}, tile};
}

void PriorTiles::add(int64_t index, const float* values, float* into) const {
  int64_t ny = int64_t(axis[1].starts.size()), nx = int64_t(axis[2].starts.size());
  const auto &wz = axis[0].weights[size_t(index / (ny * nx))], &wy = axis[1].weights[size_t(index / nx % ny)], &wx = axis[2].weights[size_t(index % nx)];
  Extent begin = box(index).begin;
  for (int64_t z = 0; z < tile.z; ++z)
    for (int64_t y = 0; y < tile.y; ++y) {
      const float* from = values + (z * tile.y + y) * tile.x;
      float *to = into + ((begin.z + z) * volume.y + begin.y + y) * volume.x + begin.x, weight = wz[size_t(z)] * wy[size_t(y)];
      for (int64_t x = 0; x < tile.x; ++x) to[x] += weight * wx[size_t(x)] * from[x];
    }
}

PriorTiles prior_tiles(Extent volume, Extent wanted, double overlap, Extent step) {
  PriorTiles tiles;
  tiles.volume = volume;
  for (int a = 0; a < 3; ++a) {
    if (volume[a] % step[a] != 0) fail_failure(text("the volume has ", volume[a], " voxels along ", "zyx"[a], ", no multiple of ", step[a]));
    tiles.tile[a] = wanted[a] == 0 ? volume[a] : std::min(volume[a], round_up(wanted[a], step[a]));
    tiles.axis[a] = tiles_of_axis(volume[a], tiles.tile[a], overlap, step[a]);
  }
  return tiles;
}

}  // namespace tomograd
