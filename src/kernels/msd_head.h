// The last layer of a mixed-scale dense network: every class is a weighted sum of all feature maps of the stack at one voxel.
// Planes are pieces of work. (msd_conv.h has the stack; class sums run over channels ascending, f32.)
#pragma once

#include <cstdint>

#include "kernels/msd_conv.h"

namespace tomograd {

struct MsdHead {
  int64_t channels = 0, classes = 0;
  const float* weight = nullptr;                 // [class][channel]
  const float* bias = nullptr;                   // [class]
};

struct MsdHeadKernels {
  // out[class][z][y][x] (dense, size of the layout) of one plane z.
  void (*forward)(const MsdLayout& layout, const MsdHead& head, const float* stack, int64_t z, float* out);
  void (*forward_bf16)(const MsdLayout& layout, const MsdHead& head, const float* pairs, int64_t z, float* out);
  // grad[channel] of one plane = sum over classes of weight times g (overwritten); weight_sums[class][channel] = sums of g times the
  // stack over the plane, bias_sums[class] of g. g like out.
  void (*backward)(const MsdLayout& layout, const MsdHead& head, const float* stack, const float* g, int64_t z, float* grad, float* weight_sums, float* bias_sums);
};
const MsdHeadKernels& msd_head_kernels();
const MsdHeadKernels& msd_head_reference();

}  // namespace tomograd
