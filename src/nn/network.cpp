// The executor: walks the graph's nodes in order, frees every intermediate tensor after its last consumer, and leaves the
// derivatives to autograd. Where fused kernels know a chain of nodes, they run it in one go at the chain's last node.
#include "nn/network.h"

#include <torch/torch.h>

#include "base/error.h"
#include "nn/initial_weights.h"
#include "nn/few_channels.h"
#include "nn/layers.h"
#include "nn/msd_stack.h"
#include "nn/norm_act.h"
#include "nn/norms.h"

namespace tomograd {

namespace {

struct Entry { std::string name; at::Tensor tensor; bool trained; };

struct NodeTensors {  // places in State::entries, -1 = the node has none
  int weight = -1, bias = -1, slope = -1, running_mean = -1, running_var = -1, ring_position = -1;
  std::vector<int> weights, biases;              // of a mixed-scale dense stack, by layer
};

// Whether a node's channels are the input's channels, possibly at other places: crop, subsample, pool and their like.
std::vector<bool> carriers_of_input(const Graph& graph) {
  std::vector<bool> carries(graph.nodes.size(), false);
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    const Node& node = graph.nodes[i];
    bool mixes = node.op == Op::conv || node.op == Op::transposed_conv || node.op == Op::concat || node.op == Op::add || node.op == Op::msd;
    carries[i] = node.op == Op::input || (!mixes && carries[size_t(node.inputs[0])]);
  }
  return carries;
}

// Norm, activation and residual that run as one (norm_act.h); a node that stands in the middle of a chain has no value.
struct Chain { int norm = -1, activation = -1, add = -1, residual = -1; };

struct Chains {
  std::vector<int> chain_at;                     // node -> chain that ends there, -1
  std::vector<bool> inside;                      // node has no value of its own
  std::vector<bool> idle_bias;                   // convolution whose bias the norm behind it cancels
  std::vector<Chain> chains;
};

Chains find_chains(const Graph& graph) {
  size_t count = graph.nodes.size();
  std::vector<std::vector<int>> readers(count);
  for (size_t i = 0; i < count; ++i)
    for (int from : graph.nodes[i].inputs) readers[size_t(from)].push_back(int(i));
  for (const Head& output : graph.outputs) readers[size_t(output.node)].push_back(-1);
  Chains found{std::vector<int>(count, -1), std::vector<bool>(count, false), std::vector<bool>(count, false), {}};
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
  return found;
}

// Whether every reader of the input is a convolution that computes in the number format of the network, so that the input can
// be kept in that format alone.
bool only_convolved(const Graph& graph, int64_t channels) {
  for (const Node& node : graph.nodes)
    for (int from : node.inputs) {
      if (graph.nodes[size_t(from)].op != Op::input) continue;
      if (node.op != Op::conv || few_channels_fit(node, channels)) return false;  // a stack reads float32 too
    }
  return true;
}

// One of the summands when nobody else will read it: the sum takes its place. -1 when there is none.
int reusable(const std::vector<at::Tensor>& in) {
  if (at::GradMode::is_enabled() || in.size() != 2 || in[0].sizes() != in[1].sizes() || in[0].scalar_type() != in[1].scalar_type()) return -1;
  for (int k : {1, 0})
    if (in[size_t(k)].use_count() == 1 && in[size_t(k)].storage().use_count() == 1) return k;
  return -1;
}

// A stack whose only reader is a 1x1x1 convolution is computed with it, at the convolution's node.
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

// Nodes that the wanted heads depend on.
std::vector<bool> needed_nodes(const Graph& graph, size_t heads) {
  std::vector<bool> needed(graph.nodes.size(), false);
  for (size_t h = 0; h < heads; ++h) needed[size_t(graph.outputs[h].node)] = true;
  for (size_t i = graph.nodes.size(); i-- > 0;)
    if (needed[i])
      for (int from : graph.nodes[i].inputs) needed[size_t(from)] = true;
  return needed;
}

at::ScalarType compute_type(Precision precision, const at::Tensor& weight_like) {
  if (weight_like.scalar_type() == at::kDouble) return at::kDouble;
  return precision == Precision::bf16 ? at::kBFloat16 : precision == Precision::f16 ? at::kHalf : at::kFloat;
}

}  // namespace

struct Network::State {
  Graph graph;
  uint64_t seed = 0;
  Precision precision = Precision::f32;
  bool fused = true;
  std::vector<Entry> entries;
  std::vector<NodeTensors> of_node;
  Chains chains;
  std::vector<bool> stack_inside;                // node is a stack without a value of its own

