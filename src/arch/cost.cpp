// What a forward and a backward pass cost: arithmetic and memory.
#include <algorithm>
#include <numeric>

#include "arch/graph.h"
#include "arch/kept_outputs.h"
#include "arch/lanczos.h"
#include "base/error.h"

namespace tomograd {
namespace {

// One axis after the other, each on what the one before has left.
double lanczos_flop(const Node& node, Extent from, Extent to) {
  double flop = 0;
  for (int axis = 0; axis < 3; ++axis) {
    from[axis] = to[axis];
    if (node.factor[axis] > 1) flop += 2.0 * double(lanczos_filter(node.lobes, node.factor[axis]).taps.size()) * double(node.channels) * double(from.voxels());
  }
  return flop;
}

}  // namespace

std::vector<double> node_flop(const Graph& graph, Extent input) {
  auto all = shapes(graph, input);
  std::vector<double> flop(graph.nodes.size(), 0);
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    const Node& node = graph.nodes[i];
    if (node.op == Op::lanczos) flop[i] = lanczos_flop(node, all[size_t(node.inputs.front())].size, all[i].size);
    if (node.op != Op::conv && node.op != Op::transposed_conv && node.op != Op::msd) continue;
    const NodeShape &from = all[size_t(node.inputs.front())], &to = all[i];
    if (node.op == Op::msd) {
      for (int64_t layer = 0; layer < node.depth(); ++layer)
        flop[i] += 2.0 * double(node.kernel.voxels()) * double(from.channels + layer * node.width) * double(node.width) * double(to.size.voxels());
      continue;
    }
    double places = double((node.op == Op::conv ? to : from).size.voxels());
    flop[i] = 2.0 * double(node.kernel.voxels()) * double(from.channels) * double(to.channels) * places;
  }
  return flop;
}

double forward_flop(const Graph& graph, Extent input) {
  std::vector<double> flop = node_flop(graph, input);
  return std::accumulate(flop.begin(), flop.end(), 0.0);
}

double flop_per_voxel(const Graph& graph, Extent input) { return forward_flop(graph, input) / double(output_size(graph, input).voxels()); }

namespace {

// For each node the nodes that it is the last to read; heads are read at the end, which is the last list.
std::vector<std::vector<int>> read_last_by(const Graph& graph) {
  size_t count = graph.nodes.size();
  std::vector<size_t> last(count);
  std::iota(last.begin(), last.end(), 0);
  for (size_t i = 0; i < count; ++i)
    for (int input : graph.nodes[i].inputs) last[size_t(input)] = i;
  for (const Head& output : graph.outputs) last[size_t(output.node)] = count;
  std::vector<std::vector<int>> lists(count + 1);
  for (size_t i = 0; i < count; ++i) lists[last[i]].push_back(int(i));
  return lists;
}

int64_t inference_values(const Graph& graph, const std::vector<int64_t>& values) {
  auto freed = read_last_by(graph);
  int64_t alive = 0, peak = 0;
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    alive += values[i];
    peak = std::max(peak, alive);
    for (int j : freed[i]) alive -= values[size_t(j)];
  }
  return peak;
}

}  // namespace

// Outputs that the backward pass needs: inputs of convolutions, norms, PReLU, leaky ReLU, swish and max-pooling; results of
// ReLU, ELU, sigmoid and mixed-scale dense stacks, which also hold their inputs, and the loss's heads.
std::vector<bool> kept_outputs(const Graph& graph) {
  std::vector<bool> kept(graph.nodes.size());
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    const Node& node = graph.nodes[i];
    Activation kind = node.op == Op::activation ? node.activation : Activation::none;
    bool own = node.op == Op::msd || kind == Activation::relu || kind == Activation::elu || kind == Activation::sigmoid;
    bool reads = node.op == Op::conv || node.op == Op::transposed_conv || node.op == Op::norm || (node.op == Op::pool && node.max_pool) ||
                 (!own && kind != Activation::none);
    if (own) kept[i] = true;
    if (reads) kept[size_t(node.inputs.front())] = true;
  }
  for (const Head& output : graph.outputs) kept[size_t(output.node)] = true;
  return kept;
}

namespace {

int64_t training_bytes(const Graph& graph, const std::vector<int64_t>& values, int64_t bytes_per_value) {
  constexpr int64_t kIndexBytes = 8;               // of max-pooling
  auto kept = kept_outputs(graph);
  auto read_last = read_last_by(graph);
  size_t count = graph.nodes.size();
  std::vector<int64_t> held(count);                // bytes kept on behalf of a node until its own backward step is over
  for (size_t i = 0; i < count; ++i) {
    const Node& node = graph.nodes[i];
    if (kept[i]) held[i] += values[i] * bytes_per_value;
    if (node.op == Op::pool && node.max_pool) held[i] += values[i] * kIndexBytes;
    if (node.op == Op::dropout) held[i] += values[i] * bytes_per_value;  // the mask
  }
  // Backward, last node first: a node's gradient lives from the step of its last reader to its own; the input has none.
  int64_t alive = std::accumulate(held.begin(), held.end(), int64_t{0}), peak = alive;
  auto begin_gradients = [&](const std::vector<int>& nodes, size_t reader) {
    for (int j : nodes)
      if (j > 0 && size_t(j) != reader) alive += values[size_t(j)] * bytes_per_value;
  };
  begin_gradients(read_last[count], count);
  for (size_t i = count; i-- > 0;) {
    begin_gradients(read_last[i], i);
    peak = std::max(peak, alive);
    if (i > 0) alive -= values[i] * bytes_per_value;
    alive -= held[i];
  }
  return peak;
}

}  // namespace

int64_t activation_bytes(const Graph& graph, Extent input, int64_t batch, int bytes_per_value, bool training) {
  std::vector<int64_t> values;
  double bytes = 0;
  auto all = shapes(graph, input);
  for (const NodeShape& shape : all) bytes += double(batch) * double(shape.channels) * double(shape.size.voxels()) * double(bytes_per_value);
  if (bytes > 1e18) fail_input(text("a batch of ", batch, " inputs of ", to_string(input), " would need ", bytes, " bytes in ", graph.title));
  for (const NodeShape& shape : all) values.push_back(batch * shape.channels * shape.size.voxels());
  if (training) return training_bytes(graph, values, bytes_per_value);
  return inference_values(graph, values) * bytes_per_value;
}

}  // namespace tomograd
