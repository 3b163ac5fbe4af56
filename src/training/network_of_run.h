// Private to the engine rooms
// The network of a training run as its spec wants it: number format, recomputation, devices.
#pragma once

#include <string>
#include <vector>

#include "nn/network.h"
#include "spec/run_spec.h"

namespace tomograd {

Network network_of_run(Graph graph, const RunSpec& resolved, const std::vector<std::string>& channels);

}  // namespace tomograd
