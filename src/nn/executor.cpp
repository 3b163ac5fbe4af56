// Private to the engine rooms
// The executor: walks the graph's nodes in order, frees every intermediate tensor after its last consumer, and leaves the
// derivatives to autograd. Where fused kernels know a chain of nodes, they run it in one go at the chain's last node.
#include <torch/torch.h>

#include "base/error.h"
#include "nn/few_channels.h"
#include "nn/lanczos.h"
#include "nn/layers.h"
#include "nn/logical_device.h"
#include "nn/msd_stack.h"
#include "nn/network_state.h"
#include "nn/norm_act.h"
#include "nn/upsample_join.h"

namespace tomograd {
namespace {

// One of the summands when nobody else will read it: the sum takes its place. -1 when there is none.
int reusable(const std::vector<at::Tensor>& in) {
  if (at::GradMode::is_enabled() || in.size() != 2 || in[0].sizes() != in[1].sizes() || in[0].scalar_type() != in[1].scalar_type()) return -1;
  for (int k : {1, 0})
    if (in[size_t(k)].use_count() == 1 && in[size_t(k)].storage().use_count() == 1) return k;
  return -1;
}

at::ScalarType compute_type(Precision precision, const at::Tensor& weight_like) {
  if (weight_like.scalar_type() == at::kDouble) return at::kDouble;
  return precision == Precision::bf16 ? at::kBFloat16 : precision == Precision::f16 ? at::kHalf : at::kFloat;
}

bool too_short_for_bfloat(const at::Tensor& x, bool planes) {
  Extent size = spatial_size(x);
  return x.device().is_cpu() && std::min({planes ? shortest_for_bfloat : size.z, size.y, size.x}) < shortest_for_bfloat;
}

}  // namespace

Pass Network::State::new_pass(const at::Tensor& input, bool training, int64_t step) const {
  Pass pass;
  pass.type = compute_type(precision, entries.empty() ? input : entries[0].tensor);
  pass.fusing = fused && input.device().is_cpu() && (pass.type == at::kFloat || pass.type == at::kBFloat16);
  pass.training = training;
  pass.step = step;
  pass.shape = shapes(graph, spatial_size(input));
  pass.heads = training ? graph.outputs.size() : 1;
  pass.needed = needed_nodes(graph, pass.heads);
  return pass;
}

bool Network::State::has_value(size_t i, const Pass& pass) const {
  return pass.needed[i] && !(pass.fusing && (chains.inside[i] || stack_inside[i]));
}

std::vector<int> Network::State::reads(size_t i, const Pass& pass) const {
  const Node& node = graph.nodes[i];
  if (!pass.fusing) return node.inputs;
  if (node.op == Op::conv && stack_inside[size_t(node.inputs[0])]) return graph.nodes[size_t(node.inputs[0])].inputs;
  if (int join = chains.join_at[i]; join >= 0) return {chains.joins[size_t(join)].skip, chains.joins[size_t(join)].deep};
  if (chains.chain_at[i] < 0) return node.inputs;
  const Chain& chain = chains.chains[size_t(chains.chain_at[i])];
  std::vector<int> list = {graph.nodes[size_t(chain.norm)].inputs[0]};
  if (chain.residual >= 0) list.push_back(chain.residual);
  return list;
}

std::vector<int> Network::State::reader_counts(const Pass& pass) const {
  std::vector<int> readers(graph.nodes.size(), 0);
  for (size_t i = 0; i < graph.nodes.size(); ++i)
    if (has_value(i, pass))
      for (int from : reads(i, pass)) ++readers[size_t(from)];
  for (size_t h = 0; h < pass.heads; ++h) ++readers[size_t(graph.outputs[h].node)];
  return readers;
}

at::Tensor Network::State::input_value(at::Tensor input, const Pass& pass) const {
  bool narrow = pass.type == at::kBFloat16 && input.device().is_cpu() && !too_short_for_bfloat(input, false) && only_convolved(graph, input.size(1));
  return input.to(pass.type == at::kDouble || narrow ? pass.type : at::kFloat);
}

NormTensors Network::State::norm_tensors(size_t node, bool again) const {
  const NodeTensors& p = of_node[node];
  NormTensors tensors{tensor(p.weight), tensor(p.bias), tensor(p.running_mean), tensor(p.running_var), tensor(p.ring_position)};
  if (again)
    for (at::Tensor* t : {&tensors.running_mean, &tensors.running_var, &tensors.ring_position})
      if (t->defined()) *t = t->clone();
  return tensors;
}

at::Tensor Network::State::run_stack(size_t i, int head, const at::Tensor& x, const Pass& pass) {
  MsdTensors tensors;
  for (int place : of_node[i].weights) tensors.weight.push_back(tensor(place));
  for (int place : of_node[i].biases) tensors.bias.push_back(tensor(place));
  if (head >= 0) tensors.final_weight = tensor(of_node[size_t(head)].weight), tensors.final_bias = tensor(of_node[size_t(head)].bias);
  if (pass.fusing) return msd_stack(graph.nodes[i], x, tensors, pass.type == at::kBFloat16);
  return msd_stack_plain(graph.nodes[i], x.to(pass.type == at::kDouble ? pass.type : at::kFloat), tensors);
}

at::ScalarType Network::State::convolution_type(size_t i, const at::Tensor& x, const Pass& pass) const {
  return pass.type == at::kBFloat16 && too_short_for_bfloat(x, sees_planes(graph.nodes[i])) ? at::kFloat : pass.type;
}

bool Network::State::plain_convolution(size_t i, int64_t in_channels, const Pass& pass) const {
  const Node& node = graph.nodes[i];
  return !pass.fusing || !(few_channels_fit(node, in_channels) || few_outputs_fit(node));
}

at::Tensor Network::State::convolve_node(size_t i, const at::Tensor& input, const Pass& pass) {
  at::ScalarType type = convolution_type(i, input, pass);
  const Node& node = graph.nodes[i];
  at::Tensor weight = tensor(of_node[i].weight), bias = tensor(of_node[i].bias);
  if (pass.fusing && chains.idle_bias[i]) bias = at::Tensor();  // run_chain hands it to the norm
  if (pass.fusing && few_channels_fit(node, input.size(1))) return few_channel_convolve(input.to(at::kFloat), weight, bias);
  if (pass.fusing && few_outputs_fit(node)) return few_output_convolve_transposed(input, weight, bias);
  at::Tensor x = channels_last(input.to(type));
  weight = channels_last(weight.to(at::TensorOptions(type), false, false, at::MemoryFormat::ChannelsLast3d));
  if (bias.defined()) bias = bias.to(type);
  at::Tensor y = node.op == Op::conv ? convolve(node, x, weight, bias) : convolve_transposed(node, x, weight, bias);
  return pass.fusing || type == at::kDouble ? y : y.to(at::kFloat);
}

at::Tensor Network::State::run_chain(const Chain& chain, const std::vector<at::Tensor>& in) {
  const Node& norm = graph.nodes[size_t(chain.norm)];
  const NodeTensors& p = of_node[size_t(chain.norm)];
  int before = norm.inputs[0];
  at::Tensor slope, idle_bias;
  const Node* activation = nullptr;
  if (chain.activation >= 0) activation = &graph.nodes[size_t(chain.activation)], slope = tensor(of_node[size_t(chain.activation)].slope);
  if (chains.idle_bias[size_t(before)]) idle_bias = tensor(of_node[size_t(before)].bias);
  return norm_act(norm, activation, in[0], tensor(p.weight), tensor(p.bias), slope, chain.residual >= 0 ? in[1] : at::Tensor(), idle_bias);
}

at::Tensor Network::State::run_node(size_t i, const std::vector<at::Tensor>& in, const Pass& pass) {
  const Node& node = graph.nodes[i];
  const NodeTensors& p = of_node[i];
  switch (node.op) {
    case Op::input: break;
    case Op::conv:
    case Op::transposed_conv: return convolve_node(i, in[0], pass);
    case Op::msd: return run_stack(i, -1, in[0], pass);
    case Op::norm: return normalize(node, in[0], norm_tensors(i, pass.again), pass.training, share);
    case Op::activation: return activate(node, in[0], tensor(p.slope));
    case Op::bias: return add_bias(in[0], tensor(p.bias));
    case Op::dropout: return drop_out(node, in[0], pass.training, seed, pass.step, share.first);
    case Op::pool: return pool(node, in[0]);
    case Op::subsample: return subsample(node, in[0]);
    case Op::lanczos: return lanczos(node, in[0]);
    case Op::upsample: return upsample(node, in[0], pass.shape[i].size);
    case Op::crop: return crop(node, in[0], pass.shape[i].size);
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

at::Tensor Network::State::value_here(size_t i, const std::vector<at::Tensor>& in, const Pass& pass) {
  const Node& node = graph.nodes[i];
  if (pass.fusing && node.op == Op::conv && stack_inside[size_t(node.inputs[0])]) return run_stack(size_t(node.inputs[0]), int(i), in[0], pass);
  if (pass.fusing && chains.chain_at[i] >= 0) return run_chain(chains.chains[size_t(chains.chain_at[i])], in);
  if (int join = chains.join_at[i]; pass.fusing && join >= 0) {
    at::ScalarType type = at::promote_types(in[0].scalar_type(), in[1].scalar_type());
    return upsample_join(in[0].to(type), in[1].to(type), chains.joins[size_t(join)].planes);
  }
  return run_node(i, in, pass);
}

at::Tensor Network::State::across(at::Tensor x, size_t from, size_t to) const {
  if (device_of.empty() || device_of[from] == device_of[to]) return x;
  return logical_devices ? cross_link(x, device_of[from], device_of[to]) : x.to(at::Device(devices[size_t(device_of[to])]));
}

// In a second computation each reader has a value of its own, with a part of the gradient.
void Network::State::watch_value(size_t i, const at::Tensor& y, const Pass& pass) const {
  if (!watch || pass.again || !y.requires_grad()) return;
  y.register_hook([watch = watch, node = int(i)](const at::Tensor& gradient) {
    if (gradient.defined()) (*watch)(node, gradient);
  });
}

at::Tensor Network::State::value(size_t i, std::vector<at::Tensor> in, const Pass& pass) {
  const Node& node = graph.nodes[i];
  at::Tensor y;
  if (device_of.empty()) {
    y = value_here(i, in, pass);
  } else {
    std::vector<int> sources = reads(i, pass);
    for (size_t k = 0; k < in.size(); ++k) in[k] = across(std::move(in[k]), size_t(sources[k]), i);
    OnLogicalDevice here(logical_device(i));
    y = value_here(i, in, pass);
    if (logical_devices && y.requires_grad()) backward_on_logical_device(device_of[i], y, in);
  }
  if (spatial_size(y) != pass.shape[i].size || y.size(1) != pass.shape[i].channels)
    fail_failure(text("node ", node.name, " made ", y.size(1), " channels of ", to_string(spatial_size(y)), ", the graph says ", pass.shape[i].channels, " of ",
                      to_string(pass.shape[i].size)));
  watch_value(i, y, pass);
  return y;
}

std::vector<at::Tensor> Network::State::run(at::Tensor input, const Pass& pass) {
  std::vector<int> readers = reader_counts(pass);
  std::vector<at::Tensor> values(graph.nodes.size());
  values[0] = input_value(std::move(input), pass);
  for (size_t i = 1; i < graph.nodes.size(); ++i) {
    if (!has_value(i, pass)) continue;
    std::vector<int> sources = reads(i, pass);
    std::vector<at::Tensor> in;
    for (int from : sources) in.push_back(readers[size_t(from)] == 1 ? std::move(values[size_t(from)]) : values[size_t(from)]);
    values[i] = value(i, std::move(in), pass);
    for (int from : sources)
      if (--readers[size_t(from)] == 0) values[size_t(from)] = at::Tensor();
  }
  std::vector<at::Tensor> heads;
  for (size_t h = 0; h < pass.heads; ++h) heads.push_back(values[size_t(graph.outputs[h].node)]);
  return heads;
}

}  // namespace tomograd
