// Private to arch: protobuf's wire format, as much of it as an ONNX file needs.
//
// A message is a row of fields, each a key (field number and wire type), and then a varint, four bytes, or a length and so many
// bytes; a message inside a message is of the last kind. Lengths stand in front of what they count, so the sizes must be known
// before the first byte is written. They are: weights enter as a promise of so many numbers and are asked for only when the
// file is written, one tensor after the other, so that memory does not grow with the network.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/env.h"

namespace tomograd {

class WireMessage {
 public:
  using Numbers = std::function<std::span<const float>()>;  // the span must live until the next call of any of them

  void integer(int field, int64_t value);              // int32, int64, enum
  void real(int field, float value);
  void text(int field, std::string_view value);        // string, bytes
  void message(int field, WireMessage value);
  void append(WireMessage fields);                     // the fields of another message behind the own ones
  void floats(int field, int64_t count, Numbers later);  // bytes: `count` little-endian floats; `later` must return so many

  int64_t bytes() const { return bytes_; }
  void write(OutputFile& to) const;

 private:
  struct Piece {  // `front`, then the numbers
    std::string front;
    int64_t count = 0;
    Numbers later;
  };
  std::string& tail();
  void varint(uint64_t value);
  void key(int field, int wire_type) { varint(uint64_t(field) << 3 | uint64_t(wire_type)); }

  std::vector<Piece> pieces_;
  int64_t bytes_ = 0;
};

}  // namespace tomograd
