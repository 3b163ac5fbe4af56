// Private to the engine rooms
// Which nodes of a graph run as one on the CPU, and which need not run at all. Torch-free.
#pragma once

#include <vector>

#include "arch/graph.h"

namespace tomograd {

// Norm, activation and residual that run as one (norm_act.h); a node that stands in the middle of a chain has no value.
struct Chain { int norm = -1, activation = -1, add = -1, residual = -1; };

// Up-sampling, crop and concat that run as one (upsample_join.h), at the concat; `skip` and `deep` are what it reads.
struct Join { int concat = -1, skip = -1, deep = -1; bool planes = false; };

struct Chains {
  std::vector<int> chain_at;                     // node -> chain that ends there, -1
  std::vector<bool> inside;                      // node has no value of its own
  std::vector<bool> idle_bias;                   // convolution whose bias the norm behind it cancels
  std::vector<Chain> chains;
  std::vector<int> join_at;                      // node -> join that ends there, -1
  std::vector<Join> joins;
};

Chains find_chains(const Graph& graph);

// Stacks whose only reader is a 1x1x1 convolution: they are computed with it, at the convolution's node.
std::vector<bool> stacks_inside(const Graph& graph);

// Whether every reader of the input is a convolution that computes in the number format of the network, so that the input can
// be kept in that format alone.
bool only_convolved(const Graph& graph, int64_t channels);

// Whether a node's channels are the input's channels, possibly at other places: crop, subsample, pool and their like.
std::vector<bool> carriers_of_input(const Graph& graph);

// Nodes that the first `heads` heads depend on.
std::vector<bool> needed_nodes(const Graph& graph, size_t heads);

}  // namespace tomograd
