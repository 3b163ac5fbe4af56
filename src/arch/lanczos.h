// Lanczos's filter for making an image `factor` times coarser, as the deep image prior's code samples it (its get_kernel with phase 0.5).
#pragma once

#include <cstdint>
#include <vector>

namespace tomograd {

// Voxel i of the result is the sum of taps[t] * x[factor i - before + t], with the edge voxels of x repeated outside; `after` =
// taps - 1 - before voxels beyond the last are enough for ceil(n / factor) of them.
struct LanczosFilter {
  std::vector<double> taps;
  int64_t before = 0, after = 0;
};

// lobes sin(pi t) sin(pi t / lobes) / (pi t)^2, 1 at t = 0, 0 from |t| = lobes on.
double lanczos_kernel(double t, int64_t lobes);

// The middle of voxel i lies halfway between the input's voxels, in the middle of the `factor` that it stands for. There are
// 2 a f taps (a = `lobes`, f = `factor`), at x = (t + 1/2) / f - a, of value a sin(pi x) sin(pi x / a) / (pi x)^2, divided by
// their sum. Factor 1: one tap, the voxel itself. The filter of more axes is the product of theirs.
LanczosFilter lanczos_filter(int64_t lobes, int64_t factor);

}  // namespace tomograd
