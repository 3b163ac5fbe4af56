// safetensors: the length of the header in 8 little-endian bytes, the header as JSON, the numbers as they lie in memory.
#include "arch/weights_file.h"

#include <bit>

#include "base/error.h"
#include "spec/text_formats.h"

namespace tomograd {
namespace {

static_assert(std::endian::native == std::endian::little, "the format is little-endian and is read as it lies");

constexpr int64_t largest_header = int64_t{8} << 20;  // 70,000 tensors; the JSON tree of a hostile one takes some 30 times that

int64_t bytes_of(const std::string& type) {
  for (auto [name, bytes] : {std::pair{"F32", 4}, {"I64", 8}, {"F64", 8}, {"I32", 4}, {"F16", 2}, {"BF16", 2}, {"I16", 2}, {"U8", 1}, {"I8", 1}, {"BOOL", 1}})
    if (type == name) return bytes;
  fail_input("tensors of type '" + type.substr(0, 20) + "' are not known");
}

std::string shape_text(const std::vector<int64_t>& shape) {
  std::string list;
  for (int64_t side : shape) list += (list.empty() ? "" : "x") + std::to_string(side);
  return list.empty() ? "a single number" : list;
}

std::vector<int64_t> integers(const Value& list) {
  std::vector<int64_t> result;
  for (const Value& item : list.as_list()) {
    result.push_back(item.as_integer());
    if (result.back() < 0) fail_input(text(result.back(), " is no size"));
  }
  return result;
}

std::string read_header(InputFile& file) {
  if (file.size() < 8) fail_input(text("it has ", file.size(), " bytes, too few for a safetensors file"));
  unsigned char bytes[8];
  file.read_at(0, bytes, 8);
  uint64_t length = 0;
  for (int i = 7; i >= 0; --i) length = length << 8 | bytes[i];
  if (length > uint64_t(largest_header)) fail_input(text("it claims a header of ", length, " bytes, at most ", largest_header, " are read; it is no safetensors file, or a hostile one"));
  if (int64_t(length) > file.size() - 8) fail_input(text("it claims a header of ", length, " bytes, but has only ", file.size(), " in all"));
  std::string json(size_t(length), '\0');
  file.read_at(8, json.data(), int64_t(length));
  return json;
}

}  // namespace

WeightsFile::WeightsFile(Env& env, const std::string& path) : path_(path) {
  with_context("reading " + path, [&] {
    file_ = env.open_input(path);
    std::string json = read_header(*file_);
    int64_t data = 8 + int64_t(json.size());
    Value header = parse_json(json, "its header");
    for (const auto& [name, item] : header.as_table()) {
      if (name == "__metadata__") {
        for (const auto& [key, value] : item.as_table()) metadata_[key] = value.as_text();
        continue;
      }
      with_context("tensor '" + name.substr(0, 200) + "'", [&] {
        Entry one{item.at("dtype").as_text(), integers(item.at("shape")), 0, 0};
        std::vector<int64_t> range = integers(item.at("data_offsets"));
        if (range.size() != 2 || range[0] > range[1] || range[1] > file_->size() - data) fail_input("it does not lie inside the file");
        int64_t need = bytes_of(one.type);
        for (int64_t side : one.shape)
          if (__builtin_mul_overflow(need, side, &need)) fail_input("its shape is larger than any file");
        if (need != range[1] - range[0]) fail_input(text("it has ", range[1] - range[0], " bytes, but ", shape_text(one.shape), " of ", one.type, " need ", need));
        one.begin = data + range[0], one.end = data + range[1];
        entries_[name] = std::move(one);
      });
    }
  });
}

const WeightsFile::Entry& WeightsFile::entry(const std::string& name) const {
  auto found = entries_.find(name);
  if (found == entries_.end()) fail_input(text(path_, " has no tensor '", name, "'"));
  return found->second;
}

void WeightsFile::check(const Graph& graph) const {
  for (const Parameter& parameter : parameters(graph)) {
    const Entry& have = entry(parameter.name);
    if (have.shape != parameter.shape)
      fail_input(text(path_, ": tensor '", parameter.name, "' is ", shape_text(have.shape), ", this network needs ", shape_text(parameter.shape)));
    bool counts = parameter.name.ends_with(".ring_position");
    if (!counts && have.type != "F32") fail_input(text(path_, ": tensor '", parameter.name, "' is of type ", have.type, ", expected F32"));
  }
}

std::span<const float> WeightsFile::read(const std::string& name) {
  const Entry& one = entry(name);
  if (one.type != "F32") fail_input(text(path_, ": tensor '", name, "' is of type ", one.type, ", expected F32"));
  numbers_.resize(size_t((one.end - one.begin) / 4));
  file_->read_at(one.begin, numbers_.data(), one.end - one.begin);
  return numbers_;
}

}  // namespace tomograd
