// Private to the engine rooms. Every channel of every node has an identity: an input's is its modality, a head's its class, any
// other the node and place where a convolution made it. Nodes that do not mix channels hand identities on, so that a tensor's
// axes can be matched entry by entry.
#include "nn/transfer.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <map>

#include "base/error.h"

namespace tomograd {
namespace {

struct Identity {
  std::string name;
  bool made = false;      // by a convolution inside the network, where a place has no meaning outside the same layout
  bool is_class = false;
  bool operator<(const Identity& other) const { return name < other.name; }
};
using Identities = std::vector<Identity>;

bool mixes(const Node& node) { return node.op == Op::conv || node.op == Op::transposed_conv; }

// Nodes whose channels are the classes of an output.
std::vector<bool> class_nodes(const Graph& graph) {
  std::vector<bool> found(graph.nodes.size(), false);
  for (const Head& head : graph.outputs) found[size_t(head.node)] = true;
  for (size_t i = graph.nodes.size(); i-- > 0;) {
    const Node& node = graph.nodes[i];
    if (!found[i] || mixes(node) || node.op == Op::concat || node.op == Op::input) continue;
    for (int from : node.inputs) found[size_t(from)] = found[size_t(from)] || graph.nodes[size_t(from)].channels == node.channels;
  }
  return found;
}

std::vector<Identities> identities_of(const Graph& graph, const NetworkNames& names) {
  std::vector<bool> classes = class_nodes(graph);
  std::vector<Identities> all(graph.nodes.size());
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    const Node& node = graph.nodes[i];
    Identities& own = all[i];
    if (node.op == Op::concat) {
      for (int from : node.inputs) own.insert(own.end(), all[size_t(from)].begin(), all[size_t(from)].end());
    } else if (node.op != Op::input && !mixes(node)) {
      own = all[size_t(node.inputs.front())];
    } else {
      const auto& known = node.op == Op::input ? names.channels : names.classes;
      bool named = (node.op == Op::input || classes[i]) && int64_t(known.size()) == node.channels;
      const char* kind = node.op == Op::input ? "channel " : "class ";
      for (int64_t c = 0; c < node.channels; ++c) own.push_back(named ? Identity{kind + known[size_t(c)], false, node.op != Op::input} : Identity{text(node.name, " ", c), true, false});
    }
  }
  return all;
}

// One axis of a tensor: where each entry comes from, -1 = nowhere; matches = false when the two axes cannot be compared.
struct Axis { bool matches = true; std::vector<int64_t> into, from; };

Axis match(const Identities& into, const Identities& from) {
  auto made = [](const Identities& list) { return std::count_if(list.begin(), list.end(), [](const Identity& one) { return one.made; }); };
  Axis axis;
  std::map<Identity, std::vector<int64_t>> places;
  for (size_t i = from.size(); i-- > 0;) places[from[i]].push_back(int64_t(i));  // of equal ones the first is taken first
  int64_t made_taken = 0;
  for (size_t i = 0; i < into.size(); ++i) {
    auto found = places.find(into[i]);
    if (found == places.end() || found->second.empty()) continue;
    axis.into.push_back(int64_t(i)), axis.from.push_back(found->second.back());
    found->second.pop_back();
    made_taken += into[i].made;
  }
  axis.matches = made_taken == made(into) && made_taken == made(from) && !axis.into.empty();
  return axis;
}

Axis whole(int64_t size, int64_t other) {
  Axis axis;
  axis.matches = size == other;
  for (int64_t i = 0; i < size; ++i) axis.into.push_back(i), axis.from.push_back(i);
  return axis;
}

// What the axes of a node's tensor stand for; an empty entry is a plain axis (kernel sizes, the last 60 means).
std::vector<const Identities*> axes_of(const Node& node, size_t place, const std::vector<Identities>& all, const std::string& part, const at::Tensor& tensor) {
  std::vector<const Identities*> axes(size_t(tensor.dim()), nullptr);
  const Identities& out = all[place];
  if (mixes(node) && part == "weight") {
    const Identities& in = all[size_t(node.inputs.front())];
    axes[0] = node.op == Op::conv ? &out : &in, axes[1] = node.op == Op::conv ? &in : &out;
  } else if (tensor.dim() > 0 && tensor.size(tensor.dim() - 1) == int64_t(out.size())) {
    axes.back() = &out;  // bias, norm, slope; a single slope or position has size 1 and is plain unless there is one channel
  }
  return axes;
}

void sort_names(const std::vector<std::string>& wanted, const std::vector<std::string>& there, std::vector<std::string>& taken, std::vector<std::string>& fresh, std::vector<std::string>& unused) {
  auto holds = [](const std::vector<std::string>& list, const std::string& name) { return std::find(list.begin(), list.end(), name) != list.end(); };
  for (const auto& name : wanted) (holds(there, name) ? taken : fresh).push_back(name);
  for (const auto& name : there)
    if (!holds(wanted, name)) unused.push_back(name);
}

std::map<std::string, size_t> places_of(const Graph& graph) {
  std::map<std::string, size_t> places;
  for (size_t i = 0; i < graph.nodes.size(); ++i) places[graph.nodes[i].name] = i;
  return places;
}

}  // namespace

