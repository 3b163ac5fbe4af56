// How the scanner saw the volume: thick slices, each a weighted mean of the thin ones. y = A x along one axis, the other axes untouched.
// Denoising and inpainting have factor 1, where A is the identity.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "volume/geometry.h"

namespace tomograd {

struct SliceProfile {
  int axis = 0;                                  // 0 = z, 1 = y, 2 = x
  int64_t factor = 1, first = 0;                 // slice j of y is sum_k weights[k] x[factor j + first + k], edges repeated
  std::vector<float> weights{1};
  bool is_identity() const { return factor == 1; }
  Extent seen(Extent thin) const;                // size of y; thin[axis] must be a multiple of factor
};

// box: the mean of `factor` slices. lanczos: Lanczos-2 as in Ulyanov's code with phase 1/2: sin(pi t) sin(pi t/2) / (pi^2 t^2 / 2) at t = d/factor,
// d = distance in thin slices to the middle of the thick one, |t| < 2, weights normalised to sum 1.
SliceProfile slice_profile(const std::string& name, int64_t factor, int axis);

// The grid of thin slices under one of thick slices: thick slice j is centred on thin slice factor j + (factor - 1)/2.
Geometry thin_grid(const Geometry& thick, int64_t factor, int axis);
int thickest_axis(const Geometry& geometry);     // of the largest spacing, the first of equals

void apply(const SliceProfile& profile, Extent thin, const float* x, float* y);
void apply_transposed(const SliceProfile& profile, Extent thin, const float* y, float* x);  // overwrites x

// The volume nearest to x (in squares) that the scanner would see as y: x + A^T (A A^T)^-1 (y - A x), by conjugate gradients, which need one step for
// a box (A A^T is a multiple of the identity) and few for other profiles.
void project(const SliceProfile& profile, Extent thin, const float* y, float* x);

}  // namespace tomograd
