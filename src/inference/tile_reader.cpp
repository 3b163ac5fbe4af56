#include "inference/tile_reader.h"

#include <algorithm>

namespace tomograd {
namespace {

void copy_row(const float* row, int64_t row_size, float outside, int64_t begin, int64_t size, bool mirrored, int64_t channels, float* into) {
  int64_t step = mirrored ? -channels : channels;
  float* to = mirrored ? into + (size - 1) * channels : into;
  int64_t low = row ? std::clamp<int64_t>(-begin, 0, size) : size, high = row ? std::clamp<int64_t>(row_size - begin, low, size) : size;
  for (int64_t i = 0; i < low; ++i) to[i * step] = outside;
  for (int64_t i = low; i < high; ++i) to[i * step] = row[begin + i];
  for (int64_t i = high; i < size; ++i) to[i * step] = outside;
}

}  // namespace

void read_tile_rows(const PreparedCase& prepared, const Box& box, const std::array<bool, 3>& mirrored, int64_t first, int64_t last, float* tile) {
  Extent volume = prepared.geometry.size;
  int64_t channels = int64_t(prepared.images.size());
  for (int64_t index = first; index < last; ++index) {
    int64_t iz = index / box.size.y, iy = index % box.size.y;
    int64_t z = box.begin.z + (mirrored[0] ? box.size.z - 1 - iz : iz), y = box.begin.y + (mirrored[1] ? box.size.y - 1 - iy : iy);
    bool inside = z >= 0 && z < volume.z && y >= 0 && y < volume.y;
    for (int64_t c = 0; c < channels; ++c) {
      const float* row = inside ? prepared.images[size_t(c)].data() + (z * volume.y + y) * volume.x : nullptr;
      copy_row(row, volume.x, prepared.outside[size_t(c)], box.begin.x, box.size.x, mirrored[2], channels, tile + index * box.size.x * channels + c);
    }
  }
}

}  // namespace tomograd
