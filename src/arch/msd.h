// Private to arch: what follows from the dilations of a mixed-scale dense stack (Op::msd).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "arch/graph.h"

namespace tomograd {

int64_t msd_reach(const Node& node, int axis);               // voxels it looks to either side: the sum of its layers' largest dilations
std::vector<int64_t> msd_dilations(const Node& node);        // the shortest list that, repeated, gives all of layer_dilations
std::string msd_dilations_text(const Node& node);            // "dilations 1 to 10 in turn", "dilations 1, 2, 4, 8 in turn", "dilation 1"

}  // namespace tomograd
