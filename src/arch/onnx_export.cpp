// Sizes that are not fixed stay out of the file where an operator can do without them (padding, strides, slices from the end);
// the crops that need them compute them with Shape.
#include "arch/onnx_export.h"

#include <algorithm>
#include <limits>

#include "arch/axis.h"
#include "arch/lanczos.h"
#include "arch/onnx_msd.h"
#include "arch/onnx_nodes.h"
#include "arch/onnx_pad.h"
#include "base/error.h"

namespace tomograd {
namespace {

using Integers = std::vector<int64_t>;
constexpr int64_t to_the_end = std::numeric_limits<int64_t>::max();
const Integers spatial_axes = {2, 3, 4};

Integers list(Extent e) { return {e.z, e.y, e.x}; }
int64_t reach(const Node& node, int axis) { return node.dilation[axis] * (node.kernel[axis] - 1); }

// Sizes of all nodes, 0 along axes where the input's is not given.
std::vector<Extent> known_sizes(const Graph& graph, Extent input) {
  if (input.z > 0 && input.y > 0 && input.x > 0) shapes(graph, input);  // says what is wrong, and the nearest size
  std::vector<Extent> sizes(graph.nodes.size(), cube(0));
  for (int axis = 0; axis < 3; ++axis) {
    if (input[axis] == 0) continue;
    AxisSizes along = axis_sizes(graph, axis, input[axis]);
    if (along.failed >= 0)
      fail_input(text(graph.title, " cannot take an input of ", input[axis], " voxels along ", "zyx"[axis], ": \"", graph.nodes[size_t(along.failed)].name, "\" ", along.why));
    for (size_t i = 0; i < sizes.size(); ++i) sizes[i][axis] = along.sizes[i];
  }
  return sizes;
}

class Exporter {
 public:
  Exporter(const Graph& graph, const WeightLookup& weights, const OnnxOptions& options)
      : graph_(graph), options_(options), sizes_(known_sizes(graph, options.size)), nodes_(weights), values_(graph.nodes.size()) {}

  void run(OutputFile& to) {
    std::vector<int> heads;
    for (const Head& head : graph_.outputs)
      if (heads.empty() || options_.all_heads) heads.push_back(head.node);
    std::vector<bool> needed = needed_nodes(heads);

    values_[0] = nodes_.reserve("input");
    std::string result = nodes_.reserve("output");
    nodes_.input(values_[0], dims(0, ""));
    for (size_t i = 1; i < needed.size(); ++i)
      if (needed[i]) values_[i] = with_context("node \"" + graph_.nodes[i].name + "\"", [&] { return value(graph_.nodes[i], i); });

    const std::string& first = values_[size_t(heads.front())];
    if (options_.softmax) nodes_.node("Softmax", {first}, "", {{"axis", int64_t{1}}}, result);
    else nodes_.node("Identity", {first}, "", {}, result);
    nodes_.output(result, dims(size_t(heads.front()), "output_"));
    for (size_t h = 1; h < heads.size(); ++h) nodes_.output(values_[size_t(heads[h])], dims(size_t(heads[h]), text("output_", h + 1, "_")));
    nodes_.write({graph_.title, options_.producer_version, options_.metadata}, to);
  }

 private:
  bool known(int node) const {
    Extent size = sizes_[size_t(node)];
    return size.z > 0 && size.y > 0 && size.x > 0;
  }

  std::vector<bool> needed_nodes(const std::vector<int>& heads) const {
    std::vector<bool> needed(graph_.nodes.size(), false);
    for (int head : heads) needed[size_t(head)] = true;
    for (size_t i = needed.size(); i-- > 0;) {
      if (!needed[i]) continue;
      const Node& node = graph_.nodes[i];
      for (int from : node.inputs) needed[size_t(from)] = true;
      if (node.op == Op::crop && node.like >= 0 && !known(node.like)) needed[size_t(node.like)] = true;  // its size is read
    }
    return needed;
  }

  std::vector<OnnxDim> dims(size_t node, const std::string& prefix) const {
    std::vector<OnnxDim> list;
    if (options_.batch > 0) list.emplace_back(options_.batch);
    else list.emplace_back("batch");
    list.emplace_back(graph_.nodes[node].channels);
    for (int axis = 0; axis < 3; ++axis) {
      if (sizes_[node][axis] > 0) list.emplace_back(sizes_[node][axis]);
      else list.emplace_back(prefix + "zyx"[axis]);
    }
    return list;
  }

