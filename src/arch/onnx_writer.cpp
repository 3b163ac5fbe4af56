#include "arch/onnx_writer.h"

#include <bit>
#include <cstring>

#include "base/error.h"

namespace tomograd {
namespace {

static_assert(std::endian::native == std::endian::little, "weights are written as they lie");

constexpr int varint_type = 0, length_type = 2, four_bytes_type = 5;
constexpr size_t buffer_bytes = size_t{1} << 20;

}  // namespace

std::string& WireMessage::tail() {
  if (pieces_.empty() || pieces_.back().later) pieces_.emplace_back();
  return pieces_.back().front;
}

void WireMessage::varint(uint64_t value) {
  std::string& to = tail();
  size_t before = to.size();
  for (; value >= 0x80; value >>= 7) to += char(value | 0x80);
  to += char(value);
  bytes_ += int64_t(to.size() - before);
}

void WireMessage::integer(int field, int64_t value) {
  key(field, varint_type);
  varint(uint64_t(value));
}

void WireMessage::real(int field, float value) {
  key(field, four_bytes_type);
  char raw[4];
  std::memcpy(raw, &value, 4);
  tail().append(raw, 4);
  bytes_ += 4;
}

void WireMessage::text(int field, std::string_view value) {
  key(field, length_type);
  varint(value.size());
  tail().append(value);
  bytes_ += int64_t(value.size());
}

void WireMessage::message(int field, WireMessage value) {
  key(field, length_type);
  varint(uint64_t(value.bytes_));
  append(std::move(value));
}

void WireMessage::append(WireMessage fields) {
  for (Piece& piece : fields.pieces_) {
    tail().append(piece.front);
    if (piece.later) pieces_.back().count = piece.count, pieces_.back().later = std::move(piece.later);
  }
  bytes_ += fields.bytes_;
}

void WireMessage::floats(int field, int64_t count, Numbers later) {
  key(field, length_type);
  varint(uint64_t(count) * 4);
  pieces_.back().count = count;
  pieces_.back().later = std::move(later);
  bytes_ += count * 4;
}

void WireMessage::write(OutputFile& to) const {
  std::string buffer;
  auto flush = [&] {
    if (!buffer.empty()) to.write(buffer.data(), int64_t(buffer.size()));
    buffer.clear();
  };
  for (const Piece& piece : pieces_) {
    buffer += piece.front;
    if (piece.later) {
      std::span<const float> numbers = piece.later();
      if (int64_t(numbers.size()) != piece.count) fail_failure(tomograd::text("a tensor of ", piece.count, " numbers turned out to have ", numbers.size()));
      if (numbers.size_bytes() < buffer_bytes) {
        buffer.append(reinterpret_cast<const char*>(numbers.data()), numbers.size_bytes());
      } else {
        flush();
        to.write(numbers.data(), int64_t(numbers.size_bytes()));
      }
    }
    if (buffer.size() >= buffer_bytes) flush();
  }
  flush();
}

}  // namespace tomograd
