// A network made from an architecture graph: parameters named after its nodes, forward over tensors [n][channel][z][y][x].
// Initial weights are f(seed, parameter name, index) of our own generator: the first convolution's weights are seeded per
// input channel *name*, so that a channel left out changes nothing for the others.
#pragma once

#include <ATen/core/ATen_fwd.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "arch/graph.h"

namespace tomograd {

enum class Precision { f32, bf16, f16 };

class Network {
 public:
  Network(Graph graph, uint64_t seed, const std::vector<std::string>& channel_names);
  ~Network();
  Network(Network&&) noexcept;

  const Graph& graph() const;
  // Heads in the graph's order (logits, float32); one when not training. `training` sets batch norm and dropout; dropout
  // masks are f(seed, step). bf16 computes convolutions in bfloat16 and keeps norms, losses and weights in float32.
  std::vector<at::Tensor> forward(const at::Tensor& input, bool training, int64_t step = 0);
  void set_precision(Precision precision);
  std::vector<std::pair<std::string, at::Tensor>> parameters();   // trained ones, in graph order
  std::vector<std::pair<std::string, at::Tensor>> state();        // parameters and buffers (running statistics), in graph order
  // Copies tensors of the same name; `partial` allows absent names and other channel or class counts (overlapping part copied).
  void load(const std::map<std::string, at::Tensor>& tensors, bool partial);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tomograd
