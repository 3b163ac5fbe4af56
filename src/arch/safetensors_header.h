// The JSON header of a safetensors file, read by a parser that knows only this one shape of JSON: memory stays in proportion
// to the header whatever it says, and duplicate keys, deep nesting and numbers that are no sizes are refused where they stand.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/env.h"

namespace tomograd {

struct TensorEntry {
  std::string type;                              // "F32", "I64", ...
  std::vector<int64_t> shape;
  int64_t begin = 0, end = 0;                    // bytes within the data part
};

struct TensorFileHeader {
  std::map<std::string, TensorEntry> tensors;
  std::map<std::string, std::string> metadata;
};

int64_t bytes_of_type(const std::string& type);  // 0 when it is unknown

// `data_bytes`: length of the data part. Error(input) when the header is not what the format demands.
TensorFileHeader parse_tensor_header(std::string_view json, int64_t data_bytes);

// The header of a whole file: 8 bytes of its length (at most `most_bytes`, else Error(input)), then the JSON; data follow at once.
struct TensorFileStart {
  TensorFileHeader header;
  int64_t data_begin = 0;
};
TensorFileStart read_tensor_header(InputFile& file, int64_t most_bytes);

// Keys sorted, padded with spaces to a multiple of 8 with the 8 bytes of its length in front.
std::string write_tensor_header(const TensorFileHeader& header);

}  // namespace tomograd
