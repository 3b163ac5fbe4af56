// Which device runs which part of a network that fits on none: nodes in their order, cut into as many runs as there are devices.
// Values that a later part reads cross the link once per part.
#pragma once

#include <vector>

#include "arch/graph.h"

namespace tomograd {

using DeviceOfNode = std::vector<int>;           // one entry per node, from 0 on, never falling

// The talk's split, for two devices: everything before the first up-sampling on 0 (skip connections too), the rest on 1.
// Error(input) for a network without one.
DeviceOfNode split_down_up(const Graph& graph);

// The cuts for which the fullest device holds least in training of a batch of inputs of size `input`.
DeviceOfNode split_by_memory(const Graph& graph, Extent input, int64_t batch, int bytes_per_value, int devices);

// Bytes of each device in training: activations kept for the backward pass, values that come over the link among them, and 16
// bytes per trained number (weight, gradient, Adam's two moments in float32).
std::vector<int64_t> part_bytes(const Graph& graph, Extent input, int64_t batch, int bytes_per_value, const DeviceOfNode& device_of);

}  // namespace tomograd
