// The wire format, byte by byte, against the examples of protobuf's own description (protobuf.dev, "Encoding").
#include "arch/onnx_writer.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace tomograd {
namespace {

class Written : public OutputFile {
 public:
  void write(const void* data, int64_t bytes) override { content.append(static_cast<const char*>(data), size_t(bytes)); }
  void write_at(int64_t, const void*, int64_t) override { FAIL(); }
  void sync() override {}
  void close() override {}
  std::string content;
};

std::string hex(const WireMessage& message) {
  Written file;
  message.write(file);
  EXPECT_EQ(int64_t(file.content.size()), message.bytes());
  std::string digits;
  for (unsigned char c : file.content) digits += "0123456789abcdef"[c >> 4], digits += "0123456789abcdef"[c & 15];
  return digits;
}

TEST(WireMessage, ExamplesOfTheDescription) {
  WireMessage number, word, inside, negative;
  number.integer(1, 150);
  EXPECT_EQ(hex(number), "089601");
  word.text(2, "testing");
  EXPECT_EQ(hex(word), "120774657374696e67");
  inside.message(3, number);
  EXPECT_EQ(hex(inside), "1a03089601");
  negative.integer(1, -2);
  EXPECT_EQ(hex(negative), "08feffffffffffffffff01");
}

TEST(WireMessage, OtherFields) {
  WireMessage message;
  EXPECT_EQ(hex(message), "");
  message.real(2, 1.0f);
  message.integer(20, 0);   // a key of two bytes
  message.text(1, "");
  message.message(15, WireMessage());
  EXPECT_EQ(hex(message), "150000803f" "a00100" "0a00" "7a00");
}

TEST(WireMessage, NumbersAreAskedForWhenWritten) {
  std::vector<float> numbers = {1, -2};
  int asked = 0;
  WireMessage tensor, outer, all;
  tensor.integer(1, 2);
  tensor.floats(9, 2, [&] { ++asked; return std::span<const float>(numbers); });
  tensor.integer(2, 1);
  outer.message(5, std::move(tensor));
  outer.text(2, "g");
  all.append(std::move(outer));
  EXPECT_EQ(asked, 0);
  EXPECT_EQ(hex(all), "2a0e" "0802" "4a08" "0000803f" "000000c0" "1001" "120167");
  EXPECT_EQ(asked, 1);
  numbers.push_back(3);
  EXPECT_THROW(hex(all), Error);
}

TEST(WireMessage, LargeTensorsAreNotCopied) {
  std::vector<float> numbers(size_t{1} << 19, 2.5f);
  WireMessage message;
  for (int field = 1; field < 4; ++field) message.floats(field, int64_t(numbers.size()), [&] { return std::span<const float>(numbers); });
  Written file;
  message.write(file);
  EXPECT_EQ(int64_t(file.content.size()), message.bytes());
  EXPECT_EQ(file.content.size(), 3 * (numbers.size() * 4 + 5));
  EXPECT_EQ(file.content.substr(0, 5), std::string("\x0a\x80\x80\x80\x01", 5));
}

}  // namespace
}  // namespace tomograd
