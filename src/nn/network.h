// A network made from an architecture graph: parameters named after its nodes, forward over tensors [n][channel][z][y][x].
// Initial weights are f(seed, parameter name, index) of our own generator: He's normal for convolutions, with the random
// numbers of those convolutions that read the input seeded per input channel *name*, so that networks which differ in their
// channels start from common random numbers (only the scale follows the fan-in).
#pragma once

#include <ATen/core/ATen_fwd.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "arch/graph.h"
#include "nn/batch_share.h"

namespace tomograd {

enum class Precision { f32, bf16, f16 };

class Network {
 public:
  Network(Graph graph, uint64_t seed, const std::vector<std::string>& channel_names);
  ~Network();
  Network(Network&&) noexcept;
  Network& operator=(Network&&) noexcept;

  const Graph& graph() const;
  // Heads in the graph's order (logits, float32); one when not training, and then without an autograd graph. `training` sets
  // batch norm and dropout; dropout masks are f(seed, step, node). bf16 and f16 compute convolutions in that format and keep
  // statistics, losses and weights in float32; f16 is refused on a CPU. A float64 network (to_double) computes in float64.
  // The input is freed as soon as its last reader is done, where the caller moves it here.
  std::vector<at::Tensor> forward(at::Tensor input, bool training, int64_t step = 0);
  void set_precision(Precision precision);
  Precision precision() const;
  // Moves all weights and buffers: "cpu", "cuda:0". Tensors handed out before keep their identity (parameters() stays valid).
  void to_device(const std::string& device);
  // Splits the network: node i runs, and keeps its parameters, on devices[device_of[i]] (arch/device_split.h). The input belongs
  // on the first, heads come back from the device of their node. Several times "cpu": logical devices (nn/logical_device.h).
  // Nodes that run as one stay together with the last of them. Before an Optimizer is made.
  void split(std::vector<int> device_of, std::vector<std::string> devices);
  void to_double();                                               // for gradient checks
  // Fused kernels on CPU (default). Off: the plain operations of libtorch, the reference for tests.
  void use_fused(bool on);
  // Activation checkpointing (Chen et al. 2016) at convolutions: training keeps what they return and computes what stands between
  // them (norms, activations, up-sampling, joining, padding) a second time in the backward pass. The same values, about half the
  // memory. Off by default; networks with a mixed-scale dense stack, which keeps little, ignore it.
  void use_recomputing(bool on);
  // Which rows of the batch the inputs of training are; batch norm and dropout are then those of the whole batch.
  void share_batch(const BatchShare& share);
  const BatchShare& batch_share() const;
  // Called in backward passes of the forward passes that training begins from here on, with a node and the gradient of its value:
  // once for each, by whatever thread of autograd computes it. Only values that there are: not those in the middle of nodes that
  // run as one, nor, when recomputing, those that are computed a second time. Empty: no more, which is the default and costs nothing.
  using GradientWatch = std::function<void(int node, const at::Tensor& gradient)>;
  void watch_gradients(GradientWatch watch);
  std::vector<std::pair<std::string, at::Tensor>> parameters();   // trained ones, in graph order
  std::vector<std::pair<std::string, at::Tensor>> state();        // parameters and buffers (running statistics), in graph order
  // Copies tensors of the same name and shape; `partial` allows absent names. Other channels or classes: nn/transfer.h.
  void load(const std::map<std::string, at::Tensor>& tensors, bool partial);

  struct State;                                  // nn/network_state.h, private to nn

 private:
  std::unique_ptr<State> state_;
};

}  // namespace tomograd
