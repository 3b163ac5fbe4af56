#include "dataset/printable.h"

#include <cctype>
#include <cstdint>
#include <cstdio>

namespace tomograd {
namespace {

// Length of the well-formed UTF-8 sequence at `at` and its code point; 0 when there is none (Unicode 15, table 3-7).
size_t sequence(std::string_view s, size_t at, uint32_t& point) {
  auto byte = [&](size_t i) { return at + i < s.size() ? uint8_t(s[at + i]) : 0; };
  auto tail = [&](size_t i) { return (byte(i) & 0xC0) == 0x80; };
  uint8_t lead = byte(0);
  if (lead < 0x80) return point = lead, 1;
  if (lead >= 0xC2 && lead <= 0xDF && tail(1)) return point = uint32_t(lead & 0x1F) << 6 | (byte(1) & 0x3F), 2;
  if (lead >= 0xE0 && lead <= 0xEF && tail(1) && tail(2)) {
    point = uint32_t(lead & 0x0F) << 12 | uint32_t(byte(1) & 0x3F) << 6 | (byte(2) & 0x3F);
    return point >= 0x800 && (point < 0xD800 || point > 0xDFFF) ? 3 : 0;
  }
  if (lead >= 0xF0 && lead <= 0xF4 && tail(1) && tail(2) && tail(3)) {
    point = uint32_t(lead & 0x07) << 18 | uint32_t(byte(1) & 0x3F) << 12 | uint32_t(byte(2) & 0x3F) << 6 | (byte(3) & 0x3F);
    return point >= 0x10000 && point <= 0x10FFFF ? 4 : 0;
  }
  return 0;
}

bool steers_display(uint32_t p) {  // controls, and marks that turn or hide text
  return p < 0x20 || (p >= 0x7F && p < 0xA0) || p == 0x061C || (p >= 0x200B && p <= 0x200F) || (p >= 0x2028 && p <= 0x202E) ||
         (p >= 0x2060 && p <= 0x2069) || p == 0xFEFF;
}

}  // namespace

std::string printable(std::string_view raw) {
  std::string shown;
  char buffer[16];
  for (size_t at = 0; at < raw.size();) {
    uint32_t point = 0;
    size_t length = sequence(raw, at, point);
    if (length == 0) {
      std::snprintf(buffer, sizeof buffer, "\\x%02X", unsigned(uint8_t(raw[at])));
      shown += buffer;
      ++at;
      continue;
    }
    if (steers_display(point)) {
      std::snprintf(buffer, sizeof buffer, point < 0x100 ? "\\x%02X" : "\\u{%04X}", unsigned(point));
      shown += buffer;
    } else {
      shown += raw.substr(at, length);
    }
    at += length;
  }
  return shown;
}

bool is_utf8(std::string_view raw) {
  uint32_t point = 0;
  for (size_t at = 0; at < raw.size();) {
    size_t length = sequence(raw, at, point);
    if (length == 0) return false;
    at += length;
  }
  return true;
}

bool is_safe_name(std::string_view name) {
  if (name.empty() || name.size() > 128 || name[0] == '.' || name[0] == '-') return false;
  for (unsigned char c : name)
    if (!(c < 0x80 && std::isalnum(c)) && c != '_' && c != '-' && c != '.') return false;
  return true;
}

std::string safe_name(std::string_view raw) {
  std::string name;
  for (unsigned char c : raw) {
    bool keep = (c < 0x80 && std::isalnum(c)) || c == '-' || c == '.' || c == '_';
    if (keep) name += char(c);
    else if (!name.empty() && name.back() != '_') name += '_';
  }
  size_t begin = name.find_first_not_of("._-"), end = name.find_last_not_of("._-");
  name = begin == std::string::npos ? "case" : name.substr(begin, end - begin + 1);
  if (name.size() > 120) name.resize(120);
  return name;
}

}  // namespace tomograd
