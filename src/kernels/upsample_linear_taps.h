// Private to kernels: which voxels meet along one axis of n voxels doubled to `to`.
#pragma once

#include <algorithm>
#include <cstdint>

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

}  // namespace tomograd