  std::string value(const Node& node, size_t i) {
    const std::string& x = values_[size_t(node.inputs.front())];
    int64_t from = graph_.nodes[size_t(node.inputs.front())].channels;
    Extent size = sizes_[size_t(node.inputs.front())];
    switch (node.op) {
      case Op::input: break;
      case Op::conv: return conv(node, x, from, size);
      case Op::transposed_conv: return transposed_conv(node, x, from);
      case Op::norm: return norm(node, x);
      case Op::activation: return activation(node, x);
      case Op::bias: return nodes_.node("Add", {x, nodes_.weight(node.name + ".bias", {1, node.channels, 1, 1, 1})}, node.name);
      case Op::dropout:
        if (!node.classic_dropout || node.dropout <= 0) return same(node, x);
        return nodes_.node("Mul", {x, nodes_.filled(float(1 - node.dropout), {})}, node.name);
      case Op::pool: return pool(node, x);
      case Op::subsample: return slice(x, {0, 0, 0}, {to_the_end, to_the_end, to_the_end}, list(node.factor), node.name);
      case Op::lanczos: return lanczos(node, x);
      case Op::upsample: return upsample(node, x);
      case Op::crop: return crop(node, x, size, sizes_[i], known(node.inputs.front()));
      case Op::concat: {
        std::vector<std::string> parts;
        for (int input : node.inputs) parts.push_back(values_[size_t(input)]);
        return nodes_.node("Concat", parts, node.name, {{"axis", int64_t{1}}});
      }
      case Op::add: return add(node, x);
      case Op::msd: return export_msd(nodes_, x, size, {node.name, from, node.kernel, node.width, node.layer_dilations, node.reflect});
    }
    fail_failure("no ONNX operators are known for it");
  }

  std::string same(const Node& node, const std::string& x) { return nodes_.node("Identity", {x}, node.name); }

  std::string slice(const std::string& x, const Integers& begin, const Integers& end, const Integers& steps, const std::string& wanted) {
    return nodes_.node("Slice", {x, nodes_.integers(begin), nodes_.integers(end), nodes_.integers(spatial_axes), nodes_.integers(steps)}, wanted);
  }

  std::string conv(const Node& node, std::string x, int64_t from, Extent size) {
    Extent before[2] = {cube(0), cube(0)}, after[2] = {cube(0), cube(0)};  // mirrored, reflected
    Integers pads(6, 0);
    for (int axis = 0; axis < 3; ++axis) {
      int64_t all = reach(node, axis), first = all / 2;
      if (node.padding[axis] == Padding::mirror) before[0][axis] = first, after[0][axis] = all - first;
      if (node.padding[axis] == Padding::reflect) before[1][axis] = first, after[1][axis] = all - first;
      if (node.padding[axis] == Padding::same) pads[size_t(axis)] = first, pads[size_t(axis) + 3] = all - first;
    }
    for (int k : {0, 1})  // on other axes the first leaves the size as it is
      if (before[k] != cube(0) || after[k] != cube(0))
        x = padded(nodes_, x, size, before[k], after[k], k == 0 ? Border::mirror : Border::reflect, x, node.name + (k == 0 ? "/mirrored" : "/reflected"));
    std::vector<std::string> inputs = {x, nodes_.weight(node.name + ".weight", {node.channels, from, node.kernel.z, node.kernel.y, node.kernel.x})};
    if (node.bias) inputs.push_back(nodes_.weight(node.name + ".bias", {node.channels}));
    return nodes_.node("Conv", inputs, node.name, {{"kernel_shape", list(node.kernel)}, {"strides", list(node.stride)}, {"dilations", list(node.dilation)}, {"pads", pads}});
  }

  std::string transposed_conv(const Node& node, const std::string& x, int64_t from) {
    Integers pads(6, 0);
    for (int axis = 0; axis < 3; ++axis)
      if (node.padding[axis] != Padding::valid) pads[size_t(axis)] = pads[size_t(axis) + 3] = reach(node, axis) / 2;
    std::vector<std::string> inputs = {x, nodes_.weight(node.name + ".weight", {from, node.channels, node.kernel.z, node.kernel.y, node.kernel.x})};
    if (node.bias) inputs.push_back(nodes_.weight(node.name + ".bias", {node.channels}));
    return nodes_.node("ConvTranspose", inputs, node.name,
                       {{"kernel_shape", list(node.kernel)}, {"strides", list(node.stride)}, {"dilations", list(node.dilation)}, {"pads", pads},
                        {"output_padding", list(node.output_padding)}});
  }

