// Private to the engine rooms
// Normalisation over tensors [n][channel][z][y][x]; statistics always in float32 (float64 for float64 tensors), the result
// in the format of `x`.
#pragma once

#include <ATen/ATen.h>

#include "arch/graph.h"
#include "nn/batch_share.h"

namespace tomograd {

struct NormTensors {
  at::Tensor weight, bias;                       // affine part; may be undefined
  at::Tensor running_mean, running_var;          // batch norm's inference statistics; DeepMedic's: rings of [60][channel]
  at::Tensor ring_position;                      // DeepMedic: the row that the next batch fills, [1] int64
};

// Batch norm in training updates the running statistics in place (momentum 0.1, unbiased variance, as libtorch does; with a
// ring, inference uses the mean over the last 60 batches of their mean and biased variance, starting from 0 and 1).
// Of a split batch the statistics are those of all its rows (nn/batch_norm_over_ranks.h).
at::Tensor normalize(const Node& node, const at::Tensor& x, const NormTensors& tensors, bool training, const BatchShare& share = {});

}  // namespace tomograd
