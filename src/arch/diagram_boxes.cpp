// Which nodes share a box: a convolution takes in the norm, activation and dropout that belong to it, before or after it.
#include <algorithm>

#include "arch/axis.h"
#include "arch/diagram.h"
#include "arch/msd.h"
#include "base/error.h"

namespace tomograd {
namespace {

bool decorates(Op op) { return op == Op::norm || op == Op::activation || op == Op::dropout || op == Op::bias; }
bool convolves(Op op) { return op == Op::conv || op == Op::transposed_conv; }

std::string family(const std::string& name) { return name.substr(0, name.rfind('.') == std::string::npos ? 0 : name.rfind('.')); }

// Whether a decoration that reads `box` belongs to it rather than to what follows.
bool belongs(const Graph& graph, const DiagramBox& box, const Node& decoration) {
  if (box.node < 0) return true;
  const Node& operation = graph.nodes[size_t(box.node)];
  if (decoration.op == Op::bias && !convolves(operation.op)) return false;
  if (operation.op == Op::input || operation.op == Op::concat || operation.op == Op::add) return false;
  std::string mine = family(decoration.name), others = family(operation.name);
  return mine == others || mine == operation.name;
}

std::string by(Extent e) { return e.z == e.y && e.y == e.x ? text(e.z, "³") : text(e.z, "×", e.y, "×", e.x); }

std::string decoration_text(const Node& node) {
  if (node.op == Op::norm) return text(norm_name(node.norm), " norm");
  if (node.op == Op::bias) return "+ bias";
  if (node.op == Op::dropout) return text("dropout ", node.dropout);
  switch (node.activation) {
    case Activation::relu: return "ReLU";
    case Activation::leaky_relu: return "leaky ReLU";
    case Activation::prelu: return "PReLU";
    case Activation::elu: return "ELU";
    case Activation::swish: return "Swish";
    case Activation::sigmoid: return "sigmoid";
    case Activation::none: break;
  }
  return "identity";
}

std::string list_text(const Graph& graph, const std::vector<int>& nodes) {
  std::string list;
  for (int node : nodes) list += (list.empty() ? "" : " · ") + decoration_text(graph.nodes[size_t(node)]);
  return list;
}

std::string operation_text(const Node& node) {
  std::string padding;
  if (node.op == Op::conv && node.kernel != cube(1)) {
    bool valid = false, same = false, mirror = false, reflect = false;
    for (Padding one : node.padding) valid |= one == Padding::valid, same |= one == Padding::same, mirror |= one == Padding::mirror, reflect |= one == Padding::reflect;
    padding = valid && same ? ", part padded" : mirror ? ", mirrored edge" : reflect ? ", reflected edge" : valid ? ", unpadded" : "";
  }
  std::string stride = node.stride == cube(1) ? "" : text(", stride ", by(node.stride));
  std::string dilation = node.dilation == cube(1) ? "" : text(", dilation ", by(node.dilation));
  switch (node.op) {
    case Op::conv: return text("conv ", by(node.kernel), stride, dilation, padding);
    case Op::transposed_conv: return text("transposed conv ", by(node.kernel), stride);
    case Op::pool: return text(node.max_pool ? "max pool " : "average pool ", by(node.factor));
    case Op::subsample: return text("sub-sample ", by(node.factor));
    case Op::lanczos: return text("Lanczos-", node.lobes, " down-sampling ", by(node.factor));
    case Op::upsample: return text(node.linear_upsample ? "up-sample (linear) " : "up-sample ", by(node.factor));
    case Op::crop: return node.crop_anchor == "first" ? "crop to the first" : "crop to the centre";
    case Op::concat: return "concat";
    case Op::msd: return text("mixed-scale dense ", by(node.kernel), ", depth ", node.depth(), ", width ", node.width);
    default: return op_name(node.op);
  }
}

}  // namespace

BoxText box_text(const Graph& graph, const DiagramBox& box) {
  if (box.node < 0) return {"", list_text(graph, box.before), ""};
  const Node& node = graph.nodes[size_t(box.node)];
  BoxText words{list_text(graph, box.before), operation_text(node), list_text(graph, box.after)};
  if (node.op == Op::msd)
    words.after = text(msd_dilations_text(node), node.reflect ? " · reflected edge" : " · zero edge", " · ReLU", words.after.empty() ? "" : " · ", words.after);
  return words;
}

std::vector<DiagramBox> make_boxes(const Graph& graph, const std::vector<NodeShape>& shapes) {
  std::vector<int> readers(graph.nodes.size()), box_of(graph.nodes.size(), -1);
  for (const Node& node : graph.nodes)
    for (int input : node.inputs) ++readers[size_t(input)];
  std::vector<DiagramBox> boxes;
  for (int i = 0; i < int(graph.nodes.size()); ++i) {
    const Node& node = graph.nodes[size_t(i)];
    int before = node.inputs.empty() ? -1 : node.inputs.front();
    DiagramBox* previous = before < 0 ? nullptr : &boxes[size_t(box_of[size_t(before)])];
    bool only_reader = before >= 0 && readers[size_t(before)] == 1 && previous->last == before;
    if (node.op == Op::crop && shapes[size_t(before)].size == shapes[size_t(i)].size) {  // nothing to see at this size
      box_of[size_t(i)] = box_of[size_t(before)];
      if (only_reader) previous->last = i;
      continue;
    }
    bool joined = false;
    if (decorates(node.op) && only_reader && belongs(graph, *previous, node)) {
      (previous->node < 0 ? previous->before : previous->after).push_back(i);
      joined = true;
    } else if (convolves(node.op) && only_reader && previous->node < 0) {
      previous->node = i;
      joined = true;
    }
    if (joined) {
      previous->last = i;
      box_of[size_t(i)] = box_of[size_t(before)];
      continue;
    }
    DiagramBox box;
    box.first = box.last = i;
    if (decorates(node.op)) box.before.push_back(i);
    else box.node = i;
    for (int input : node.inputs) box.inputs.push_back(box_of[size_t(input)]);
    box_of[size_t(i)] = int(boxes.size());
    boxes.push_back(std::move(box));
  }

  for (const Head& head : graph.outputs) boxes[size_t(box_of[size_t(head.node)])].head = true;
  for (const DiagramBox& box : boxes)
    for (int input : box.inputs) ++boxes[size_t(input)].readers;
  for (DiagramBox& box : boxes) {
    if (box.node < 0 || graph.nodes[size_t(box.node)].op != Op::add) continue;
    DiagramBox& way = boxes[size_t(box.inputs[1])];
    Op op = way.node < 0 ? Op::input : graph.nodes[size_t(way.node)].op;
    bool simple = way.readers == 1 && way.inputs.size() == 1 && (op == Op::crop || op == Op::conv);
    way.aside = simple && box.inputs[0] != way.inputs[0] && boxes[size_t(way.inputs[0])].readers > 1;
  }
  std::vector<double> steps(graph.nodes.size(), 0);
  for (int axis = 0; axis < 3; ++axis) {
    std::vector<int64_t> along;
    for (const NodeShape& shape : shapes) along.push_back(shape.size[axis]);
    auto lattices = axis_lattice(graph, axis, along);
    for (size_t i = 0; i < steps.size(); ++i) steps[i] += lattices[i].step();
  }
  std::vector<double> distinct = steps;
  std::sort(distinct.begin(), distinct.end());
  distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());
  for (DiagramBox& box : boxes) box.level = int(std::lower_bound(distinct.begin(), distinct.end(), steps[size_t(box.last)]) - distinct.begin());
  return boxes;
}

}  // namespace tomograd
