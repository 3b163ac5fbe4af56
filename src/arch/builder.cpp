#include "arch/builder.h"

#include "base/error.h"

namespace tomograd {

constexpr int64_t most_channels = int64_t{1} << 24;

Builder::Builder(std::string title, int64_t in_channels) {
  graph_.title = std::move(title);
  append("input", Op::input, {}, in_channels);
}

int Builder::append(Node node) {
  graph_.nodes.push_back(std::move(node));
  return int(graph_.nodes.size()) - 1;
}

int Builder::append(const std::string& name, Op op, std::vector<int> inputs, int64_t channels, Node node) {
  node.name = name;
  node.op = op;
  node.inputs = std::move(inputs);
  node.channels = channels;
  return append(std::move(node));
}

int Builder::conv(const std::string& name, int from, int64_t channels, Extent kernel, const ConvOptions& options) {
  Node node;
  node.kernel = kernel;
  node.stride = options.stride;
  node.dilation = options.dilation;
  node.bias = options.bias;
  for (size_t axis = 0; axis < 3; ++axis) node.padding[axis] = options.padding[axis];
  return append(name, Op::conv, {from}, channels, node);
}

int Builder::transposed_conv(const std::string& name, int from, int64_t channels, Extent kernel, Extent stride, bool bias) {
  Node node;
  node.kernel = kernel;
  node.stride = stride;
  node.bias = bias;
  for (int axis = 0; axis < 3; ++axis) node.padding[axis] = kernel[axis] == stride[axis] ? Padding::valid : Padding::same;
  node.output_padding = output_padding_for(kernel, stride, cube(1));
  return append(name, Op::transposed_conv, {from}, channels, node);
}

int Builder::norm(const std::string& name, int from, Norm kind, bool scale, bool shift, double epsilon) {
  Node node;
  node.norm = kind;
  node.scale = scale;
  node.shift = shift;
  node.epsilon = epsilon;
  return append(name, Op::norm, {from}, channels(from), node);
}

int Builder::activation(const std::string& name, int from, Activation kind, double slope, bool shared_slope) {
  Node node;
  node.activation = kind;
  node.slope = slope;
  node.shared_slope = shared_slope;
  return append(name, Op::activation, {from}, channels(from), node);
}

int Builder::dropout(const std::string& name, int from, double share, bool drops_channels) {
  Node node;
  node.dropout = share;
  node.drops_channels = drops_channels;
  return append(name, Op::dropout, {from}, channels(from), node);
}

int Builder::bias(const std::string& name, int from) { return append(name, Op::bias, {from}, channels(from)); }

int Builder::max_pool(const std::string& name, int from, Extent factor, Padding padding) {
  Node node;
  node.factor = factor;
  for (auto& one : node.padding) one = padding;
  return append(name, Op::pool, {from}, channels(from), node);
}

int Builder::subsample(const std::string& name, int from, Extent factor) {
  Node node;
  node.factor = factor;
  return append(name, Op::subsample, {from}, channels(from), node);
}

int Builder::upsample(const std::string& name, int from, Extent factor) {
  Node node;
  node.factor = factor;
  return append(name, Op::upsample, {from}, channels(from), node);
}

int Builder::lanczos(const std::string& name, int from, Extent factor, int64_t lobes) {
  Node node;
  node.factor = factor;
  node.lobes = lobes;
  return append(name, Op::lanczos, {from}, channels(from), node);
}

int Builder::crop_like(const std::string& name, int from, int like, const std::string& anchor) {
  Node node;
  node.like = like;
  node.crop_anchor = anchor;
  return append(name, Op::crop, {from}, channels(from), node);
}

int Builder::crop_margin(const std::string& name, int from, Extent before, Extent after) {
  Node node;
  node.crop_before = before;
  node.crop_after = after;
  return append(name, Op::crop, {from}, channels(from), node);
}

int Builder::concat(const std::string& name, const std::vector<int>& from) {
  int64_t sum = 0;
  for (int node : from) sum += channels(node);   // each of them below the limit, so the sum fits
  if (sum > most_channels) fail_input(text("\"", name, "\" joins ", sum, " channels, at most ", most_channels, " can be"));
  return append(name, Op::concat, from, sum);
}

int Builder::add(const std::string& name, int a, int b, bool pad_channels) {
  Node node;
  node.pad_channels = pad_channels;
  return append(name, Op::add, {a, b}, channels(a), node);
}

Graph Builder::finish(const std::vector<Head>& outputs) {
  graph_.outputs = outputs;
  return std::move(graph_);
}

Extent output_padding_for(Extent kernel, Extent stride, Extent dilation) {
  Extent padding;
  for (int axis = 0; axis < 3; ++axis) {
    int64_t reach = dilation[axis] * (kernel[axis] - 1);
    padding[axis] = kernel[axis] == stride[axis] && dilation[axis] == 1 ? 0 : stride[axis] + 2 * (reach / 2) - reach - 1;
    if (padding[axis] < 0)
      fail_input(text("a transposed convolution with kernel ", kernel[axis], " and stride ", stride[axis], " cannot return n x stride"),
                 "use an odd kernel, or a kernel equal to the stride");
  }
  return padding;
}

std::vector<Extent> fitted_strides(const ModelSpec& spec, int64_t levels) {
  if (!spec.strides.empty()) {
    if (int64_t(spec.strides.size()) != levels)
      fail_input(text("strides has ", spec.strides.size(), " entries, but the network has ", levels, " down-samplings"));
    return spec.strides;
  }
  std::vector<Extent> strides;
  Extent size = spec.patch;
  for (int64_t level = 0; level < levels; ++level) {
    Extent stride;
    for (int axis = 0; axis < 3; ++axis) {
      stride[axis] = size[axis] >= 4 ? 2 : 1;
      size[axis] = ceil_div(size[axis], stride[axis]);
    }
    strides.push_back(stride);
  }
  return strides;
}

std::vector<Extent> level_kernels(const ModelSpec& spec, int64_t levels) {
  if (spec.kernels.empty()) return std::vector<Extent>(size_t(levels), cube(3));
  if (spec.kernels.size() == 1) return std::vector<Extent>(size_t(levels), spec.kernels.front());
  if (int64_t(spec.kernels.size()) != levels)
    fail_input(text("kernels has ", spec.kernels.size(), " entries, expected 1 or ", levels, ", one per level"));
  return spec.kernels;
}

void check_odd_kernels(const std::vector<Extent>& kernels) {
  for (const Extent& kernel : kernels)
    for (int axis = 0; axis < 3; ++axis)
      if (kernel[axis] % 2 == 0) fail_input(text("kernel ", to_string(kernel), " has an even size"), "this network needs odd kernels, for example 3x3x3 or 1x3x3");
}

}  // namespace tomograd
