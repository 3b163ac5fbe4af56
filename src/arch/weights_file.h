// The weights of a trained model without libtorch: tensors of a .safetensors file by name, read when they are asked for.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "arch/graph.h"
#include "arch/safetensors_header.h"
#include "base/env.h"

namespace tomograd {

// The numbers of a parameter (name as in parameters()); the span lives until the next call.
using WeightLookup = std::function<std::span<const float>(const std::string& name)>;

class WeightsFile {
 public:
  // Reads the header. Error(input) when the file is no safetensors file, its header has over 8 MiB, or a tensor lies outside
  // the file or has other bytes than its shape and type need.
  WeightsFile(Env& env, const std::string& path);

  const std::map<std::string, std::string>& metadata() const { return start_.header.metadata; }
  // Error(input) naming the tensor when one that the network needs is missing, has another shape or other numbers than F32.
  void check(const Graph& graph) const;
  std::span<const float> read(const std::string& name);

 private:
  const TensorEntry& entry(const std::string& name) const;

  std::unique_ptr<InputFile> file_;
  std::string path_;
  TensorFileStart start_;
  std::vector<float> numbers_;
};

}  // namespace tomograd