  at::Tensor tensor(int place) const { return place < 0 ? at::Tensor() : entries[size_t(place)].tensor; }
  int add(std::string name, at::Tensor value, bool trained) {
    value.requires_grad_(trained);
    entries.push_back({std::move(name), std::move(value), trained});
    return int(entries.size()) - 1;
  }
  NormTensors norm_tensors(size_t node) const {
    const NodeTensors& p = of_node[node];
    return {tensor(p.weight), tensor(p.bias), tensor(p.running_mean), tensor(p.running_var), tensor(p.ring_position)};
  }
  at::Tensor run_stack(size_t i, int head, const at::Tensor& x, at::ScalarType type, bool fusing) {
    MsdTensors tensors;
    for (int place : of_node[i].weights) tensors.weight.push_back(tensor(place));
    for (int place : of_node[i].biases) tensors.bias.push_back(tensor(place));
    if (head >= 0) tensors.final_weight = tensor(of_node[size_t(head)].weight), tensors.final_bias = tensor(of_node[size_t(head)].bias);
    if (fusing) return msd_stack(graph.nodes[i], x, tensors, type == at::kBFloat16);
    return msd_stack_plain(graph.nodes[i], x.to(type == at::kDouble ? type : at::kFloat), tensors);
  }
  at::Tensor convolve_node(size_t i, const at::Tensor& x, at::ScalarType type, bool fusing);
  at::Tensor run_node(size_t i, const std::vector<at::Tensor>& in, const Extent& size, at::ScalarType type, bool fusing, bool training, int64_t step);
  at::Tensor run_chain(const Chain& chain, const std::vector<at::Tensor>& values);
};

Network::Network(Graph graph, uint64_t seed, const std::vector<std::string>& channel_names) : state_(std::make_unique<State>()) {
  State& s = *state_;
  if (!channel_names.empty() && int64_t(channel_names.size()) != graph.in_channels())
    fail_input(text("the network has ", graph.in_channels(), " input channels but ", channel_names.size(), " channel names were given"));
  s.graph = std::move(graph);
  s.seed = seed;
  s.of_node.resize(s.graph.nodes.size());
  s.chains = find_chains(s.graph);
  s.stack_inside = stacks_inside(s.graph);
  std::vector<bool> carries = carriers_of_input(s.graph);
  for (const Parameter& parameter : tomograd::parameters(s.graph)) {
    size_t dot = parameter.name.rfind('.');
    size_t i = size_t(parameter.node);
    const Node& node = s.graph.nodes[i];
    bool reads_input = !node.inputs.empty() && carries[size_t(node.inputs[0])];
    int place = s.add(parameter.name, initial_value(s.graph, node, parameter, reads_input, seed, channel_names), parameter.trained);
    std::string part = parameter.name.substr(dot + 1);
    NodeTensors& t = s.of_node[i];
    if (node.op == Op::msd) {
      (part == "weight" ? t.weights : t.biases).push_back(place);
      continue;
    }
    int* slot = part == "weight" ? &t.weight : part == "bias" ? &t.bias : part == "slope" ? &t.slope : part == "running_mean" ? &t.running_mean
              : part == "running_var" ? &t.running_var : part == "ring_position" ? &t.ring_position : nullptr;
    if (!slot) fail_failure(text("parameter ", parameter.name, " is of no known kind"));
    *slot = place;
  }
}

Network::~Network() = default;
Network::Network(Network&&) noexcept = default;
Network& Network::operator=(Network&&) noexcept = default;

const Graph& Network::graph() const { return state_->graph; }
Precision Network::precision() const { return state_->precision; }
void Network::use_fused(bool on) { state_->fused = on; }

void Network::set_precision(Precision precision) {
  bool on_cpu = state_->entries.empty() || state_->entries[0].tensor.device().is_cpu();
  if (precision == Precision::f16 && on_cpu) fail_usage("precision f16 is not available on a CPU", "use bf16 or f32");
  state_->precision = precision;
}

void Network::to_device(const std::string& device) {
  torch::NoGradGuard no_grad;
  for (Entry& e : state_->entries) e.tensor.set_data(e.tensor.to(at::Device(device)));
}

void Network::to_double() {
  torch::NoGradGuard no_grad;
  for (Entry& e : state_->entries)
    if (e.tensor.is_floating_point()) e.tensor.set_data(e.tensor.to(at::kDouble));
}

