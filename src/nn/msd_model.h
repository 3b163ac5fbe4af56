// Private to the engine rooms
// A network that is nothing but a mixed-scale dense stack in 3-D and the 1x1x1 convolution that reads it, in the kernels' own words
// (kernels/msd_network.h): what runs it on a device of its own or in groups of layers needs no libtorch.
#pragma once

#include <ATen/ATen.h>

#include <vector>

#include "kernels/msd_head.h"
#include "kernels/msd_network.h"
#include "nn/network.h"

namespace tomograd {

struct MsdModel {
  MsdNetwork network;
  MsdHead head;
  bool reflect = true;                           // else zeros beyond the faces
  std::vector<at::Tensor> tensors;               // float32 on the CPU, which the pointers above point into
};

// The stack's node of such a graph; nullptr where there is anything else.
const Node* msd_stack_node(const Graph& graph);

// Error(input) naming what else the network has; `what_for` begins the sentence ("--exact").
MsdModel msd_model(Network& network, const std::string& what_for);

}  // namespace tomograd
