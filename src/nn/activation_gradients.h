// Private to the engine rooms
// The gradients of a network's activations, caught at the values of its nodes as a backward pass makes them: they are in the
// number format of the pass, and gone when it is over. Made for a step that reports and gone after it, so that others pay nothing.
#pragma once

#include <memory>
#include <vector>

#include "nn/gradient_report.h"
#include "nn/network.h"

namespace tomograd {

class ActivationGradients {
 public:
  // Counts every backward pass of what `network`, which must outlive this, computes forwards from here on. scale: that of the losses.
  ActivationGradients(Network& network, double scale);
  ~ActivationGradients();
  ActivationGradients(const ActivationGradients&) = delete;

  // In the graph's order; a node without a gradient is passed over. Values add up over backward passes.
  std::vector<LayerGradients> layers() const;

 private:
  struct Counts;                                 // shared with hooks that may live as long as a result of the network does
  Network& network_;
  std::shared_ptr<Counts> counts_;
};

}  // namespace tomograd
