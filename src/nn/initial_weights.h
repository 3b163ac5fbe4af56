// Private to the engine rooms
// Initial weights from our own counter-based generator: independent of libtorch's version, of threads and of the order in
// which parameters are made.
#pragma once

#include <ATen/ATen.h>

#include "arch/graph.h"

namespace tomograd {

// Normal numbers of standard deviation `deviation` for a weight whose first axis is drawn slice by slice from streams
// (seed, "weights/<name>", slice).
at::Tensor normal_weights(uint64_t seed, const std::string& name, at::IntArrayRef shape, double deviation);

// The same for a convolution [out][in][z][y][x] that reads the network's input: slice (out, c) comes from stream
// (seed, "weights/<name>/channel/<channel_names[c]>", out).
at::Tensor normal_weights_by_channel(uint64_t seed, const std::string& name, at::IntArrayRef shape, double deviation,
                                     const std::vector<std::string>& channel_names);

// The starting value of one parameter or buffer: He's normal N(0, 2 / fan_in) for convolutions, 0 for biases and running
// means, 1 for norm weights and running variances, the node's slope for PReLU.
at::Tensor initial_value(const Graph& graph, const Node& node, const Parameter& parameter, bool reads_input, uint64_t seed,
                         const std::vector<std::string>& channel_names);

}  // namespace tomograd
