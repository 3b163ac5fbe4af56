// Private to the engine rooms
// Instance norm, activation and residual in one node of the autograd graph, over the sweeps of kernels/norm_act.h. On the
// CPU, for float32 and bfloat16; statistics in float32, sums of sums in float64.
#pragma once

#include <ATen/ATen.h>

#include "arch/graph.h"

namespace tomograd {

// Whether the sweeps can do this: instance norm and a piecewise linear activation (may be null).
bool can_fuse(const Node& norm, const Node* activation);

// act(norm(x)) + residual. `weight`, `bias`: affine part of the norm, `slope`: of PReLU, `residual`; each may be undefined.
// `idle_bias`: a bias that the norm's mean cancels, so it is not added and its gradient is 0; may be undefined.
at::Tensor norm_act(const Node& norm, const Node* activation, const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                    const at::Tensor& slope, const at::Tensor& residual, const at::Tensor& idle_bias);

}  // namespace tomograd
