// Sizes of a graph's nodes. Axes are independent of each other, so everything is computed along one axis at a time; that
// also makes the search for legal sizes cheap.
#include "arch/axis.h"
#include "base/error.h"

namespace tomograd {
namespace {

// Beyond these nothing is an image any more, and products of sizes, channels and batch would leave 64 bits.
constexpr int64_t most_along_axis = int64_t{1} << 40;
constexpr double most_values = 4503599627370496;  // 2^52, of all nodes together

int64_t window_size(const Node& node, int axis, int64_t n) {
  int64_t reach = node.dilation[axis] * (node.kernel[axis] - 1), stride = node.stride[axis];
  if (node.padding[axis] != Padding::valid) return ceil_div(n, stride);
  return n <= reach ? n - reach : (n - reach - 1) / stride + 1;
}

int64_t transposed_size(const Node& node, int axis, int64_t n) {
  int64_t reach = node.dilation[axis] * (node.kernel[axis] - 1);
  int64_t cut = node.padding[axis] == Padding::valid ? 0 : reach / 2;
  return (n - 1) * node.stride[axis] - 2 * cut + reach + 1 + node.output_padding[axis];
}

}  // namespace

AxisSizes axis_sizes(const Graph& graph, int axis, int64_t input) {
  AxisSizes result;
  auto& size = result.sizes;
  size.reserve(graph.nodes.size());
  auto refuse = [&](std::string why) {
    result.failed = int(size.size());
    result.why = std::move(why);
  };
  for (const Node& node : graph.nodes) {
    int64_t n = node.inputs.empty() ? input : size[size_t(node.inputs.front())], to = n;
    switch (node.op) {
      case Op::conv:
        to = window_size(node, axis, n);
        if (node.padding[axis] == Padding::reflect && node.kernel[axis] > 1 && n < 2) refuse(text("reflects at its borders, for which it needs at least 2 voxels and has ", n));
        break;
      case Op::transposed_conv: to = transposed_size(node, axis, n); break;
      case Op::pool: to = node.padding[axis] == Padding::valid ? n / node.factor[axis] : ceil_div(n, node.factor[axis]); break;
      case Op::subsample:
      case Op::lanczos: to = ceil_div(n, node.factor[axis]); break;
      case Op::upsample: to = n * node.factor[axis]; break;
      case Op::crop:
        to = node.like >= 0 ? size[size_t(node.like)] : node.crop_size[axis] > 0 ? node.crop_size[axis] : n - node.crop_before[axis] - node.crop_after[axis];
        if (to > n) refuse(text("cannot crop ", n, " voxels to ", to));
        break;
      case Op::concat:
      case Op::add:
        for (int other : node.inputs)
          if (size[size_t(other)] != n && result.failed < 0)
            refuse(text("joins ", graph.nodes[size_t(node.inputs.front())].name, " of ", n, " voxels and ", graph.nodes[size_t(other)].name, " of ", size[size_t(other)]));
        break;
      case Op::msd:
        if (node.reflect && node.kernel[axis] > 1 && n < 2) refuse(text("reflects at its borders, for which it needs at least 2 voxels and has ", n));
        break;
      default: break;
    }
    if (to > most_along_axis && result.failed < 0) refuse(text("turns ", n, " voxels into ", to, ", more than can be"));
    if (to < 1 && result.failed < 0) refuse(text("turns ", n, " voxels into none"));
    if (result.failed >= 0) return result;
    size.push_back(to);
  }
  return result;
}

std::vector<NodeShape> shapes(const Graph& graph, Extent input) {
  static const char* const axis_names[] = {"z", "y", "x"};
  std::vector<NodeShape> list(graph.nodes.size());
  for (size_t i = 0; i < list.size(); ++i) list[i].channels = graph.nodes[i].channels;
  for (int axis = 0; axis < 3; ++axis) {
    if (input[axis] < 1 || input[axis] > most_along_axis) fail_input(text("input size ", to_string(input), " is no size of an image"));
    AxisSizes sizes = axis_sizes(graph, axis, input[axis]);
    if (sizes.failed >= 0)
      fail_input(text(graph.title, " cannot take an input of ", to_string(input), ": along ", axis_names[axis], ", ", op_name(graph.nodes[size_t(sizes.failed)].op), " \"",
                      graph.nodes[size_t(sizes.failed)].name, "\" ", sizes.why),
                 nearest_legal_hint(graph, input));
    for (size_t i = 0; i < list.size(); ++i) list[i].size[axis] = sizes.sizes[i];
  }
  double values = 0;
  for (const NodeShape& shape : list) values += double(shape.channels) * double(shape.size.z) * double(shape.size.y) * double(shape.size.x);
  if (values > most_values) fail_input(text(graph.title, " would hold ", values, " values for an input of ", to_string(input), ", more than can be"));
  return list;
}

bool fits(const Graph& graph, Extent input) {
  for (int axis = 0; axis < 3; ++axis)
    if (input[axis] < 1 || axis_sizes(graph, axis, input[axis]).failed >= 0) return false;
  return true;
}

Extent output_size(const Graph& graph, Extent input) { return shapes(graph, input)[size_t(graph.outputs.front().node)].size; }

}  // namespace tomograd
