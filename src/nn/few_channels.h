// Private to the engine rooms
// Convolutions with few channels in float32 on the CPU, where libraries leave most of a vector empty: 3x3x3 between at most 8
// channels (kernels/few_channel_conv.h), and the transposed 3x3x3 of stride 2 to at most 8 channels as one matrix product
// whose columns are gathered by parity. Both make planar tensors.
#pragma once

#include <ATen/ATen.h>

#include "arch/graph.h"

namespace tomograd {

bool few_channels_fit(const Node& conv, int64_t in_channels);
at::Tensor few_channel_convolve(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias);

bool few_outputs_fit(const Node& transposed_conv);
at::Tensor few_output_convolve_transposed(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias);

}  // namespace tomograd
