// What the fit minimises: how far the network's output, seen as the scanner sees it, is from the observed voxels.
//   gaussian  (x - m)^2, least squares (Ulyanov's).
//   rician    -2 sigma^2 log p(m | x) of the exact Rician likelihood, (x - m)^2 - 2 sigma^2 [log I0(z) - z] with z = x m / sigma^2, whose
//             derivative is 2 (x - m I1(z)/I0(z)): least squares to a measurement that is corrected for its bias by what is there. We prefer it
//             to moments (x^2 + 2 sigma^2 against m^2) because those weigh bright voxels by their intensity, and it costs two polynomials.
#pragma once

#include <cstdint>

#include "base/memory.h"

namespace tomograd {

enum class VoxelUse : uint8_t { missing = 0, fitted = 1, held_out = 2 };

struct DataTerm {
  bool rician = false;
  double sigma = 0;                              // rician, in the unit scale
};

struct DataErrors {
  double squared = 0, loss = 0, held_out = 0;    // mean of (x - m)^2 and mean loss over fitted voxels; mean loss over held-out ones
  int64_t fitted = 0, held_out_voxels = 0;
};

// One pass over n voxels. `use` may be null: all are fitted. `gradient` (may be null, may be `seen`) gets the derivative of the mean loss over the
// fitted voxels, 0 elsewhere. Sums do not depend on the number of threads.
DataErrors data_errors(const DataTerm& term, const float* seen, const float* observed, const uint8_t* use, int64_t n, int64_t fitted, float* gradient);

// Which voxels the fit uses: all of `known` (empty = all) but a share that is held out, drawn by f(seed, voxel). `held_out` = 0: none.
Buffer<uint8_t> voxel_uses(const Buffer<uint8_t>& known, int64_t n, double held_out, uint64_t seed);
int64_t count_fitted(const uint8_t* use, int64_t n);

}  // namespace tomograd
