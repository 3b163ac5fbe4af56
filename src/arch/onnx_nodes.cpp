// Field numbers are those of onnx.proto (onnx 1.15, IR version 9).
#include "arch/onnx_nodes.h"

#include <cstring>
#include <limits>

#include "base/error.h"

namespace tomograd {
namespace {

constexpr int ir_version = 9, opset = 17;
constexpr int type_float = 1, type_int64 = 7;

std::string joined(const std::vector<int64_t>& values) {
  std::string list;
  for (int64_t value : values) list += (list.empty() ? "" : "_") + std::to_string(value);
  return list;
}

WireMessage attribute(const OnnxAttribute& one) {
  constexpr int kind_float = 1, kind_int = 2, kind_string = 3, kind_ints = 7;
  WireMessage message;
  message.text(1, one.name);
  int kind = kind_int;
  if (const auto* v = std::get_if<int64_t>(&one.value)) message.integer(3, *v);
  else if (const auto* v = std::get_if<float>(&one.value)) message.real(2, *v), kind = kind_float;
  else if (const auto* v = std::get_if<std::string>(&one.value)) message.text(4, *v), kind = kind_string;
  else {
    for (int64_t item : std::get<std::vector<int64_t>>(one.value)) message.integer(8, item);
    kind = kind_ints;
  }
  message.integer(20, kind);
  return message;
}

WireMessage value_info(const std::string& name, const std::vector<OnnxDim>& shape) {
  WireMessage dims, tensor, type, info;
  for (const OnnxDim& dim : shape) {
    WireMessage one;
    if (const auto* size = std::get_if<int64_t>(&dim)) one.integer(1, *size);
    else one.text(2, std::get<std::string>(dim));
    dims.message(1, std::move(one));
  }
  tensor.integer(1, type_float);
  tensor.message(2, std::move(dims));
  type.message(1, std::move(tensor));
  info.text(1, name);
  info.message(2, std::move(type));
  return info;
}

WireMessage tensor(const std::string& name, int type, const std::vector<int64_t>& shape) {  // lacks its numbers, field 9
  WireMessage message;
  for (int64_t side : shape) message.integer(1, side);
  message.integer(2, type);
  message.text(8, name);
  return message;
}

template <class T>
WireMessage tensor(const std::string& name, int type, const std::vector<int64_t>& shape, const std::vector<T>& values) {
  WireMessage message = tensor(name, type, shape);
  std::string raw(values.size() * sizeof(T), '\0');
  std::memcpy(raw.data(), values.data(), raw.size());
  message.text(9, raw);
  return message;
}

}  // namespace

std::string OnnxNodes::reserve(const std::string& wanted) {
  std::string name = wanted;
  for (int i = 2; !taken_.insert(name).second; ++i) name = text(wanted, "_", i);
  return name;
}

std::string OnnxNodes::node(const std::string& op, const std::vector<std::string>& inputs, const std::string& wanted, const std::vector<OnnxAttribute>& attributes,
                            std::string output) {
  if (output.empty()) output = reserve(wanted);
  WireMessage message;
  for (const std::string& input : inputs) message.text(1, input);
  message.text(2, output);
  message.text(3, output);
  message.text(4, op);
  for (const OnnxAttribute& one : attributes) message.message(5, attribute(one));
  nodes_.message(1, std::move(message));
  return output;
}

std::string OnnxNodes::integers(const std::vector<int64_t>& values) {
  std::string& name = shared["integers " + joined(values)];
  if (!name.empty()) return name;
  name = reserve(values.size() > 10 ? "integers/list" : "integers/" + joined(values));
  initializers_.message(5, tensor(name, type_int64, {int64_t(values.size())}, values));
  return name;
}

std::string OnnxNodes::integer(int64_t value) {
  std::string& name = shared[text("integer ", value)];
  if (!name.empty()) return name;
  name = reserve(text("integer/", value));
  initializers_.message(5, tensor(name, type_int64, {}, std::vector<int64_t>{value}));
  return name;
}

std::string OnnxNodes::filled(float value, const std::vector<int64_t>& shape) {
  std::string& name = shared[text("filled ", joined(shape), " ", value)];
  if (name.empty()) name = numbers(text("filled/", joined(shape), "/", value), shape, std::vector<float>(size_t(element_count(shape)), value));
  return name;
}

std::string OnnxNodes::numbers(const std::string& wanted, const std::vector<int64_t>& shape, const std::vector<float>& values) {
  std::string name = reserve(wanted);
  initializers_.message(5, tensor(name, type_float, shape, values));
  return name;
}

std::string OnnxNodes::weight(const std::string& parameter, const std::vector<int64_t>& shape, int64_t first, int64_t whole) {
  int64_t count = element_count(shape), all = whole < 0 ? count : whole;
  std::string name = reserve(parameter);
  WireMessage message = tensor(name, type_float, shape);
  message.floats(9, count, [this, parameter, first, count, all] {
    std::span<const float> given = weights_(parameter);
    if (int64_t(given.size()) != all) fail_input(text("weight '", parameter, "' has ", given.size(), " numbers, the network needs ", all));
    return given.subspan(size_t(first), size_t(count));
  });
  initializers_.message(5, std::move(message));
  return name;
}

void OnnxNodes::input(const std::string& name, const std::vector<OnnxDim>& shape) { inputs_.message(11, value_info(name, shape)); }
void OnnxNodes::output(const std::string& name, const std::vector<OnnxDim>& shape) { outputs_.message(12, value_info(name, shape)); }

void OnnxNodes::write(const About& about, OutputFile& to) {
  WireMessage graph = std::move(nodes_), model;
  graph.text(2, about.title);
  graph.append(std::move(initializers_));
  graph.append(std::move(inputs_));
  graph.append(std::move(outputs_));
  model.integer(1, ir_version);
  model.text(2, "tomograd");
  model.text(3, about.producer_version);
  model.message(7, std::move(graph));
  WireMessage operators;
  operators.text(1, "");
  operators.integer(2, opset);
  model.message(8, std::move(operators));
  for (const auto& [key, value] : about.metadata) {
    WireMessage pair;
    pair.text(1, key);
    pair.text(2, value);
    model.message(14, std::move(pair));
  }
  if (model.bytes() > std::numeric_limits<int32_t>::max())
    fail_input(text("the ONNX file would have ", model.bytes(), " bytes, but the format ends at ", std::numeric_limits<int32_t>::max()), "a network with fewer channels fits");
  model.write(to);
}

}  // namespace tomograd
