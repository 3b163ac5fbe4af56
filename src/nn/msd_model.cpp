#include "nn/msd_model.h"

#include "base/error.h"

namespace tomograd {

const Node* msd_stack_node(const Graph& graph) {
  if (graph.nodes.size() != 3 || graph.outputs.size() != 1) return nullptr;
  const Node &stack = graph.nodes[1], &head = graph.nodes[2];
  bool alone = graph.nodes[0].op == Op::input && stack.op == Op::msd && stack.dims() == 3 && head.op == Op::conv && head.kernel == cube(1) && head.inputs == std::vector<int>{1};
  return alone ? &stack : nullptr;
}

MsdModel msd_model(Network& network, const std::string& what_for) {
  const Graph& graph = network.graph();
  auto refuse = [&](const std::string& has) { fail_input(what_for + " is for mixed-scale dense networks in 3-D; this network has " + has, "models of kind msd with dims = 3 and without normalisation can"); };
  int stack = -1, head = -1;
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    const Node& node = graph.nodes[i];
    if (node.op == Op::input) continue;
    if (node.op == Op::msd && stack < 0) stack = int(i);
    else if (node.op == Op::conv && head < 0 && node.kernel == cube(1) && node.inputs.size() == 1 && node.inputs[0] == stack && stack >= 0) head = int(i);
    else refuse("a node '" + node.name + "' besides");
  }
  if (stack < 0 || head < 0) refuse("none");
  const Node& node = graph.nodes[size_t(stack)];
  if (node.dims() != 3) refuse(text("layers in ", node.dims(), "-D"));

  MsdModel model;
  model.reflect = node.reflect;
  model.network.in_channels = graph.in_channels(), model.network.width = node.width, model.network.dilations = node.layer_dilations;
  std::vector<Parameter> parameters = tomograd::parameters(graph);
  auto state = network.state();
  for (size_t i = 0; i < parameters.size(); ++i) {
    bool weight = parameters[i].name.ends_with(".weight");
    at::Tensor tensor = state[i].second.detach().to(at::kCPU, at::kFloat).contiguous();
    if (state[i].first != parameters[i].name) fail_failure("the network's state has '" + state[i].first + "' where its graph has '" + parameters[i].name + "'");
    const float* data = tensor.const_data_ptr<float>();
    if (parameters[i].node == stack) (weight ? model.network.weight : model.network.bias).push_back(data);
    else if (weight) model.head.weight = data, model.head.classes = tensor.size(0), model.head.channels = tensor.size(1);
    else model.head.bias = data;
    model.tensors.push_back(std::move(tensor));
  }
  if (!model.head.bias) {                        // a convolution without one
    model.tensors.push_back(at::zeros({model.head.classes}, at::kFloat));
    model.head.bias = model.tensors.back().const_data_ptr<float>();
  }
  return model;
}

}  // namespace tomograd
