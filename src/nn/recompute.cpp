// Private to the engine rooms
// Training that keeps only what convolutions return (and the input): Chen et al. 2016, "Training deep nets with sublinear memory
// cost", with the checkpoints where a second computation is cheap. What stands between two convolutions is computed without
// autograd in the forward pass, and once more, with it, when the second one's turn comes in the backward pass. In the networks
// here that is most of the memory: of a hourglass's full resolution five of seven maps.
//
// A value that several convolutions read is computed once in the forward pass and once for each of them in the backward pass.
#include <torch/torch.h>

#include <map>
#include <set>

#include "nn/logical_device.h"
#include "nn/network_state.h"
#include "nn/recomputed_conv.h"

namespace tomograd {
namespace {

using Values = std::map<int, at::Tensor>;

// What has to be computed to get from kept values to that of node `target`.
struct Region {
  int target = 0;
  std::vector<int> sources;                      // kept nodes, ascending
  std::vector<int> nodes;                        // the others, ascending, target last; empty where the target is kept itself
};

Region region_of(const Network::State& s, int target, const Pass& pass) {
  std::set<int> sources, nodes;
  std::vector<int> open = {target};
  while (!open.empty()) {
    int i = open.back();
    open.pop_back();
    bool kept = kept_by_recomputing(s.graph.nodes[size_t(i)]);
    if (!(kept ? sources : nodes).insert(i).second || kept) continue;
    for (int from : s.reads(size_t(i), pass)) open.push_back(from);
  }
  return {target, {sources.begin(), sources.end()}, {nodes.begin(), nodes.end()}};
}

// The target's value; `of_target`: the pass in which the target itself is computed, where that is not the second time.
at::Tensor compute(Network::State& s, const Region& region, const std::vector<at::Tensor>& sources, const Pass& pass, const Pass& of_target) {
  Values values;
  std::map<int, int> readers;
  for (size_t i = 0; i < sources.size(); ++i) values[region.sources[i]] = sources[i];
  for (int i : region.nodes)
    for (int from : s.reads(size_t(i), pass)) ++readers[from];
  for (int i : region.nodes) {
    std::vector<at::Tensor> in;
    for (int from : s.reads(size_t(i), pass)) {
      in.push_back(values.at(from));
      if (--readers[from] == 0) values.erase(from);
    }
    values[i] = s.value(size_t(i), std::move(in), i == region.target ? of_target : pass);
  }
  return values.at(region.target);
}

// Trained leaves that the region's nodes read.
std::vector<at::Tensor> parameters_of(const Network::State& s, const Region& region, const Pass& pass) {
  std::vector<at::Tensor> list;
  auto add = [&](int place) {
    if (place >= 0) list.push_back(s.entries[size_t(place)].tensor);
  };
  for (int i : region.nodes) {
    std::vector<int> parts = {i};
    if (pass.fusing && s.chains.chain_at[size_t(i)] >= 0) {
      const Chain& chain = s.chains.chains[size_t(s.chains.chain_at[size_t(i)])];
      parts = {chain.norm};
      if (chain.activation >= 0) parts.push_back(chain.activation);
      int before = s.graph.nodes[size_t(chain.norm)].inputs[0];
      if (s.chains.idle_bias[size_t(before)]) add(s.of_node[size_t(before)].bias);
    }
    for (int part : parts) {
      const NodeTensors& t = s.of_node[size_t(part)];
      for (int place : {t.weight, t.bias, t.slope}) add(place);
    }
  }
  return list;
}

}  // namespace

std::vector<at::Tensor> Network::State::run_recomputing(at::Tensor input, const Pass& pass) {
  for (const Node& node : graph.nodes)
    if (node.op == Op::msd) return run(std::move(input), pass);
  Pass again = pass;
  again.again = true;
  std::vector<int> readers = reader_counts(pass);
  std::vector<at::Tensor> plain(graph.nodes.size());   // values without history, freed after their last reader
  std::vector<at::Tensor> linked(graph.nodes.size());  // kept ones, with their place in autograd's graph
  plain[0] = linked[0] = input_value(std::move(input), pass);
  std::vector<int> heads(graph.nodes.size(), 0);
  for (size_t h = 0; h < pass.heads; ++h) ++heads[size_t(graph.outputs[h].node)];
  std::vector<at::Tensor> results(graph.nodes.size());
  auto linked_of = [&](const Region& region) {
    std::vector<at::Tensor> list;
    for (int source : region.sources) list.push_back(linked[size_t(source)]);
    return list;
  };
  for (size_t i = 1; i < graph.nodes.size(); ++i) {
    if (!has_value(i, pass)) continue;
    std::vector<int> sources = reads(i, pass);
    if (kept_by_recomputing(graph.nodes[i])) {
      Region region = region_of(*this, sources[0], pass);
      const Node& node = graph.nodes[i];
      const at::Tensor& from = plain[size_t(sources[0])];
      Recomputation r;
      bool idle_bias = pass.fusing && chains.idle_bias[i];
      at::Tensor weight = tensor(of_node[i].weight), bias = idle_bias ? at::Tensor() : tensor(of_node[i].bias);
      at::ScalarType type = convolution_type(i, from, pass);
      if (plain_convolution(i, from.size(1), pass)) {
        r.call = call_of(node);
        r.input = [this, i, region, again, &node, type](const std::vector<at::Tensor>& values) {
          at::Tensor before = across(compute(*this, region, values, again, again), size_t(region.target), i);
          return pad_for(node, channels_last(before.to(type)));
        };
      } else {
        r.input = [this, i, region, again](const std::vector<at::Tensor>& values) { return across(compute(*this, region, values, again, again), size_t(region.target), i); };
        r.whole = [this, i, again](const at::Tensor& x) { return value_here(i, {x}, again); };
      }
      at::Tensor x;
      OnLogicalDevice here(logical_device(i));
      {
        torch::NoGradGuard no_grad;
        x = across(from, size_t(sources[0]), i);
        if (!r.whole) x = pad_for(node, channels_last(x.to(type)));
      }
      at::Tensor y = recomputed_convolution(std::move(r), x, linked_of(region), parameters_of(*this, region, pass), weight, bias);
      linked[i] = pass.fusing || type == at::kDouble ? y : y.to(at::kFloat);
      if (logical_devices) backward_on_logical_device(device_of[i], linked[i], linked_of(region));
      watch_value(i, linked[i], pass);
      plain[i] = linked[i].detach();
      if (heads[i]) results[i] = linked[i];
    } else if (heads[i]) {                       // a head's last nodes follow autograd as they are
      Region region = region_of(*this, int(i), pass);
      results[i] = compute(*this, region, linked_of(region), again, pass);
      plain[i] = results[i].detach();
    } else {
      torch::NoGradGuard no_grad;
      std::vector<at::Tensor> in;
      for (int from : sources) in.push_back(plain[size_t(from)]);
      plain[i] = value(i, std::move(in), pass);
    }
    for (int from : sources)
      if (--readers[size_t(from)] == 0) plain[size_t(from)] = at::Tensor();
  }
  std::vector<at::Tensor> values;
  for (size_t h = 0; h < pass.heads; ++h) values.push_back(results[size_t(graph.outputs[h].node)]);
  return values;
}

}  // namespace tomograd
