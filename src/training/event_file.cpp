#include "training/event_file.h"

#include <array>
#include <cstring>

#include "base/error.h"

namespace tomograd {
namespace {

std::string varint(uint64_t v) {
  std::string bytes;
  for (; v >= 128; v >>= 7) bytes += char(v | 128);
  return bytes + char(v);
}
std::string tag(int field, int wire) { return varint(uint64_t(field) << 3 | uint64_t(wire)); }
std::string text_field(int field, const std::string& content) { return tag(field, 2) + varint(content.size()) + content; }
template <class T>
std::string raw(T v) {
  std::string bytes(sizeof v, '\0');
  std::memcpy(bytes.data(), &v, sizeof v);
  return bytes;
}
uint32_t masked(const std::string& bytes) {
  uint32_t crc = crc32c(bytes.data(), bytes.size());
  return ((crc >> 15) | (crc << 17)) + 0xA282EAD8u;
}

}  // namespace

uint32_t crc32c(const void* data, size_t bytes) {
  static const auto table = [] {
    std::array<uint32_t, 256> t{};
    for (uint32_t i = 0; i < 256; ++i) {
      uint32_t v = i;
      for (int bit = 0; bit < 8; ++bit) v = v >> 1 ^ (v & 1 ? 0x82F63B78u : 0);
      t[i] = v;
    }
    return t;
  }();
  uint32_t crc = ~0u;
  for (auto p = static_cast<const unsigned char*>(data); bytes--; ++p) crc = crc >> 8 ^ table[(crc ^ *p) & 255];
  return ~crc;
}

EventFile::EventFile(Env& env, const std::string& folder, double wall_seconds, int64_t first_step) {
  env.make_directories(folder);
  file_ = env.create_file(join_path(folder, text("events.out.tfevents.", int64_t(wall_seconds), ".tomograd.", first_step)));
  write(tag(1, 1) + raw(wall_seconds) + text_field(3, "brain.Event:2"));
}

void EventFile::scalar(const std::string& name, int64_t step, double value, double wall_seconds) {
  std::string summary = text_field(1, text_field(1, name) + tag(2, 5) + raw(float(value)));
  write(tag(1, 1) + raw(wall_seconds) + tag(2, 0) + varint(uint64_t(step)) + text_field(5, summary));
}

void EventFile::write(const std::string& event) {
  std::string length = raw(uint64_t(event.size()));
  std::string frame = length + raw(masked(length)) + event + raw(masked(event));
  file_->write(frame.data(), int64_t(frame.size()));
}

}  // namespace tomograd
