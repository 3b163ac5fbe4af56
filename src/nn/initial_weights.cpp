#include "nn/initial_weights.h"

#include <ATen/Parallel.h>

#include <cmath>

#include "base/error.h"
#include "base/random.h"

namespace tomograd {
namespace {

void fill_normal(Random random, float* into, int64_t count, double deviation) {
  for (int64_t i = 0; i < count; ++i) into[i] = float(deviation * random.normal());
}

bool ends_with(const std::string& name, const char* end) {
  std::string_view tail(end);
  return name.size() >= tail.size() && name.compare(name.size() - tail.size(), tail.size(), tail) == 0;
}

}  // namespace

at::Tensor normal_weights(uint64_t seed, const std::string& name, at::IntArrayRef shape, double deviation) {
  at::Tensor weight = at::empty(shape, at::kFloat);
  int64_t slices = shape[0], length = slices ? weight.numel() / slices : 0;
  float* data = weight.data_ptr<float>();
  at::parallel_for(0, slices, 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) fill_normal(Random(seed, "weights/" + name, 0, uint64_t(i)), data + i * length, length, deviation);
  });
  return weight;
}

at::Tensor normal_weights_by_channel(uint64_t seed, const std::string& name, at::IntArrayRef shape, double deviation,
                                     const std::vector<std::string>& channel_names) {
  at::Tensor weight = at::empty(shape, at::kFloat);
  int64_t taps = shape[2] * shape[3] * shape[4], channels = shape[1];
  float* data = weight.data_ptr<float>();
  at::parallel_for(0, shape[0] * channels, 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      std::string purpose = "weights/" + name + "/channel/" + channel_names[size_t(i % channels)];
      fill_normal(Random(seed, purpose, 0, uint64_t(i / channels)), data + i * taps, taps, deviation);
    }
  });
  return weight;
}

// A stack's layer: columns of the input channels by their names, those of earlier layers by their own number, so that networks
// over other channels share the random numbers of what they have in common.
at::Tensor stack_weights(uint64_t seed, const Parameter& parameter, double deviation, int64_t in, const std::vector<std::string>& channel_names) {
  const auto& shape = parameter.shape;
  at::Tensor weight = at::empty(shape, at::kFloat);
  int64_t taps = shape[2] * shape[3] * shape[4];
  for (int64_t i = 0; i < shape[0] * shape[1]; ++i) {
    int64_t o = i / shape[1], c = i % shape[1];
    std::string column = c >= in ? "hidden" : channel_names.empty() ? "channel" : "channel/" + channel_names[size_t(c)];
    uint64_t index = uint64_t(c >= in ? (c - in) * shape[0] + o : channel_names.empty() ? c * shape[0] + o : o);
    fill_normal(Random(seed, "weights/" + parameter.name + "/" + column, 0, index), weight.data_ptr<float>() + i * taps, taps, deviation);
  }
  return weight;
}

at::Tensor initial_value(const Graph& graph, const Node& node, const Parameter& parameter, bool reads_input, uint64_t seed,
                         const std::vector<std::string>& channel_names) {
  const auto& shape = parameter.shape;
  if ((node.op == Op::conv || node.op == Op::transposed_conv || node.op == Op::msd) && ends_with(parameter.name, ".weight")) {
    double deviation = parameter.stddev >= 0 ? parameter.stddev : std::sqrt(2.0 / double(parameter.fan_in));
    if (node.op == Op::msd) {
      int64_t in = graph.nodes[size_t(node.inputs[0])].channels;
      return stack_weights(seed, parameter, deviation, in, reads_input && in == graph.in_channels() ? channel_names : std::vector<std::string>());
    }
    if (node.op == Op::conv && reads_input && !channel_names.empty() && shape[1] == graph.in_channels())
      return normal_weights_by_channel(seed, parameter.name, shape, deviation, channel_names);
    return normal_weights(seed, parameter.name, shape, deviation);
  }
  if (ends_with(parameter.name, ".slope")) return at::full(shape, node.slope, at::kFloat);
  if (ends_with(parameter.name, ".ring_position")) return at::zeros(shape, at::kLong);
  bool ones = ends_with(parameter.name, ".weight") || ends_with(parameter.name, ".running_var");
  return at::full(shape, ones ? 1.0 : 0.0, at::kFloat);
}

}  // namespace tomograd
