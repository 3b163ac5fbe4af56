// Private to the engine rooms
#include "nn/fusing.h"

#include "nn/few_channels.h"
#include "nn/msd_stack.h"
#include "nn/norm_act.h"
#include "nn/upsample_join.h"

namespace tomograd {

std::vector<bool> carriers_of_input(const Graph& graph) {
  std::vector<bool> carries(graph.nodes.size(), false);
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    const Node& node = graph.nodes[i];
    bool mixes = node.op == Op::conv || node.op == Op::transposed_conv || node.op == Op::concat || node.op == Op::add || node.op == Op::msd;
    carries[i] = node.op == Op::input || (!mixes && carries[size_t(node.inputs[0])]);
  }
  return carries;
}

namespace {

// Of the concat at node i, which must read a skip branch and then an up-sampled one that nobody else reads.
Join join_of(const Graph& graph, const std::vector<std::vector<int>>& readers, size_t i, std::vector<int>& inside) {
  const Node& concat = graph.nodes[i];
  if (concat.op != Op::concat || concat.inputs.size() != 2) return {};
  int x = concat.inputs[1];
  auto only_here = [&](int node) { return readers[size_t(node)].size() == 1 && readers[size_t(node)][0] >= 0; };
  if (graph.nodes[size_t(x)].op == Op::crop && graph.nodes[size_t(x)].crop_anchor == "first" && graph.nodes[size_t(x)].like >= 0 && only_here(x)) {
    inside.push_back(x);
    x = graph.nodes[size_t(x)].inputs[0];
  }
  const Node& up = graph.nodes[size_t(x)];
  if (!can_join(up) || !only_here(x)) return {};
  inside.push_back(x);
  return {int(i), concat.inputs[0], up.inputs[0], up.factor.z == 1};
}

}  // namespace

Chains find_chains(const Graph& graph) {
  size_t count = graph.nodes.size();
  std::vector<std::vector<int>> readers(count);
  for (size_t i = 0; i < count; ++i)
    for (int from : graph.nodes[i].inputs) readers[size_t(from)].push_back(int(i));
  for (const Head& output : graph.outputs) readers[size_t(output.node)].push_back(-1);
  Chains found{std::vector<int>(count, -1), std::vector<bool>(count, false), std::vector<bool>(count, false), {}, std::vector<int>(count, -1), {}};
  auto only_reader = [&](int node, Op op) {
    const auto& list = readers[size_t(node)];
    return list.size() == 1 && list[0] >= 0 && graph.nodes[size_t(list[0])].op == op ? list[0] : -1;
  };
  for (size_t i = 0; i < count; ++i) {
    if (!can_fuse(graph.nodes[i], nullptr)) continue;
    Chain chain{int(i), only_reader(int(i), Op::activation), -1, -1};
    if (chain.activation >= 0 && !can_fuse(graph.nodes[i], &graph.nodes[size_t(chain.activation)])) chain.activation = -1;
    int last = chain.activation >= 0 ? chain.activation : chain.norm, add = only_reader(last, Op::add);
    if (add >= 0 && graph.nodes[size_t(add)].inputs.size() == 2 && !graph.nodes[size_t(add)].pad_channels) {
      const auto& in = graph.nodes[size_t(add)].inputs;
      chain.add = add;
      chain.residual = in[0] == last ? in[1] : in[0];
    }
    int conv = graph.nodes[i].inputs[0];
    Op before = graph.nodes[size_t(conv)].op;
    if ((before == Op::conv || before == Op::transposed_conv) && only_reader(conv, Op::norm) == int(i)) found.idle_bias[size_t(conv)] = true;
    int end = chain.add >= 0 ? chain.add : last;
    for (int node : {chain.norm, chain.activation})
      if (node >= 0 && node != end) found.inside[size_t(node)] = true;
    // Two chains that meet in one addition: the second takes the first's result as its residual, as any other value.
    if (found.chain_at[size_t(end)] >= 0) {
      chain.add = chain.residual = -1;
      found.inside[size_t(last)] = false;
      end = last;
    }
    found.chain_at[size_t(end)] = int(found.chains.size());
    found.chains.push_back(chain);
  }
  for (size_t i = 0; i < count; ++i) {
    std::vector<int> inside;
    Join join = join_of(graph, readers, i, inside);
    if (join.concat < 0) continue;
    found.join_at[i] = int(found.joins.size());
    found.joins.push_back(join);
    for (int node : inside) found.inside[size_t(node)] = true;
  }
  return found;
}

bool only_convolved(const Graph& graph, int64_t channels) {
  for (const Node& node : graph.nodes)
    for (int from : node.inputs) {
      if (graph.nodes[size_t(from)].op != Op::input) continue;
      if (node.op != Op::conv || few_channels_fit(node, channels)) return false;  // a stack reads float32 too
    }
  return true;
}

std::vector<bool> stacks_inside(const Graph& graph) {
  std::vector<int> readers(graph.nodes.size(), 0), reader(graph.nodes.size(), -1);
  for (size_t i = 0; i < graph.nodes.size(); ++i)
    for (int from : graph.nodes[i].inputs) ++readers[size_t(from)], reader[size_t(from)] = int(i);
  for (const Head& output : graph.outputs) ++readers[size_t(output.node)];
  std::vector<bool> inside(graph.nodes.size(), false);
  for (size_t i = 0; i < graph.nodes.size(); ++i)
    inside[i] = graph.nodes[i].op == Op::msd && readers[i] == 1 && reader[i] >= 0 && msd_reads_head(graph.nodes[size_t(reader[i])]);
  return inside;
}

std::vector<bool> needed_nodes(const Graph& graph, size_t heads) {
  std::vector<bool> needed(graph.nodes.size(), false);
  for (size_t h = 0; h < heads; ++h) needed[size_t(graph.outputs[h].node)] = true;
  for (size_t i = graph.nodes.size(); i-- > 0;)
    if (needed[i])
      for (int from : graph.nodes[i].inputs) needed[size_t(from)] = true;
  return needed;
}

}  // namespace tomograd
