// safetensors: 8-byte little-endian header length, JSON header, raw little-endian data without holes or overlaps.
// Written with sorted keys and aligned data, so equal content gives equal bytes.
#pragma once

#include <ATen/core/ATen_fwd.h>

#include <map>
#include <string>
#include <vector>

#include "base/env.h"

namespace tomograd {

struct TensorFile {
  std::map<std::string, at::Tensor> tensors;
  std::map<std::string, std::string> metadata;
};
// Refuses: header over 100 MB, holes, overlaps, sizes that do not match shapes, unknown types, data beyond the file.
TensorFile read_safetensors(Env& env, const std::string& path);
void write_safetensors(Env& env, const std::string& path, const TensorFile& content);  // published atomically

}  // namespace tomograd
