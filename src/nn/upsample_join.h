// Private to the engine rooms
// Linear up-sampling by two, cut at the end, and joined to the channels of a skip branch, written once, in one node of the
// autograd graph (kernels/upsample_linear.h). On the CPU, float32 and bfloat16; the result is channels-last.
#pragma once

#include <ATen/ATen.h>

#include "arch/graph.h"

namespace tomograd {

// Whether an up-sampling is one that the kernel knows: linear, by 2 along y and x, by 2 or 1 along z.
bool can_join(const Node& upsample);

// concat(skip, up-sampled deep) with the size of skip, [n][skip channels + deep channels][z][y][x]; both in the same number format.
at::Tensor upsample_join(const at::Tensor& skip, const at::Tensor& deep, bool planes);

}  // namespace tomograd
