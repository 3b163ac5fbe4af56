// Private to the engine rooms
// The operations of a graph over tensors [n][channel][z][y][x], each in plain libtorch calls that autograd follows.
#pragma once

#include <ATen/ATen.h>

#include <array>
#include <tuple>

#include "arch/graph.h"

namespace tomograd {

// Convolution and transposed convolution with the node's kernel, stride, dilation and padding. `weight` and `bias` (may be
// undefined) are in the format of `x`.
at::Tensor convolve(const Node& node, const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias);
at::Tensor convolve_transposed(const Node& node, const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias);

// The same in two parts: what is put around x, and the convolution of what then is left to libtorch.
struct ConvolutionCall {
  std::array<int64_t, 3> stride = {1, 1, 1}, padding = {0, 0, 0}, dilation = {1, 1, 1}, output_padding = {0, 0, 0};
  bool transposed = false;
};
ConvolutionCall call_of(const Node& node);
at::Tensor pad_for(const Node& node, const at::Tensor& x);
at::Tensor convolve_padded(const ConvolutionCall& call, const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias);
// Gradients of x (undefined unless into_x), weight and bias (undefined without one) of that, computed in the format of x.
std::tuple<at::Tensor, at::Tensor, at::Tensor> convolution_gradients(const ConvolutionCall& call, const at::Tensor& above, const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                                                                     bool into_x);

// Edge-repeating (half-sample symmetric) padding: -1 -> 0, n -> n-1; any width.
at::Tensor pad_mirrored(const at::Tensor& x, const Extent& before, const Extent& after);

at::Tensor activate(const Node& node, const at::Tensor& x, const at::Tensor& slope);
at::Tensor pool(const Node& node, const at::Tensor& x);
at::Tensor subsample(const Node& node, const at::Tensor& x);
// To `size`: nearest is repetition by the factor and then the first voxels; linear has half-voxel centres.
at::Tensor upsample(const Node& node, const at::Tensor& x, const Extent& size);
at::Tensor crop(const Node& node, const at::Tensor& x, const Extent& size);
at::Tensor add_bias(const at::Tensor& x, const at::Tensor& bias);
// The first plus the others; with pad_channels, channels that the others lack count as zeros and extra ones are dropped.
at::Tensor add_nodes(const Node& node, const std::vector<at::Tensor>& x);

// Dropout mask [n][channel][1][1][1] or [n][channel][z][y][x] of ones (kept) and zeros, f(seed, step, name). The rows of x are
// those of the batch from `first_row` on.
at::Tensor dropout_mask(const Node& node, const at::Tensor& x, uint64_t seed, int64_t step, int64_t first_row = 0);
at::Tensor drop_out(const Node& node, const at::Tensor& x, bool training, uint64_t seed, int64_t step, int64_t first_row = 0);

Extent spatial_size(const at::Tensor& x);
// Channels last in memory, as convolutions want it, and seen to be: with one channel both orders are the same, and libtorch would go on with the other.
at::Tensor channels_last(const at::Tensor& x);
bool sees_planes(const Node& conv);              // does not reach along z: every plane for itself
// oneDNN's weight gradient in bfloat16 reads what is not there when an axis is shorter (libtorch 2.13: random and infinite values, seen for 1 and 2
// voxels), so such small convolutions stay in float32. Planes are convolved in two dimensions, so that one is enough.
inline constexpr int64_t shortest_for_bfloat = 4;

}  // namespace tomograd
