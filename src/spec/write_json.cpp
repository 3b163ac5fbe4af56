#include "spec/write_json.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include <nlohmann/json.hpp>

namespace tomograd {
namespace {

class JsonWriter {
 public:
  JsonWriter(bool pretty, std::string& out) : pretty_(pretty), out_(out) {}

  void value(const Value& v, size_t level) {
    if (v.is_text()) string(v.as_text());
    else if (v.is_integer()) integer(v.as_integer());
    else if (v.is_number()) number(v.as_number());
    else if (v.is_bool()) out_ += v.as_bool() ? "true" : "false";
    else if (v.is_table()) all(v.as_table(), '{', '}', level);
    else if (v.is_list()) all(v.as_list(), '[', ']', level);
    else out_ += "null";
  }

 private:
  void item(const Value& v, size_t level) { value(v, level); }
  void item(const std::pair<std::string, Value>& member, size_t level) {
    string(member.first);
    out_ += pretty_ ? ": " : ":";
    value(member.second, level);
  }
  template <class Items>
  void all(const Items& items, char begin, char end, size_t level) {
    out_ += begin;
    bool first = true;
    for (const auto& one : items) {
      if (!first) out_ += ',';
      first = false;
      line(level + 1);
      item(one, level + 1);
    }
    if (!items.empty()) line(level);
    out_ += end;
  }
  void line(size_t level) {
    if (pretty_) out_ += '\n', out_.append(2 * level, ' ');
  }
  void string(const std::string& s) {
    if (!std::all_of(s.begin(), s.end(), [](char c) { return c >= 0x20 && c < 0x7f && c != '"' && c != '\\'; })) {
      out_ += nlohmann::json(s).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
      return;
    }
    out_ += '"', out_ += s, out_ += '"';
  }
  void integer(int64_t v) {
    char digits[24];
    out_.append(digits, std::to_chars(digits, digits + sizeof digits, v).ptr);
  }
  void number(double v) {
    if (!std::isfinite(v)) {
      out_ += "null";
      return;
    }
    char digits[64];
    out_.append(digits, nlohmann::detail::to_chars(digits, digits + sizeof digits, v));
  }

  bool pretty_;
  std::string& out_;
};

}  // namespace

void write_json(const Value& value, bool pretty, std::string& out) { JsonWriter(pretty, out).value(value, 0); }

}  // namespace tomograd
