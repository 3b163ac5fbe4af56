#include "arch/graph.h"
#include "base/error.h"

#include "base/error.h"

namespace tomograd {

std::vector<Parameter> parameters(const Graph& graph) {
  std::vector<Parameter> list;
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    const Node& node = graph.nodes[i];
    auto put = [&](const std::string& part, std::vector<int64_t> shape, int64_t fan_in = 0, bool trained = true) {
      list.push_back({node.name + "." + part, std::move(shape), trained, fan_in, fan_in > 0 ? node.weight_stddev : -1, int(i)});
    };
    int64_t from = node.inputs.empty() ? 0 : graph.nodes[size_t(node.inputs.front())].channels, to = node.channels;
    Extent k = node.kernel;
    if (node.op == Op::conv || node.op == Op::transposed_conv) {
      bool forward = node.op == Op::conv;
      put("weight", {forward ? to : from, forward ? from : to, k.z, k.y, k.x}, from * k.voxels());
      if (node.bias) put("bias", {to});
    } else if (node.op == Op::norm) {
      if (node.scale) put("weight", {to});
      if (node.shift) put("bias", {to});
      if (node.norm == Norm::batch && node.running_mean_of_60) {
        put("running_mean", {60, to}, 0, false);
        put("running_var", {60, to}, 0, false);
        put("ring_position", {1}, 0, false);
      } else if (node.norm == Norm::batch) {
        put("running_mean", {to}, 0, false);
        put("running_var", {to}, 0, false);
      }
    } else if (node.op == Op::activation && node.activation == Activation::prelu) {
      put("slope", {node.shared_slope ? 1 : to});
    } else if (node.op == Op::bias) {
      put("bias", {to});
    } else if (node.op == Op::msd) {
      for (int64_t layer = 0; layer < node.depth(); ++layer) {
        int64_t seen = from + layer * node.width;
        put(text(layer, ".weight"), {node.width, seen, k.z, k.y, k.x}, seen * k.voxels());
        put(text(layer, ".bias"), {node.width});
      }
    }
  }
  return list;
}

int64_t parameter_count(const Graph& graph) {
  constexpr int64_t largest = int64_t{1} << 60;  // one convolution has at most 2^47
  int64_t count = 0;
  for (const Parameter& parameter : parameters(graph)) {
    if (!parameter.trained) continue;
    int64_t size = 1;
    for (int64_t side : parameter.shape) size *= side;
    if (size > largest - count) fail_input(text(graph.title, " has more than ", largest, " parameters"));
    count += size;
  }
  return count;
}

int64_t element_count(const std::vector<int64_t>& shape) {
  int64_t count = 1;
  for (int64_t side : shape) count *= side;
  return count;
}

}  // namespace tomograd
