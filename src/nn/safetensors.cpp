#include "nn/safetensors.h"

#include <torch/torch.h>

#include <bit>

#include "base/error.h"
#include "arch/safetensors_header.h"

namespace tomograd {
namespace {

static_assert(std::endian::native == std::endian::little, "the format is little-endian and is read as it lies");

constexpr int64_t largest_header = 100'000'000;

struct TypeName { const char* name; at::ScalarType type; };
const TypeName type_names[] = {{"BOOL", at::kBool}, {"U8", at::kByte},    {"I8", at::kChar}, {"I16", at::kShort}, {"I32", at::kInt},
                               {"I64", at::kLong},  {"F16", at::kHalf},   {"BF16", at::kBFloat16}, {"F32", at::kFloat}, {"F64", at::kDouble}};

at::ScalarType type_of(const std::string& name) {
  for (const TypeName& t : type_names)
    if (name == t.name) return t.type;
  fail_input(text("tensors of type '", name, "' are not supported"));
}

std::string name_of(at::ScalarType type, const std::string& tensor) {
  for (const TypeName& t : type_names)
    if (type == t.type) return t.name;
  fail_failure(text("tensor '", tensor, "' is of type ", at::toString(type), ", which cannot be stored"));
}

}  // namespace

TensorFile read_safetensors(Env& env, const std::string& path) {
  return with_context("reading " + path, [&] {
    auto file = env.open_input(path);
    auto [header, data_begin] = read_tensor_header(*file, largest_header);
    TensorFile content;
    content.metadata = std::move(header.metadata);
    for (const auto& [name, entry] : header.tensors) {
      at::Tensor tensor = at::empty(entry.shape, at::TensorOptions().dtype(type_of(entry.type)));
      if (entry.end > entry.begin) file->read_at(data_begin + entry.begin, tensor.data_ptr(), entry.end - entry.begin);
      content.tensors.emplace(name, std::move(tensor));
    }
    return content;
  });
}

void write_safetensors(Env& env, const std::string& path, const TensorFile& content) {
  with_context("writing " + path, [&] {
    torch::NoGradGuard no_grad;
    TensorFileHeader header;
    header.metadata = content.metadata;
    // Data lie by falling size of their values, then by name, so that every tensor is aligned to its own type.
    std::vector<std::pair<std::string, at::Tensor>> in_order(content.tensors.begin(), content.tensors.end());
    std::stable_sort(in_order.begin(), in_order.end(), [](const auto& a, const auto& b) { return a.second.element_size() > b.second.element_size(); });
    int64_t place = 0;
    for (const auto& [name, tensor] : in_order) {
      if (name == "__metadata__") fail_failure("a tensor may not be called '__metadata__'");
      int64_t bytes = tensor.numel() * int64_t(tensor.element_size());
      header.tensors[name] = {name_of(tensor.scalar_type(), name), tensor.sizes().vec(), place, place + bytes};
      place += bytes;
    }
    Publication publication(env, path);
    std::string front = write_tensor_header(header);
    if (int64_t(front.size()) - 8 > largest_header) fail_failure(text("the header would have ", front.size() - 8, " bytes, at most ", largest_header, " are allowed"));
    publication.file().write(front.data(), int64_t(front.size()));
    for (const auto& [name, tensor] : in_order) {
      at::Tensor plain = tensor.detach().cpu().contiguous();
      if (plain.numel() > 0) publication.file().write(plain.data_ptr(), plain.numel() * int64_t(plain.element_size()));
    }
    publication.commit();
  });
}

}  // namespace tomograd
