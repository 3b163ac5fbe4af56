// Private to the engine rooms
// The loss of one head, with its gradient by hand: everything comes from p = softmax(logits) in two sweeps over the voxels.
#pragma once

#include <ATen/ATen.h>

#include "nn/loss.h"

namespace tomograd {

// logits [n][class][z][y][x] float32 or float64, labels [n][z][y][x] of the same size. A scalar of the logits' type.
at::Tensor head_loss(const LossSpec& spec, const at::Tensor& logits, const at::Tensor& labels, LossParts* parts, const BatchShare& share = {});

}  // namespace tomograd
