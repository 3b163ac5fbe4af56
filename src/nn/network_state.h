// Private to the engine rooms
// What a Network holds, and how its nodes are run. executor.cpp walks the graph in order; recompute.cpp does it keeping less for
// the backward pass.
#pragma once

#include <ATen/ATen.h>

#include "nn/fusing.h"
#include "nn/network.h"
#include "nn/norms.h"

namespace tomograd {

struct Entry { std::string name; at::Tensor tensor; bool trained; };

struct NodeTensors {  // places in State::entries, -1 = the node has none
  int weight = -1, bias = -1, slope = -1, running_mean = -1, running_var = -1, ring_position = -1;
  std::vector<int> weights, biases;              // of a mixed-scale dense stack, by layer
};

struct Pass {  // one forward pass
  at::ScalarType type = at::kFloat;              // of convolutions
  bool fusing = false, training = false;
  bool again = false;                            // values that this step has computed before: running statistics stay as they are
  int64_t step = 0;
  std::vector<NodeShape> shape;
  std::vector<bool> needed;
  size_t heads = 1;
};

struct Network::State {
  Graph graph;
  uint64_t seed = 0;
  Precision precision = Precision::f32;
  bool fused = true;
  bool recomputing = false;
  BatchShare share;                              // of the batches that training gives
  std::shared_ptr<const GradientWatch> watch;    // null: nobody
  std::vector<Entry> entries;
  std::vector<NodeTensors> of_node;
  Chains chains;
  std::vector<bool> stack_inside;                // node is a stack without a value of its own
  std::vector<int> device_of;                    // per node, place in `devices`; empty = all where the input is
  std::vector<std::string> devices;
  bool logical_devices = false;                  // all of them the CPU

  at::Tensor tensor(int place) const { return place < 0 ? at::Tensor() : entries[size_t(place)].tensor; }
  int add(std::string name, at::Tensor value, bool trained) {
    value.requires_grad_(trained);
    entries.push_back({std::move(name), std::move(value), trained});
    return int(entries.size()) - 1;
  }

  Pass new_pass(const at::Tensor& input, bool training, int64_t step) const;
  // The nodes whose values node i is computed from, once what runs as one is one; empty for those that have no value.
  bool has_value(size_t i, const Pass& pass) const;
  std::vector<int> reads(size_t i, const Pass& pass) const;
  std::vector<int> reader_counts(const Pass& pass) const;      // how many nodes and heads read each value
  at::Tensor input_value(at::Tensor input, const Pass& pass) const;
  // Node i from the values of reads(i); follows autograd where that is on.
  at::Tensor value(size_t i, std::vector<at::Tensor> in, const Pass& pass);
  at::Tensor across(at::Tensor x, size_t from, size_t to) const;                // the value of node `from` where node `to` runs
  void watch_value(size_t i, const at::Tensor& y, const Pass& pass) const;      // once for a node and a pass
  int logical_device(size_t i) const { return logical_devices ? device_of[i] : -1; }
  std::vector<at::Tensor> run(at::Tensor input, const Pass& pass);              // values of the heads
  std::vector<at::Tensor> run_recomputing(at::Tensor input, const Pass& pass);  // the same, see recompute.cpp
  at::ScalarType convolution_type(size_t i, const at::Tensor& x, const Pass& pass) const;
  bool plain_convolution(size_t i, int64_t in_channels, const Pass& pass) const;  // of libtorch, not one of our kernels
  at::Tensor value_here(size_t i, const std::vector<at::Tensor>& in, const Pass& pass);  // value() of inputs that are where node i runs

 private:
  NormTensors norm_tensors(size_t node, bool again) const;
  at::Tensor run_stack(size_t i, int head, const at::Tensor& x, const Pass& pass);
  at::Tensor convolve_node(size_t i, const at::Tensor& x, const Pass& pass);
  at::Tensor run_node(size_t i, const std::vector<at::Tensor>& in, const Pass& pass);
  at::Tensor run_chain(const Chain& chain, const std::vector<at::Tensor>& in);
};

}  // namespace tomograd
