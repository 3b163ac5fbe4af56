// Up-sampling by two along every axis (or y and x alone) by linear interpolation with half-voxel centres and repeated edges:
//   y[2i] = 3/4 x[i] + 1/4 x[i-1],  y[2i+1] = 3/4 x[i] + 1/4 x[i+1],
// separable, and its transpose. Channels-last: [z][y][x][channel]; the result may stand inside the voxels of a wider image (where
// up-sampled channels are joined to others), and may end before its last voxel along an axis. float or bfloat16 (as uint16_t;
// rounding to nearest even) in memory, float arithmetic.
#pragma once

#include <cstdint>

#include "base/extent.h"

namespace tomograd {

struct UpsampleShape {
  Extent from;                                   // of x
  Extent to;                                     // of y: 2n or 2n - 1 along each axis; n along z where `planes`
  int64_t channels = 0;
  int64_t pitch = 0;                             // values from one voxel of y to the next, >= channels
  bool planes = false;                           // z is not doubled
};

template <class T>
struct UpsampleKernels {
  // Plane z of y, whose first voxel's first channel is *y. `row`: scratch of from.x * channels floats.
  void (*forward)(const UpsampleShape& shape, const T* x, int64_t z, float* row, T* y);
  // Plane z of dx from all of g = d loss / dy. `row`: scratch of to.x * channels floats.
  void (*backward)(const UpsampleShape& shape, const T* g, int64_t z, float* row, T* dx);
};

// The best of this processor (or the forced one, cpu_isa.h); reference: the obvious loops.
template <class T> const UpsampleKernels<T>& upsample_kernels();
template <class T> const UpsampleKernels<T>& upsample_reference();
template <> const UpsampleKernels<float>& upsample_kernels<float>();
template <> const UpsampleKernels<uint16_t>& upsample_kernels<uint16_t>();
template <> const UpsampleKernels<float>& upsample_reference<float>();
template <> const UpsampleKernels<uint16_t>& upsample_reference<uint16_t>();

}  // namespace tomograd
