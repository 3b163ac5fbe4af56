#include "arch/describe.h"

#include <cmath>

#include "arch/axis.h"
#include "arch/msd.h"
#include "base/error.h"

namespace tomograd {
namespace {

Value sizes(Extent e) { return Value(Value::List{e.z, e.y, e.x}); }

const char* padding_name(Padding padding) {
  switch (padding) {
    case Padding::valid: return "valid";
    case Padding::same: return "same";
    case Padding::mirror: return "mirror";
    case Padding::reflect: return "reflect";
  }
  return "?";
}

std::string padding_text(const Node& node) {
  if (node.padding[0] == node.padding[1] && node.padding[1] == node.padding[2]) return padding_name(node.padding[0]);
  return text(padding_name(node.padding[0]), ",", padding_name(node.padding[1]), ",", padding_name(node.padding[2]));
}

Value node_list(const Graph& graph, const std::vector<NodeShape>& all) {
  std::vector<int64_t> trained(graph.nodes.size(), 0);
  for (const Parameter& parameter : parameters(graph))
    if (parameter.trained) trained[size_t(parameter.node)] += element_count(parameter.shape);
  Value::List list;
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    const Node& node = graph.nodes[i];
    Value item = Value::table();
    item["name"] = node.name;
    item["op"] = op_name(node.op);
    item["does"] = node_sentence(graph, node);
    Value::List inputs;
    for (int input : node.inputs) inputs.push_back(graph.nodes[size_t(input)].name);
    item["inputs"] = Value(std::move(inputs));
    item["channels"] = node.channels;
    item["size"] = sizes(all[i].size);
    item["parameters"] = trained[i];
    list.push_back(std::move(item));
  }
  return Value(std::move(list));
}

Value stack_list(const Graph& graph) {
  Value::List list;
  for (const Node& node : graph.nodes) {
    if (node.op != Op::msd) continue;
    Value item = Value::table();
    item["name"] = node.name;
    item["depth"] = node.depth();
    item["width"] = node.width;
    item["dims"] = int64_t(node.dims());
    item["dilations"] = Value::list_of(msd_dilations(node));
    item["border"] = node.reflect ? "reflect" : "zero";
    item["does"] = node_sentence(graph, node);
    list.push_back(std::move(item));
  }
  return Value(std::move(list));
}

}  // namespace

std::string node_sentence(const Graph& graph, const Node& node) {
  std::string name = op_name(node.op);
  switch (node.op) {
    case Op::conv:
    case Op::transposed_conv: {
      std::string sentence = text(name, " ", to_string(node.kernel));
      if (node.stride != cube(1)) sentence += text(" stride ", to_string(node.stride));
      if (node.dilation != cube(1)) sentence += text(" dilation ", to_string(node.dilation));
      if (node.op == Op::conv && node.kernel != cube(1)) sentence += " " + padding_text(node);
      return sentence;
    }
    case Op::norm: return text("norm ", norm_name(node.norm));
    case Op::activation: return activation_name(node.activation);
    case Op::dropout: return text("dropout ", node.dropout);
    case Op::pool: return text(node.max_pool ? "max pool " : "average pool ", to_string(node.factor));
    case Op::subsample: return text("every ", to_string(node.factor), "th voxel");
    case Op::lanczos: return text("lanczos", node.lobes, " down-sampling ", to_string(node.factor));
    case Op::upsample: return text("upsample ", to_string(node.factor), node.linear_upsample ? " linear" : " nearest");
    case Op::crop:
      if (node.like >= 0) return text("crop to the size of ", graph.nodes[size_t(node.like)].name, ", ", node.crop_anchor);
      if (node.crop_size.z > 0) return text("crop to ", to_string(node.crop_size), ", ", node.crop_anchor);
      return text("crop ", to_string(node.crop_before), " before, ", to_string(node.crop_after), " after");
    case Op::msd:
      return text(name, " ", to_string(node.kernel), " depth ", node.depth(), " width ", node.width, ", ", msd_dilations_text(node),
                  node.reflect ? ", reflected border" : ", zero border");
    default: return name;
  }
}

std::vector<std::string> graph_warnings(const Graph& graph, Extent patch) {
  std::vector<std::string> list;
  auto all = shapes(graph, patch);
  for (size_t i = 0; i < graph.nodes.size(); ++i)
    if (graph.nodes[i].op == Op::norm && graph.nodes[i].norm == Norm::instance && all[i].size == cube(1))
      list.push_back(text("at this patch ", graph.nodes[i].name, " normalises over a single voxel, which erases it"));
  for (int axis = 0; axis < 3; ++axis) {
    std::vector<int64_t> along;
    for (const NodeShape& shape : all) along.push_back(shape.size[axis]);
    auto lattices = axis_lattice(graph, axis, along);
    for (const Node& node : graph.nodes) {
      if (node.op != Op::concat && node.op != Op::add) continue;
      for (int other : node.inputs) {
        double apart = lattices[size_t(other)].origin - lattices[size_t(node.inputs.front())].origin;
        if (std::abs(apart) < 0.5) continue;
        list.push_back(text(node.name, " joins ", graph.nodes[size_t(node.inputs.front())].name, " and ", graph.nodes[size_t(other)].name, ", which lie ",
                            std::abs(apart), " voxels apart along ", "zyx"[axis]));
      }
    }
  }
  return list;
}

Value describe_graph(const Graph& graph, Extent patch, int64_t batch, bool nodes) {
  auto all = shapes(graph, patch);
  Value object = Value::table();
  object["title"] = graph.title;
  object["in_channels"] = graph.in_channels();
  object["out_channels"] = graph.out_channels();
  object["patch"] = sizes(patch);
  object["batch"] = batch;
  object["parameters"] = parameter_count(graph);
  object["weight_bytes"] = parameter_count(graph) * 4;
  object["stacks"] = stack_list(graph);
  object["receptive_field_voxels"] = sizes(receptive_field(graph));
  object["flop_per_voxel"] = flop_per_voxel(graph, patch);
  object["forward_flop"] = forward_flop(graph, patch);
  object["activation_bytes_training"] = activation_bytes(graph, patch, batch, 4, true);
  object["activation_bytes_inference"] = activation_bytes(graph, patch, batch, 4, false);
  LegalSizes legal = legal_sizes(graph);
  object["legal_sizes"]["smallest"] = sizes(legal.smallest);
  object["legal_sizes"]["step"] = sizes(legal.step);
  object["output_size"] = sizes(output_size(graph, patch));
  Margin margin = output_margin(graph, patch);
  object["margin"]["before"] = sizes(margin.before);
  object["margin"]["after"] = sizes(margin.after);
  object["output_stride"] = sizes(output_stride(graph));
  Value::List heads;
  for (const Head& output : graph.outputs) {
    Value head = Value::table();
    head["name"] = graph.nodes[size_t(output.node)].name;
    head["size"] = sizes(all[size_t(output.node)].size);
    head["loss_weight"] = output.loss_weight;
    heads.push_back(std::move(head));
  }
  object["heads"] = Value(std::move(heads));
  object["warnings"] = Value::list_of(graph_warnings(graph, patch));
  if (nodes) object["nodes"] = node_list(graph, all);
  return object;
}

}  // namespace tomograd