// oneDNN's weight gradient in bfloat16 reads what is not there when an axis is this short (libtorch 2.13: random and infinite
// values, seen for 1 and 2 voxels), so such small convolutions stay in float32.
constexpr int64_t shortest_for_bfloat = 4;

at::Tensor Network::State::convolve_node(size_t i, const at::Tensor& input, at::ScalarType type, bool fusing) {
  Extent from = spatial_size(input);
  if (type == at::kBFloat16 && input.device().is_cpu() && std::min({from.z, from.y, from.x}) < shortest_for_bfloat) type = at::kFloat;
  const Node& node = graph.nodes[i];
  at::Tensor weight = tensor(of_node[i].weight), bias = tensor(of_node[i].bias);
  if (fusing && chains.idle_bias[i]) bias = at::Tensor();  // run_chain hands it to the norm
  if (fusing && few_channels_fit(node, input.size(1))) return few_channel_convolve(input.to(at::kFloat), weight, bias);
  if (fusing && few_outputs_fit(node)) return few_output_convolve_transposed(input, weight, bias);
  at::Tensor x = input.to(type).contiguous(at::MemoryFormat::ChannelsLast3d);
  weight = weight.to(type).contiguous(at::MemoryFormat::ChannelsLast3d);
  if (bias.defined()) bias = bias.to(type);
  at::Tensor y = node.op == Op::conv ? convolve(node, x, weight, bias) : convolve_transposed(node, x, weight, bias);
  return fusing || type == at::kDouble ? y : y.to(at::kFloat);
}

at::Tensor Network::State::run_chain(const Chain& chain, const std::vector<at::Tensor>& values) {
  const Node& norm = graph.nodes[size_t(chain.norm)];
  const NodeTensors& p = of_node[size_t(chain.norm)];
  int before = norm.inputs[0];
  at::Tensor slope, residual, idle_bias;
  const Node* activation = nullptr;
  if (chain.activation >= 0) activation = &graph.nodes[size_t(chain.activation)], slope = tensor(of_node[size_t(chain.activation)].slope);
  if (chain.residual >= 0) residual = values[size_t(chain.residual)];
  if (chains.idle_bias[size_t(before)]) idle_bias = tensor(of_node[size_t(before)].bias);
  return norm_act(norm, activation, values[size_t(before)], tensor(p.weight), tensor(p.bias), slope, residual, idle_bias);
}

at::Tensor Network::State::run_node(size_t i, const std::vector<at::Tensor>& in, const Extent& size, at::ScalarType type, bool fusing, bool training, int64_t step) {
  const Node& node = graph.nodes[i];
  const NodeTensors& p = of_node[i];
  switch (node.op) {
    case Op::input: break;
    case Op::conv:
    case Op::transposed_conv: return convolve_node(i, in[0], type, fusing);
    case Op::msd: return run_stack(i, -1, in[0], type, fusing);
    case Op::norm: return normalize(node, in[0], norm_tensors(i), training);
    case Op::activation: return activate(node, in[0], tensor(p.slope));
    case Op::bias: return add_bias(in[0], tensor(p.bias));
    case Op::dropout: return drop_out(node, in[0], training, seed, step);
    case Op::pool: return pool(node, in[0]);
    case Op::subsample: return subsample(node, in[0]);
    case Op::upsample: return upsample(node, in[0], size);
    case Op::crop: return crop(node, in[0], size);
    case Op::concat: return at::cat(in, 1);
    case Op::add:
      if (int k = reusable(in); k >= 0) {
        at::Tensor sum = in[size_t(k)];
        return sum.add_(in[size_t(1 - k)]);
      }
      return add_nodes(node, in);
  }
  fail_failure(text("node ", node.name, " cannot be run"));
}

