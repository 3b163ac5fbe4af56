// Private to arch.
#pragma once

#include <vector>

#include "arch/graph.h"

namespace tomograd {

// Nodes whose outputs the backward pass needs.
std::vector<bool> kept_outputs(const Graph& graph);

}  // namespace tomograd
