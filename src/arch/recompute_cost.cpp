// Memory of a training step that keeps what convolutions return and computes the rest again (nn/recompute.cpp).
#include <algorithm>
#include <set>

#include "arch/graph.h"
#include "arch/kept_outputs.h"
#include "base/error.h"

namespace tomograd {
namespace {

// The nodes between `target` and the kept values that it is computed from, target among them unless it is kept itself.
std::set<int> between(const Graph& graph, int target) {
  std::set<int> nodes;
  std::vector<int> open = {target};
  while (!open.empty()) {
    int i = open.back();
    open.pop_back();
    if (kept_by_recomputing(graph.nodes[size_t(i)]) || !nodes.insert(i).second) continue;
    for (int from : graph.nodes[size_t(i)].inputs) open.push_back(from);
  }
  return nodes;
}

}  // namespace

bool kept_by_recomputing(const Node& node) { return node.op == Op::input || node.op == Op::conv || node.op == Op::transposed_conv; }

int64_t recomputing_activation_bytes(const Graph& graph, Extent input, int64_t batch, int bytes_per_value) {
  std::vector<int64_t> bytes;
  for (const NodeShape& shape : shapes(graph, input)) bytes.push_back(batch * shape.channels * shape.size.voxels() * bytes_per_value);
  for (const Node& node : graph.nodes)
    if (node.op == Op::msd) return activation_bytes(graph, input, batch, bytes_per_value, true);  // they are run as without
  std::vector<bool> saved = kept_outputs(graph);
  int64_t kept = 0, peak = 0;                    // kept: values of nodes up to i, and at their turn as many bytes of gradients
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    const Node& node = graph.nodes[i];
    bool head = std::any_of(graph.outputs.begin(), graph.outputs.end(), [&](const Head& h) { return size_t(h.node) == i; });
    if (kept_by_recomputing(node)) kept += bytes[i];
    if (node.op == Op::input || !(kept_by_recomputing(node) || head)) continue;
    int64_t again = 0;
    for (int j : between(graph, kept_by_recomputing(node) ? node.inputs.front() : int(i)))
      if (saved[size_t(j)]) again += bytes[size_t(j)];
    // The gradient of what it returns, what autograd saves on the way to it, and two gradients on their way back.
    peak = std::max(peak, kept + bytes[i] + again + 2 * bytes[size_t(node.inputs.front())]);
  }
  return peak;
}

}  // namespace tomograd
