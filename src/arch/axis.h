// Private to arch: a graph seen along one axis.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "arch/graph.h"

namespace tomograd {

struct AxisSizes {
  std::vector<int64_t> sizes;  // of each node, up to the first that fails
  int failed = -1;             // node that cannot be, or -1
  std::string why;
};
AxisSizes axis_sizes(const Graph& graph, int axis, int64_t input);

// Voxels of the input from which a run of voxels [first, last] of `node` is computed, both ends included; padding is not
// clamped away, so ends may lie outside the input. `sizes` are the nodes' sizes.
struct Run { int64_t first, last; };
Run input_run(const Graph& graph, int node, int axis, const std::vector<int64_t>& sizes, Run run);

// Where a node's voxels lie in the input: voxel i of the node belongs to input voxel origin + i * step_up / step_down
// (a pooled, filtered or repeated voxel belongs to the first of the voxels it covers, a convolution's to its kernel's middle).
struct Lattice {
  int64_t step_up = 1, step_down = 1;  // in lowest terms
  double origin = 0;
  double step() const { return double(step_up) / double(step_down); }
};
std::vector<Lattice> axis_lattice(const Graph& graph, int axis, const std::vector<int64_t>& sizes);

std::string nearest_legal_hint(const Graph& graph, Extent input);  // "" when no legal size is found

}  // namespace tomograd
