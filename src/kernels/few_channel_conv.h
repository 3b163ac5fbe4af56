// Convolution 3x3x3, stride 1, zeros around, between a few channels on planar data: each vector holds 16 neighbours along x
// of one channel, where libraries hold channels and so leave most of a vector empty. f32.
//
// The input is padded: [in][z + 2][y + 2][row] with one zero voxel on all sides and zeros up to `row` >= round_up(x, 16) + 2.
// Outputs are [out][z][y][x]. One slice of z at a time, so that callers share slices among threads.
#pragma once

#include <cstdint>

#include "base/extent.h"

namespace tomograd {

struct FewChannelShape {
  int64_t in = 0, out = 0;                       // 1 .. 8 each
  Extent size;                                   // z, y, x of the output
  int64_t row = 0;
  int64_t out_step = 0;                          // values between output channels; 0 = size.voxels(). More when `size` is a part of the output
  int64_t between_outputs() const { return out_step ? out_step : size.voxels(); }
};
constexpr int64_t most_few_channels = 8;
inline int64_t padded_row(int64_t x) { return round_up(x, 16) + 2; }

struct FewChannelKernels {
  // out[o][z] = bias[o] + sum w[o][i][tap] in[i][...]; weight [out][in][3][3][3]; bias may be null. The gradient to the input
  // is the same with the channels exchanged and the taps reversed.
  void (*forward)(const FewChannelShape& shape, const float* padded, const float* weight, const float* bias, int64_t z, float* out);
  // dw[o][i][tap] = sum over the slice of g[o] in[i]; g [out][z][y][row]: rows padded with zeros to `row` at their end.
  void (*weight_gradient)(const FewChannelShape& shape, const float* padded, const float* g, int64_t z, float* dw);
};

const FewChannelKernels& few_channel_kernels();
const FewChannelKernels& few_channel_reference();

}  // namespace tomograd