  std::string norm(const Node& node, const std::string& x) {
    if (node.norm == Norm::none) return same(node, x);
    int64_t c = node.channels;
    std::string scale = node.scale ? nodes_.weight(node.name + ".weight", {c}) : nodes_.filled(1, {c});
    std::string shift = node.shift ? nodes_.weight(node.name + ".bias", {c}) : nodes_.filled(0, {c});
    OnnxAttribute epsilon{"epsilon", float(node.epsilon)};
    if (node.norm == Norm::instance) return nodes_.node("InstanceNormalization", {x, scale, shift}, node.name, {epsilon});
    auto statistics = [&](const char* part) {
      std::string name = node.name + part;
      return node.running_mean_of_60 ? nodes_.numbers(name, {c}, mean_of_rows(name, 60, c)) : nodes_.weight(name, {c});
    };
    std::string mean = statistics(".running_mean"), variance = statistics(".running_var");
    return nodes_.node("BatchNormalization", {x, scale, shift, mean, variance}, node.name, {epsilon});
  }

  std::vector<float> mean_of_rows(const std::string& name, int64_t rows, int64_t columns) {
    std::span<const float> given = nodes_.read(name);
    if (int64_t(given.size()) != rows * columns) fail_input(text("weight '", name, "' has ", given.size(), " numbers, the network needs ", rows * columns));
    std::vector<float> means;
    for (int64_t c = 0; c < columns; ++c) {
      double sum = 0;
      for (int64_t r = 0; r < rows; ++r) sum += given[size_t(r * columns + c)];
      means.push_back(float(sum / double(rows)));
    }
    return means;
  }

  std::string activation(const Node& node, const std::string& x) {
    switch (node.activation) {
      case Activation::none: return same(node, x);
      case Activation::relu: return nodes_.node("Relu", {x}, node.name);
      case Activation::leaky_relu: return nodes_.node("LeakyRelu", {x}, node.name, {{"alpha", float(node.slope)}});
      case Activation::prelu: return nodes_.node("PRelu", {x, nodes_.weight(node.name + ".slope", {node.shared_slope ? 1 : node.channels, 1, 1, 1})}, node.name);
      case Activation::elu: return nodes_.node("Elu", {x}, node.name, {{"alpha", 1.0f}});
      case Activation::sigmoid: return nodes_.node("Sigmoid", {x}, node.name);
      case Activation::swish: return nodes_.node("Mul", {x, nodes_.node("Sigmoid", {x}, node.name + "/sigmoid")}, node.name);
    }
    fail_failure("no ONNX operators are known for its activation");
  }

  // Borders at the end, which neither a maximum nor this average counts, round the number of windows up: the operators' own
  // ceil_mode would do so on every axis.
  std::string pool(const Node& node, const std::string& x) {
    Integers pads(6, 0);
    for (int axis = 0; axis < 3; ++axis)
      if (node.padding[axis] != Padding::valid) pads[size_t(axis) + 3] = node.factor[axis] - 1;
    std::vector<OnnxAttribute> attributes = {{"kernel_shape", list(node.factor)}, {"strides", list(node.factor)}, {"pads", pads}};
    if (!node.max_pool) attributes.push_back({"count_include_pad", int64_t{0}});
    return nodes_.node(node.max_pool ? "MaxPool" : "AveragePool", {x}, node.name, attributes);
  }

  // A depthwise convolution along each axis. As many voxels more at the end as the factor allows round the number of windows up.
  std::string lanczos(const Node& node, std::string x) {
    for (int axis = 0; axis < 3; ++axis) {
      if (node.factor[axis] == 1) continue;
      LanczosFilter filter = lanczos_filter(node.lobes, node.factor[axis]);
      int64_t width = int64_t(filter.taps.size());
      std::string part = text(node.name, "/", "zyx"[axis]);
      Integers pads(10, 0), shape = {node.channels, 1, 1, 1, 1}, strides = {1, 1, 1};
      pads[size_t(axis) + 2] = filter.before, pads[size_t(axis) + 7] = filter.after;
      shape[size_t(axis) + 2] = width;
      strides[size_t(axis)] = node.factor[axis];
      std::vector<float> taps;
      for (int64_t c = 0; c < node.channels; ++c) taps.insert(taps.end(), filter.taps.begin(), filter.taps.end());
      x = nodes_.node("Pad", {x, nodes_.integers(pads)}, part + "/padded", {{"mode", std::string("edge")}});
      x = nodes_.node("Conv", {x, nodes_.numbers(part + "/taps", shape, taps)}, part, {{"group", node.channels}, {"strides", strides}});
    }
    return same(node, x);
  }