std::vector<at::Tensor> Network::forward(at::Tensor input, bool training, int64_t step) {
  State& s = *state_;
  if (input.dim() != 5 || input.size(1) != s.graph.in_channels())
    fail_input(text("the network takes [n][", s.graph.in_channels(), "][z][y][x], the input has ", input.dim(), " axes",
                    input.dim() > 1 ? text(" and ", input.size(1), " channels") : std::string()));
  torch::AutoGradMode grad_mode(training && at::GradMode::is_enabled());
  std::vector<NodeShape> shape = shapes(s.graph, spatial_size(input));
  size_t heads = training ? s.graph.outputs.size() : 1;
  std::vector<bool> needed = needed_nodes(s.graph, heads);
  std::vector<int> readers(s.graph.nodes.size(), 0);
  for (size_t i = 0; i < s.graph.nodes.size(); ++i)
    if (needed[i])
      for (int from : s.graph.nodes[i].inputs) ++readers[size_t(from)];
  for (size_t h = 0; h < heads; ++h) ++readers[size_t(s.graph.outputs[h].node)];

  at::Tensor weight_like = s.entries.empty() ? input : s.entries[0].tensor;
  at::ScalarType type = compute_type(s.precision, weight_like);
  bool fusing = s.fused && input.device().is_cpu() && (type == at::kFloat || type == at::kBFloat16);
  std::vector<at::Tensor> values(s.graph.nodes.size());
  for (size_t i = 0; i < s.graph.nodes.size(); ++i) {
    if (!needed[i]) continue;
    const Node& node = s.graph.nodes[i];
    if (node.op == Op::input) {
      Extent size = spatial_size(input);
      bool narrow = type == at::kBFloat16 && input.device().is_cpu() && std::min({size.z, size.y, size.x}) >= shortest_for_bfloat && only_convolved(s.graph, input.size(1));
      values[i] = input.to(type == at::kDouble || narrow ? type : at::kFloat);
      input = at::Tensor();
      continue;
    }
    if (fusing && (s.chains.inside[i] || s.stack_inside[i])) continue;
    std::vector<int> sources = node.inputs;
    if (fusing && node.op == Op::conv && s.stack_inside[size_t(node.inputs[0])]) {
      int stack = node.inputs[0];
      sources = s.graph.nodes[size_t(stack)].inputs;
      values[i] = s.run_stack(size_t(stack), int(i), values[size_t(sources[0])], type, fusing);
    } else if (fusing && s.chains.chain_at[i] >= 0) {
      const Chain& chain = s.chains.chains[size_t(s.chains.chain_at[i])];
      sources = {s.graph.nodes[size_t(chain.norm)].inputs[0]};
      if (chain.residual >= 0) sources.push_back(chain.residual);
      values[i] = s.run_chain(chain, values);
    } else {
      std::vector<at::Tensor> in;
      for (int from : sources) in.push_back(readers[size_t(from)] == 1 ? std::move(values[size_t(from)]) : values[size_t(from)]);
      values[i] = s.run_node(i, in, shape[i].size, type, fusing, training, step);
    }
    if (spatial_size(values[i]) != shape[i].size || values[i].size(1) != shape[i].channels)
      fail_failure(text("node ", node.name, " made ", values[i].size(1), " channels of ", to_string(spatial_size(values[i])), ", the graph says ",
                        shape[i].channels, " of ", to_string(shape[i].size)));
    for (int from : sources)
      if (--readers[size_t(from)] == 0) values[size_t(from)] = at::Tensor();
  }
  std::vector<at::Tensor> result;
  for (size_t h = 0; h < heads; ++h) {
    const at::Tensor& head = values[size_t(s.graph.outputs[h].node)];
    result.push_back(type == at::kDouble ? head : head.to(at::kFloat));
  }
  return result;
}

std::vector<std::pair<std::string, at::Tensor>> Network::parameters() {
  std::vector<std::pair<std::string, at::Tensor>> list;
  for (const Entry& e : state_->entries)
    if (e.trained) list.emplace_back(e.name, e.tensor);
  return list;
}

std::vector<std::pair<std::string, at::Tensor>> Network::state() {
  std::vector<std::pair<std::string, at::Tensor>> list;
  for (const Entry& e : state_->entries) list.emplace_back(e.name, e.tensor);
  return list;
}

void Network::load(const std::map<std::string, at::Tensor>& tensors, bool partial) {
  torch::NoGradGuard no_grad;
  for (Entry& e : state_->entries) {
    auto found = tensors.find(e.name);
    if (found == tensors.end()) {
      if (partial) continue;
      fail_input(text("the file has no tensor '", e.name, "' for this network"));
    }
    const at::Tensor& from = found->second;
    if (from.sizes() == e.tensor.sizes()) {
      e.tensor.copy_(from);
      continue;
    }
    std::ostringstream sizes;
    sizes << from.sizes() << ", this network needs " << e.tensor.sizes();
    fail_input(text("tensor '", e.name, "' has shape ", sizes.str()));
  }
}

}  // namespace tomograd
