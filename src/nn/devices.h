// Private to the engine rooms
// What `device` names: "cpu"; "cuda:N"; several over which a network is split, "cuda:N,M,..." or "cpu,cpu" (logical devices, for
// trying a split where there is no second GPU).
#pragma once

#include <string>
#include <vector>

#include "arch/device_split.h"
#include "nn/network.h"

namespace tomograd {

// {"cpu"}, {"cuda:0", "cuda:1"}, ... Error(input) for anything else, Error(failure) for a device that is not here.
std::vector<std::string> devices_of(const std::string& device);

// Puts the network on its device, or splits it over several: "memory" (arch/device_split.h, for batches of inputs of size
// `input` and values of `value_bytes`) or "down_up". Before an Optimizer is made. What it did, in words; "" for the CPU alone.
std::string place_network(Network& network, const std::string& device, const std::string& split, Extent input, int64_t batch, int value_bytes);

}  // namespace tomograd
