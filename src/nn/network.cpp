// A network's tensors, made from the graph; executor.cpp runs it.
#include "nn/network.h"

#include <torch/torch.h>

#include <algorithm>

#include "base/error.h"
#include "nn/initial_weights.h"
#include "nn/logical_device.h"
#include "nn/network_state.h"

namespace tomograd {

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
void Network::share_batch(const BatchShare& share) { state_->share = share; }
const BatchShare& Network::batch_share() const { return state_->share; }
void Network::watch_gradients(GradientWatch watch) { state_->watch = watch ? std::make_shared<const GradientWatch>(std::move(watch)) : nullptr; }
void Network::use_fused(bool on) { state_->fused = on; }
void Network::use_recomputing(bool on) { state_->recomputing = on; }

void Network::set_precision(Precision precision) {
  bool on_cpu = state_->entries.empty() || state_->entries[0].tensor.device().is_cpu();
  if (precision == Precision::f16 && on_cpu) fail_usage("precision f16 is not available on a CPU", "use bf16 or f32");
  state_->precision = precision;
}

void Network::to_device(const std::string& device) {
  torch::NoGradGuard no_grad;
  for (Entry& e : state_->entries) e.tensor.set_data(e.tensor.to(at::Device(device)));
}

void Network::split(std::vector<int> device_of, std::vector<std::string> devices) {
  State& s = *state_;
  if (device_of.size() != s.graph.nodes.size()) fail_failure(text("a split of ", device_of.size(), " nodes for a network of ", s.graph.nodes.size()));
  for (int place : device_of)
    if (place < 0 || size_t(place) >= devices.size()) fail_input(text("the split names device ", place, " of ", devices.size()));
  for (size_t i = 0; i < device_of.size(); ++i) {
    if (int chain = s.chains.chain_at[i]; chain >= 0)
      for (int node : {s.chains.chains[size_t(chain)].norm, s.chains.chains[size_t(chain)].activation})
        if (node >= 0) device_of[size_t(node)] = device_of[i];
    if (!s.graph.nodes[i].inputs.empty() && s.stack_inside[size_t(s.graph.nodes[i].inputs[0])]) device_of[size_t(s.graph.nodes[i].inputs[0])] = device_of[i];
  }
  s.logical_devices = std::all_of(devices.begin(), devices.end(), [](const std::string& d) { return d == "cpu"; });
  if (s.logical_devices) use_logical_devices();
  s.device_of = std::move(device_of), s.devices = std::move(devices);
  torch::NoGradGuard no_grad;
  std::vector<Parameter> made_from = tomograd::parameters(s.graph);  // one entry each, in this order
  for (size_t i = 0; i < made_from.size(); ++i) {
    Entry& entry = s.entries[i];
    int place = s.device_of[size_t(made_from[i].node)];
    OnLogicalDevice there(s.logical_devices ? place : -1);
    entry.tensor.set_data(s.logical_devices ? entry.tensor.clone() : entry.tensor.to(at::Device(s.devices[size_t(place)])));
  }
}

void Network::to_double() {
  torch::NoGradGuard no_grad;
  for (Entry& e : state_->entries)
    if (e.tensor.is_floating_point()) e.tensor.set_data(e.tensor.to(at::kDouble));
}

std::vector<at::Tensor> Network::forward(at::Tensor input, bool training, int64_t step) {
  State& s = *state_;
  if (input.dim() != 5 || input.size(1) != s.graph.in_channels())
    fail_input(text("the network takes [n][", s.graph.in_channels(), "][z][y][x], the input has ", input.dim(), " axes",
                    input.dim() > 1 ? text(" and ", input.size(1), " channels") : std::string()));
  torch::AutoGradMode grad_mode(training && at::GradMode::is_enabled());
  Pass pass = s.new_pass(input, training, step);
  std::vector<at::Tensor> heads = s.recomputing && at::GradMode::is_enabled() ? s.run_recomputing(std::move(input), pass) : s.run(std::move(input), pass);
  if (pass.type != at::kDouble)
    for (at::Tensor& head : heads) head = head.to(at::kFloat);
  return heads;
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
