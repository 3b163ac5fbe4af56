// Which outputs read a voxel: the adjoint of the border rule along one axis. Output v reads voxel rule(v + (k - 1) d) through tap k;
// inside the volume that is one output per tap, near reflecting faces several.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "kernels/msd_conv.h"

namespace tomograd {

struct AxisAdjoint {
  struct Fold { int64_t voxel, output; };        // pairs that only the reflection makes
  int64_t n = 0, dilation = 0;
  std::array<std::vector<Fold>, 3> folds;        // by tap, voxels ascending

  AxisAdjoint(int64_t size, int64_t d, bool reflect) : n(size), dilation(d) {
    for (int64_t k = 0; k < 3; ++k) {
      auto& all = folds[size_t(k)];
      for (int64_t v = 0; reflect && v < n; ++v)
        if (int64_t at = v + (k - 1) * d; at < 0 || at >= n) all.push_back({reflected(at, n), v});
      std::stable_sort(all.begin(), all.end(), [](const Fold& a, const Fold& b) { return a.voxel < b.voxel; });
      auto& first = first_[size_t(k)];
      first.assign(size_t(n) + 1, 0);
      for (const Fold& fold : all) ++first[size_t(fold.voxel) + 1];
      for (int64_t v = 0; v < n; ++v) first[size_t(v) + 1] += first[size_t(v)];
    }
  }
  // Calls use(v) for every output v that reads `voxel` through tap k.
  template <class Use>
  void outputs(int64_t k, int64_t voxel, Use&& use) const {
    int64_t v = voxel - (k - 1) * dilation;
    if (v >= 0 && v < n) use(v);
    for (int64_t i = first_[size_t(k)][size_t(voxel)]; i < first_[size_t(k)][size_t(voxel) + 1]; ++i) use(folds[size_t(k)][size_t(i)].output);
  }

 private:
  std::array<std::vector<int64_t>, 3> first_;    // of each voxel's folds
};

}  // namespace tomograd