  std::string upsample(const Node& node, const std::string& x) {
    if (node.factor == cube(1)) return same(node, x);
    std::string scales = nodes_.numbers(node.name + "/scales", {5}, {1, 1, float(node.factor.z), float(node.factor.y), float(node.factor.x)});
    if (node.linear_upsample)
      return nodes_.node("Resize", {x, "", scales}, node.name, {{"mode", std::string("linear")}, {"coordinate_transformation_mode", std::string("half_pixel")}});
    return nodes_.node("Resize", {x, "", scales}, node.name,
                       {{"mode", std::string("nearest")}, {"coordinate_transformation_mode", std::string("asymmetric")}, {"nearest_mode", std::string("floor")}});
  }

  std::string crop(const Node& node, const std::string& x, Extent from, Extent to, bool known_size) {
    bool by_border = node.like < 0 && node.crop_size == cube(0);
    if (by_border) {
      Integers end;
      for (int axis = 0; axis < 3; ++axis) end.push_back(node.crop_after[axis] > 0 ? -node.crop_after[axis] : to_the_end);
      return slice(x, list(node.crop_before), end, {1, 1, 1}, node.name);
    }
    if (!known_size) return crop_computed(node, x);
    Integers begin, end;
    for (int axis = 0; axis < 3; ++axis) {
      begin.push_back(crop_start(node, axis, from[axis], to[axis]));
      end.push_back(begin.back() + to[axis]);
    }
    return from == to ? same(node, x) : slice(x, begin, end, {1, 1, 1}, node.name);
  }

  std::string crop_computed(const Node& node, const std::string& x) {
    auto shape = [&](const std::string& of) {
      std::string& name = nodes_.shared["shape " + of];
      if (name.empty()) name = nodes_.node("Shape", {of}, of + "/shape", {{"start", int64_t{2}}, {"end", int64_t{5}}});
      return name;
    };
    std::string to = node.like >= 0 ? shape(values_[size_t(node.like)]) : nodes_.integers(list(node.crop_size));
    std::string begin = nodes_.integers({0, 0, 0}), end = to;
    if (node.crop_anchor != "first") {  // (n - 1) / 2 - (m - 1) / 2
      auto middle = [&](const std::string& n, const std::string& part) {
        return nodes_.node("Div", {nodes_.node("Sub", {n, nodes_.integers({1})}, node.name + part + "-1"), nodes_.integers({2})}, node.name + part + "/2");
      };
      begin = nodes_.node("Sub", {middle(shape(x), "/n"), middle(to, "/m")}, node.name + "/begin");
      end = nodes_.node("Add", {begin, to}, node.name + "/end");
    }
    return nodes_.node("Slice", {x, begin, end, nodes_.integers(spatial_axes)}, node.name);
  }

  std::string add(const Node& node, const std::string& first) {
    std::string sum = first;
    for (size_t k = 1; k < node.inputs.size(); ++k) {
      std::string other = values_[size_t(node.inputs[k])];
      int64_t have = graph_.nodes[size_t(node.inputs[k])].channels, want = node.channels;
      if (have != want && !node.pad_channels) fail_failure(text("adds ", have, " channels to ", want));
      if (have < want) other = nodes_.node("Pad", {other, nodes_.integers({0, 0, 0, 0, 0, 0, want - have, 0, 0, 0})}, node.name + "/filled");
      if (have > want) other = nodes_.node("Slice", {other, nodes_.integers({0}), nodes_.integers({want}), nodes_.integers({1})}, node.name + "/cut");
      sum = nodes_.node("Add", {sum, other}, k + 1 == node.inputs.size() ? node.name : node.name + "/sum");
    }
    return sum;
  }

  const Graph& graph_;
  const OnnxOptions& options_;
  std::vector<Extent> sizes_;
  OnnxNodes nodes_;
  std::vector<std::string> values_;
};

class Bytes : public OutputFile {
 public:
  void write(const void* data, int64_t bytes) override { all.append(static_cast<const char*>(data), size_t(bytes)); }
  void write_at(int64_t, const void*, int64_t) override { fail_failure("ONNX is written from start to end"); }
  void sync() override {}
  void close() override {}
  std::string all;
};

}  // namespace

void export_onnx(const Graph& graph, const WeightLookup& weights, const OnnxOptions& options, OutputFile& to) {
  with_context("writing ONNX", [&] { Exporter(graph, weights, options).run(to); });
}

std::string export_onnx(const Graph& graph, const WeightLookup& weights, const OnnxOptions& options) {
  Bytes bytes;
  export_onnx(graph, weights, options, bytes);
  return std::move(bytes.all);
}

}  // namespace tomograd
