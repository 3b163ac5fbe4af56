// The header of a safetensors file, framed as in the file: eight bytes of length, JSON, data. Tensors that are accepted fill
// the data without hole or overlap, and the header written from them reads the same.
#include "fuzz/fuzz_target.h"
#include "arch/safetensors_header.h"

using namespace tomograd;

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 8) return 0;
  uint64_t length = 0;
  for (int i = 7; i >= 0; --i) length = length << 8 | data[i];
  length = std::min<uint64_t>(length, size - 8);
  int64_t data_bytes = int64_t(size - 8 - length);
  TensorFileHeader header;
  if (!read_hostile(0, [&] { header = parse_tensor_header({reinterpret_cast<const char*>(data) + 8, size_t(length)}, data_bytes); })) return 0;
  int64_t covered = 0;
  for (const auto& [name, entry] : header.tensors) {
    expect(0 <= entry.begin && entry.begin <= entry.end && entry.end <= data_bytes, "a tensor outside the data");
    covered += entry.end - entry.begin;
  }
  expect(covered == data_bytes, "tensors do not cover the data exactly");
  read_hostile(0, [&] {
    std::string written = write_tensor_header(header);
    TensorFileHeader copy = parse_tensor_header(std::string_view(written).substr(8), data_bytes);
    expect(write_tensor_header(copy) == written, "written and read again, the header is another one");
  }, "a header that was read cannot be written and read again");
  return 0;
}
