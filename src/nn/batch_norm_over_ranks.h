// Private to the engine rooms
// Batch norm of a batch whose rows lie with several ranks (nn/batch_share.h): statistics over all of them, forward and backward
// ("synchronised batch norm"; Zhang et al. 2018, "Context encoding for semantic segmentation", section 3.2).
#pragma once

#include <ATen/ATen.h>

#include "nn/batch_share.h"

namespace tomograd {

struct BatchStatistics {
  at::Tensor mean, variance;                     // of every channel, biased; float64
  double values = 0;                             // per channel, of all ranks
};

// (x - mean) / sqrt(variance + epsilon) * weight + bias for x [n][channel][z][y][x] in float32 or float64; weight and bias may be
// undefined. Sums over ranks in float64: two vectors forward and two backward, one message each.
at::Tensor batch_norm_over_ranks(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias, double epsilon, const BatchShare& share, BatchStatistics* found);

}  // namespace tomograd
