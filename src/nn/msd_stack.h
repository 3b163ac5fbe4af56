// Private to the engine rooms
// A mixed-scale dense stack (Op::msd), alone or together with the 1x1x1 convolution that reads it: the kernels of
// kernels/msd_network.h over one buffer of feature maps, and the same in plain libtorch calls (the reference, and what runs in
// float64 or off the CPU).
#pragma once

#include <ATen/ATen.h>

#include <vector>

#include "arch/graph.h"

namespace tomograd {

struct MsdTensors {
  std::vector<at::Tensor> weight, bias;          // of every layer
  at::Tensor final_weight, final_bias;           // of the 1x1x1 convolution, undefined without one
};

// Whether `reader`, the only reader of an msd node, can be computed with it.
bool msd_reads_head(const Node& reader);

// x [n][c_in][z][y][x] to the stack, or with final_weight to the classes. f32 results; in bf16 without gradients the stack is kept
// and multiplied in bf16 (training always keeps float32: half of its time is products of two maps, which bf16 would not sum).
at::Tensor msd_stack(const Node& node, at::Tensor x, const MsdTensors& tensors, bool bf16);
at::Tensor msd_stack_plain(const Node& node, const at::Tensor& x, const MsdTensors& tensors);

}  // namespace tomograd
