// Moving voxels to another axis order: every output voxel is fetched by strides over the input.
#include "volume/volume.h"

#include <algorithm>

#include "base/error.h"

namespace tomograd {

template <class T>
Buffer<T> reorient_voxels(const Buffer<T>& voxels, Extent size, const Reorientation& r) {
  if (voxels.size() != size.voxels()) fail_failure(text("a volume of ", to_string(size), " was given with ", voxels.size(), " voxels"));
  int64_t strides[3] = {size.y * size.x, size.x, 1};
  Extent out;
  int64_t step[3], start = 0;
  for (int axis = 0; axis < 3; ++axis) {
    int from = r.from_axis[axis];
    out[axis] = size[from];
    step[axis] = r.flipped[axis] ? -strides[from] : strides[from];
    if (r.flipped[axis]) start += strides[from] * (size[from] - 1);
  }
  Buffer<T> result(voxels.size());
  T* to = result.data();
  const T* from = voxels.data();
  // Squares of y and x, so that rows fetched across the input's lines find them still in cache.
  constexpr int64_t square = 32;
  for (int64_t z = 0; z < out.z; ++z)
    for (int64_t y0 = 0; y0 < out.y; y0 += square)
      for (int64_t x0 = 0; x0 < out.x; x0 += square)
        for (int64_t y = y0; y < std::min(out.y, y0 + square); ++y) {
          int64_t base = start + z * step[0] + y * step[1];
          T* row = to + (z * out.y + y) * out.x;
          for (int64_t x = x0; x < std::min(out.x, x0 + square); ++x) row[x] = from[base + x * step[2]];
        }
  return result;
}

template Buffer<float> reorient_voxels(const Buffer<float>&, Extent, const Reorientation&);
template Buffer<uint16_t> reorient_voxels(const Buffer<uint16_t>&, Extent, const Reorientation&);
template Buffer<uint8_t> reorient_voxels(const Buffer<uint8_t>&, Extent, const Reorientation&);

}  // namespace tomograd
