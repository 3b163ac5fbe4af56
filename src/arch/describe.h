// A graph's properties as one object, the answer of `model describe --json`; sizes are [Z,Y,X].
#pragma once

#include "arch/graph.h"
#include "spec/value.h"

namespace tomograd {

// Keys: title, in_channels, out_channels, patch, batch, parameters, weight_bytes (32-bit), stacks [{name, depth, width, dims,
// dilations (the list that repeats), border, does}] of mixed-scale dense nodes, receptive_field_voxels, flop_per_voxel (per
// predicted voxel), forward_flop (of one patch), activation_bytes_training and _inference (the whole batch, 32-bit), legal_sizes
// {smallest, step}, output_size, margin {before, after}, output_stride, heads [{name, size, loss_weight}], warnings, and with
// `nodes` a list of {name, op, inputs, channels, size, parameters}. Error(input) when the patch is not legal.
Value describe_graph(const Graph& graph, Extent patch, int64_t batch, bool nodes);

// What is legal but hardly meant: joins of paths that lie half a voxel or more apart, instance norm over a single voxel.
std::vector<std::string> graph_warnings(const Graph& graph, Extent patch);

// What a node does in words: "conv 3x3x3 stride 2x2x2", "norm batch", "crop to the size of x".
std::string node_sentence(const Graph& graph, const Node& node);

}  // namespace tomograd
