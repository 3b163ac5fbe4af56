// Private to kernels: which voxels meet along one axis of n voxels doubled to `to`. Up-sampling and its transpose are both sums over
// such taps along three axes and differ in which of the two images is read.
#pragma once

#include <algorithm>
#include <cstdint>

#include "kernels/upsample_linear.h"

namespace tomograd {

struct Tap { int64_t place = 0; float weight = 0; };
struct Taps {
  Tap tap[4];
  int count = 0;
  void add(int64_t place, float weight) {
    for (int k = 0; k < count; ++k)
      if (tap[k].place == place) {
        tap[k].weight += weight;
        return;
      }
    tap[count++] = {place, weight};
  }
};

// Source voxels of voxel o of the result.
inline Taps sources_of(int64_t o, int64_t n, bool doubled) {
  Taps taps;
  if (!doubled) return taps.add(o, 1), taps;
  int64_t i = o / 2, other = o % 2 == 0 ? i - 1 : i + 1;
  taps.add(i, 0.75f);
  taps.add(std::clamp<int64_t>(other, 0, n - 1), 0.25f);
  return taps;
}

// Voxels of the result that source voxel i went into.
inline Taps results_of(int64_t i, int64_t n, int64_t to, bool doubled) {
  Taps taps;
  if (!doubled) return taps.add(i, 1), taps;
  for (int64_t o = std::max<int64_t>(0, 2 * i - 1); o <= std::min(to - 1, 2 * i + 2); ++o) {
    Taps from = sources_of(o, n, true);
    for (int k = 0; k < from.count; ++k)
      if (from.tap[k].place == i) taps.add(o, from.tap[k].weight);
  }
  return taps;
}

// One plane of such a sum: what is read, what is written, voxels of `from_pitch` and `to_pitch` values.
struct TapPlane {
  Extent from;
  int64_t from_pitch = 0, to_y = 0, to_x = 0, to_pitch = 0, channels = 0;
  Taps along_z;
  Taps (*along)(const UpsampleShape& shape, int axis, int64_t place) = nullptr;  // along y (1) and x (2)
};

inline TapPlane plane_of_result(const UpsampleShape& s, int64_t z) {
  return {s.from, s.channels, s.to.y, s.to.x, s.pitch, s.channels, sources_of(z, s.from.z, !s.planes),
          [](const UpsampleShape& shape, int axis, int64_t o) { return sources_of(o, shape.from[axis], true); }};
}

inline TapPlane plane_of_source(const UpsampleShape& s, int64_t z) {
  return {s.to, s.pitch, s.from.y, s.from.x, s.channels, s.channels, results_of(z, s.from.z, s.to.z, !s.planes),
          [](const UpsampleShape& shape, int axis, int64_t i) { return results_of(i, shape.from[axis], shape.to[axis], true); }};
}

}  // namespace tomograd
