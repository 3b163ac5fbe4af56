// A block diagram of a graph as SVG: paths side by side, shapes on the arrows for one input size.
#pragma once

#include <string>

#include "arch/graph.h"

namespace tomograd {
std::string draw_graph(const Graph& graph, Extent input);
}
