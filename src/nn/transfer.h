// Weights of one network as the start of another with other input channels or classes. Channels are matched by modality name
// and classes by label name, wherever in the graph they run; everything between must be of one size to be taken.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "nn/network.h"

namespace tomograd {

struct Transfer {
  std::vector<std::string> channels_taken, channels_fresh, channels_unused;  // of the run; fresh: not in the model; unused: the model's others
  std::vector<std::string> classes_taken, classes_fresh, classes_unused;
  int64_t tensors_whole = 0, tensors_partly = 0, tensors_fresh = 0;          // of the network that is filled
  int64_t numbers_taken = 0, numbers = 0;                                    // trained ones
  bool any_convolution = false;                                              // taken, one behind the classes not counted; else nothing fits
};

// Names of a network's input channels and of its output classes, background first.
struct NetworkNames { std::vector<std::string> channels, classes; };

// Copies into `into` what of `from` belongs to the same node and the same channels and classes; the rest keeps its start.
Transfer transfer_weights(Network& into, const NetworkNames& names, Network& from, const NetworkNames& from_names);

}  // namespace tomograd
