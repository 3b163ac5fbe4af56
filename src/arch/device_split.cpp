#include "arch/device_split.h"

#include <algorithm>
#include <numeric>

#include "arch/kept_outputs.h"
#include "base/error.h"

namespace tomograd {
namespace {

constexpr int64_t bytes_per_parameter = 16;

// What running node i costs the device that runs it, by (device, node) once each: its own kept value, and kept values of other
// devices that it reads.
class PartCost {
 public:
  PartCost(const Graph& graph, Extent input, int64_t batch, int bytes_per_value) : graph_(graph), kept_(kept_outputs(graph)), of_parameters_(graph.nodes.size(), 0) {
    for (const NodeShape& shape : shapes(graph, input)) values_.push_back(batch * shape.channels * shape.size.voxels() * bytes_per_value);
    for (const Parameter& parameter : parameters(graph))
      if (parameter.trained) of_parameters_[size_t(parameter.node)] += element_count(parameter.shape) * bytes_per_parameter;
  }
  // Of the run of nodes [begin, end).
  int64_t of(size_t begin, size_t end) const {
    int64_t bytes = 0;
    std::vector<bool> crossed(begin, false);
    for (size_t i = begin; i < end; ++i) {
      bytes += of_parameters_[i] + (kept_[i] ? values_[i] : 0);
      for (int from : graph_.nodes[i].inputs)
        if (size_t(from) < begin && !crossed[size_t(from)]) {
          crossed[size_t(from)] = true;
          if (kept_[size_t(from)]) bytes += values_[size_t(from)];
        }
    }
    return bytes;
  }

 private:
  const Graph& graph_;
  std::vector<bool> kept_;
  std::vector<int64_t> values_, of_parameters_;
};

DeviceOfNode from_cuts(size_t count, const std::vector<size_t>& begins) {
  DeviceOfNode device_of(count, 0);
  for (size_t begin : begins)
    for (size_t i = begin; i < count; ++i) ++device_of[i];
  return device_of;
}

}  // namespace

DeviceOfNode split_down_up(const Graph& graph) {
  for (size_t i = 0; i < graph.nodes.size(); ++i)
    if (graph.nodes[i].op == Op::upsample || graph.nodes[i].op == Op::transposed_conv) return from_cuts(graph.nodes.size(), {i});
  fail_input(graph.title + " has no up-sampling, so no encoder and decoder to put on two devices", "split it by memory");
}

DeviceOfNode split_by_memory(const Graph& graph, Extent input, int64_t batch, int bytes_per_value, int devices) {
  size_t count = graph.nodes.size();
  if (devices < 1 || size_t(devices) > count) fail_input(text("a network of ", count, " nodes cannot be split over ", devices, " devices"));
  PartCost cost(graph, input, batch, bytes_per_value);
  // best[d][i]: the fullest of d + 1 devices that run nodes [0, i); begin[d][i]: where the last of them begins.
  std::vector<std::vector<int64_t>> best(size_t(devices), std::vector<int64_t>(count + 1));
  std::vector<std::vector<size_t>> begin(size_t(devices), std::vector<size_t>(count + 1, 0));
  for (size_t i = 1; i <= count; ++i) best[0][i] = cost.of(0, i);
  for (size_t d = 1; d < size_t(devices); ++d)
    for (size_t i = d + 1; i <= count; ++i) {
      best[d][i] = INT64_MAX;
      for (size_t cut = d; cut < i; ++cut) {
        int64_t fullest = std::max(best[d - 1][cut], cost.of(cut, i));
        if (fullest < best[d][i]) best[d][i] = fullest, begin[d][i] = cut;
      }
    }
  std::vector<size_t> begins;
  for (size_t d = size_t(devices) - 1, i = count; d > 0; --d) begins.push_back(i = begin[d][i]);
  return from_cuts(count, begins);
}

std::vector<int64_t> part_bytes(const Graph& graph, Extent input, int64_t batch, int bytes_per_value, const DeviceOfNode& device_of) {
  PartCost cost(graph, input, batch, bytes_per_value);
  std::vector<int64_t> bytes;
  for (size_t begin = 0; begin < device_of.size();) {
    size_t end = begin;
    while (end < device_of.size() && device_of[end] == device_of[begin]) ++end;
    bytes.push_back(cost.of(begin, end));
    begin = end;
  }
  return bytes;
}

}  // namespace tomograd
