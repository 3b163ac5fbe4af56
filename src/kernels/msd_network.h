// All layers of a mixed-scale dense network over one stack of feature maps, forwards and backwards (msd_conv.h has the kernels).
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "base/memory.h"
#include "kernels/msd_conv.h"

namespace tomograd {

struct MsdNetwork {
  int64_t in_channels = 1, width = 1;            // layer i reads channels [0, in_channels + width i) and writes the next `width`
  std::vector<int64_t> dilations;                // of every hidden channel: depth * width
  std::vector<const float*> weight, bias;        // of every layer: [width][inputs][taps], [width]
  int64_t depth() const { return int64_t(weight.size()); }
  int64_t inputs(int64_t layer) const { return in_channels + width * layer; }
  int64_t channels() const { return inputs(depth()); }
  int64_t largest_dilation() const;
};

// Calls body(i) for i in [0, count) on any threads, in any order, and returns when all are done.
using ForEach = std::function<void(int64_t count, const std::function<void(int64_t)>& body)>;

// The stack's first in_channels hold the input (voxels, without padding); the others are filled layer by layer, on the boxes given
// (one per layer; empty = the whole volume): a tile's halo shrinks from layer to layer, so that nothing is computed that nobody reads.
void msd_forward(const MsdKernels& kernels, const MsdLayout& layout, const MsdNetwork& network, float* stack, const std::vector<Box>& boxes, const ForEach& for_each);
// The same with bf16 storage and products; `stack` holds pairs, its input channels already rounded (to_bf16). Fills pairs
// of hidden channels; in_channels odd: the first hidden channel shares a pair with the last input.
void msd_forward_bf16(const MsdKernels& kernels, const MsdLayout& layout, const MsdNetwork& network, float* stack, const std::vector<Box>& boxes, const ForEach& for_each);
// Some kernels keep sums of later layers meanwhile: msd_bf16_sums_floats() of them, here in memory that can be kept from call to call.
void msd_forward_bf16_with(Buffer<float>& sums, const MsdKernels& kernels, const MsdLayout& layout, const MsdNetwork& network, float* stack, const std::vector<Box>& boxes, const ForEach& for_each);
int64_t msd_bf16_sums_floats(const MsdKernels& kernels, const MsdLayout& layout, const std::vector<int64_t>& dilations, int64_t width);

// grad holds the derivatives of the loss by every channel of the stack as the layers above the stack left them, and gets those of
// the input channels where `into_input`; the rest of it is used up. weight_grad, bias_grad: like network.weight and .bias, overwritten.
// The same bits for any number of threads.
void msd_backward(const MsdKernels& kernels, const MsdLayout& layout, const MsdNetwork& network, const float* stack, float* grad, bool into_input,
                  const std::vector<float*>& weight_grad, const std::vector<float*>& bias_grad, const ForEach& for_each);

}  // namespace tomograd
