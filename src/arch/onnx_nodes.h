// Private to arch: an ONNX model under construction (opset 17, IR 9). Values are known by name; every function that makes one
// returns the name it got. Tensors are [n][channel][z][y][x] of float, sizes and indices int64.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "arch/onnx_writer.h"
#include "arch/weights_file.h"

namespace tomograd {

struct OnnxAttribute {
  std::string name;
  std::variant<int64_t, float, std::string, std::vector<int64_t>> value;
};
using OnnxDim = std::variant<int64_t, std::string>;  // a size, or the name of one that may be anything

class OnnxNodes {
 public:
  explicit OnnxNodes(const WeightLookup& weights) : weights_(weights) {}

  // A name that no value has yet: `wanted`, or "<wanted>_2", ...
  std::string reserve(const std::string& wanted);

  // Appends a node with one output. `output` is a name from reserve(), or empty: then it is called after `wanted`.
  std::string node(const std::string& op, const std::vector<std::string>& inputs, const std::string& wanted, const std::vector<OnnxAttribute>& attributes = {},
                   std::string output = {});

  // Constants; equal ones are stored once.
  std::string integers(const std::vector<int64_t>& values);    // [values.size()]
  std::string integer(int64_t value);                          // a scalar
  std::string filled(float value, const std::vector<int64_t>& shape);
  // Numbers computed by the exporter.
  std::string numbers(const std::string& wanted, const std::vector<int64_t>& shape, const std::vector<float>& values);
  // The parameter `name`, or the part of it that starts at number `first`, in `shape`; read when the file is written.
  std::string weight(const std::string& name, const std::vector<int64_t>& shape, int64_t first = 0, int64_t whole = -1);
  std::span<const float> read(const std::string& name) const { return weights_(name); }

  void input(const std::string& name, const std::vector<OnnxDim>& shape);
  void output(const std::string& name, const std::vector<OnnxDim>& shape);

  struct About { std::string title, producer_version; std::map<std::string, std::string> metadata; };
  // Error(input) when the file would have more than 2 GiB, which no protobuf message may. Nothing is written then.
  void write(const About& about, OutputFile& to);

  // A value computed once and used under its key afterwards (indices that many nodes share).
  std::map<std::string, std::string> shared;

 private:
  const WeightLookup& weights_;
  std::set<std::string> taken_;
  WireMessage nodes_, initializers_, inputs_, outputs_;
};

}  // namespace tomograd
