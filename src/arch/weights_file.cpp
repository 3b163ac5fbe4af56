#include "arch/weights_file.h"

#include <bit>

#include "base/error.h"

namespace tomograd {
namespace {

static_assert(std::endian::native == std::endian::little, "the format is little-endian and is read as it lies");

constexpr int64_t largest_header = int64_t{8} << 20;  // 70,000 tensors

std::string shape_text(const std::vector<int64_t>& shape) {
  std::string list;
  for (int64_t side : shape) list += (list.empty() ? "" : "x") + std::to_string(side);
  return list.empty() ? "a single number" : list;
}

}  // namespace

WeightsFile::WeightsFile(Env& env, const std::string& path) : path_(path) {
  with_context("reading " + path, [&] {
    file_ = env.open_input(path);
    start_ = read_tensor_header(*file_, largest_header);
  });
}

const TensorEntry& WeightsFile::entry(const std::string& name) const {
  auto found = start_.header.tensors.find(name);
  if (found == start_.header.tensors.end()) fail_input(text(path_, " has no tensor '", name, "'"));
  return found->second;
}

void WeightsFile::check(const Graph& graph) const {
  for (const Parameter& parameter : parameters(graph)) {
    const TensorEntry& have = entry(parameter.name);
    if (have.shape != parameter.shape)
      fail_input(text(path_, ": tensor '", parameter.name, "' is ", shape_text(have.shape), ", this network needs ", shape_text(parameter.shape)));
    bool counts = parameter.name.ends_with(".ring_position");
    if (!counts && have.type != "F32") fail_input(text(path_, ": tensor '", parameter.name, "' is of type ", have.type, ", expected F32"));
  }
}

std::span<const float> WeightsFile::read(const std::string& name) {
  const TensorEntry& one = entry(name);
  if (one.type != "F32") fail_input(text(path_, ": tensor '", name, "' is of type ", one.type, ", expected F32"));
  numbers_.resize(size_t((one.end - one.begin) / 4));
  file_->read_at(start_.data_begin + one.begin, numbers_.data(), one.end - one.begin);
  return numbers_;
}

}  // namespace tomograd