Transfer transfer_weights(Network& into, const NetworkNames& names, Network& from, const NetworkNames& from_names) {
  at::NoGradGuard no_grad;
  Transfer result;
  sort_names(names.channels, from_names.channels, result.channels_taken, result.channels_fresh, result.channels_unused);
  sort_names(names.classes, from_names.classes, result.classes_taken, result.classes_fresh, result.classes_unused);
  auto own = identities_of(into.graph(), names), other = identities_of(from.graph(), from_names);
  auto own_places = places_of(into.graph()), other_places = places_of(from.graph());
  std::map<std::string, at::Tensor> source;
  for (auto& [name, tensor] : from.state()) source.emplace(name, tensor);
  std::map<std::string, bool> trained;
  for (auto& [name, tensor] : into.parameters()) trained[name] = true, result.numbers += tensor.numel();

  for (auto& [name, tensor] : into.state()) {
    size_t dot = name.rfind('.');
    std::string owner = name.substr(0, dot), part = name.substr(dot + 1);
    auto there = source.find(name);
    auto node = own_places.find(owner), twin = other_places.find(owner);
    ++result.tensors_fresh;
    if (there == source.end() || node == own_places.end() || twin == other_places.end() || there->second.dim() != tensor.dim()) continue;
    const Node& here = into.graph().nodes[node->second];
    const Node& away = from.graph().nodes[twin->second];
    if (here.op != away.op) continue;
    auto mine = axes_of(here, node->second, own, part, tensor), theirs = axes_of(away, twin->second, other, part, there->second);
    at::Tensor values = there->second.detach(), kept = tensor.detach();
    bool matches = true;
    int64_t taken = 1;
    std::vector<Axis> axes;
    for (size_t a = 0; a < mine.size() && matches; ++a) {
      axes.push_back(mine[a] && theirs[a] ? match(*mine[a], *theirs[a]) : whole(tensor.size(int64_t(a)), values.size(int64_t(a))));
      matches = axes.back().matches;
      taken *= int64_t(axes.back().into.size());
      if (matches) values = values.index_select(int64_t(a), at::tensor(axes.back().from));
    }
    if (!matches) continue;
    // Axes are put back one by one, from the last: what is not taken along an axis keeps what the network had there.
    for (size_t a = axes.size(); a-- > 0;) {
      at::Tensor wide = kept;
      for (size_t before = 0; before < a; ++before) wide = wide.index_select(int64_t(before), at::tensor(axes[before].into));
      values = wide.index_copy(int64_t(a), at::tensor(axes[a].into), values.to(kept.scalar_type()));
    }
    kept.copy_(values);
    --result.tensors_fresh;
    ++(taken == tensor.numel() ? result.tensors_whole : result.tensors_partly);
    if (trained.contains(name)) result.numbers_taken += taken;
    bool from_classes = mixes(here) && !own[size_t(here.inputs.front())].empty() && own[size_t(here.inputs.front())].front().is_class;
    result.any_convolution = result.any_convolution || (mixes(here) && part == "weight" && !from_classes);
  }
  return result;
}

}  // namespace tomograd
