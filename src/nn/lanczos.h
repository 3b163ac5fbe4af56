// Private to the engine rooms
#pragma once

#include <ATen/ATen.h>

#include "arch/graph.h"

namespace tomograd {

// Down-sampling of every channel of [n][channel][z][y][x] by the node's factors with the Lanczos filter (arch/lanczos.h), edges
// repeated. Computed in float32 (float64 for float64 tensors), the result in the format of `x`; nothing is kept for the backward pass.
at::Tensor lanczos(const Node& node, const at::Tensor& x);

}  // namespace tomograd
