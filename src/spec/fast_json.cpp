#include "spec/fast_json.h"

#include <charconv>

namespace tomograd {
namespace {

constexpr int deepest_fast = 64;
constexpr size_t most_keys = 64;                 // of an object, as each new key is compared with those before it

class FastJson {
 public:
  explicit FastJson(std::string_view json) : at_(json.data()), end_(json.data() + json.size()) {}

  bool whole(Value& out) { return value(out, 0) && (space(), at_ == end_); }

 private:
  void space() {
    while (at_ != end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\t' || *at_ == '\r')) ++at_;
  }
  bool take(char c) {
    space();
    if (at_ == end_ || *at_ != c) return false;
    ++at_;
    return true;
  }
  bool word(std::string_view expected) {
    if (size_t(end_ - at_) < expected.size() || std::string_view(at_, expected.size()) != expected) return false;
    at_ += expected.size();
    return true;
  }

  bool value(Value& out, int depth) {
    space();
    if (at_ == end_ || depth > deepest_fast) return false;
    switch (*at_) {
      case '{': return object(out, depth);
      case '[': return list(out, depth);
      case '"': {
        std::string s;
        if (!string(s)) return false;
        out = Value(std::move(s));
        return true;
      }
      case 't': return out = Value(true), word("true");
      case 'f': return out = Value(false), word("false");
      case 'n': return out = Value(), word("null");
      default: return number(out);
    }
  }

  bool object(Value& out, int depth) {
    ++at_;
    Value::Table table;
    if (take('}')) return out = Value(std::move(table)), true;
    do {
      std::string key;
      space();
      if (at_ == end_ || *at_ != '"' || !string(key) || !take(':') || table.size() == most_keys) return false;
      for (const auto& [other, v] : table)
        if (other == key) return false;
      if (!value(table.emplace_back(std::move(key), Value()).second, depth + 1)) return false;
      space();
      if (at_ != end_ && *at_ == '}') return ++at_, out = Value(std::move(table)), true;
    } while (take(','));
    return false;
  }

  bool list(Value& out, int depth) {
    ++at_;
    Value::List list;
    if (take(']')) return out = Value(std::move(list)), true;
    do {
      if (!value(list.emplace_back(), depth + 1)) return false;
      space();
      if (at_ != end_ && *at_ == ']') return ++at_, out = Value(std::move(list)), true;
    } while (take(','));
    return false;
  }

  bool string(std::string& out) {                // at its first quote
    for (++at_;;) {
      const char* begin = at_;
      while (at_ != end_ && *at_ != '"' && *at_ != '\\' && *at_ >= 0x20 && *at_ < 0x7f) ++at_;
      out.append(begin, at_);
      if (at_ == end_) return false;
      if (*at_ == '"') return ++at_, true;
      if (*at_ != '\\' || ++at_ == end_) return false;
      constexpr std::string_view letters = "\"\\/bfnrt", meant = "\"\\/\b\f\n\r\t";
      size_t which = letters.find(*at_++);
      if (which == std::string_view::npos) return false;
      out += meant[which];
    }
  }

  bool number(Value& out) {
    const char *begin = at_, *digits = *at_ == '-' ? at_ + 1 : at_;
    const char* p = digits;
    auto skip_digits = [&] {
      const char* from = p;
      while (p != end_ && *p >= '0' && *p <= '9') ++p;
      return p != from;
    };
    if (!skip_digits() || (*digits == '0' && p - digits > 1)) return false;
    bool whole = p == end_ || (*p != '.' && *p != 'e' && *p != 'E');
    if (whole) {
      int64_t v = 0;
      if (std::from_chars(begin, p, v).ec != std::errc{} || (v == 0 && *begin == '-')) return false;
      return at_ = p, out = Value(v), true;
    }
    if (*p == '.' && (++p, !skip_digits())) return false;
    if (p != end_ && (*p == 'e' || *p == 'E')) {
      if (++p != end_ && (*p == '+' || *p == '-')) ++p;
      if (!skip_digits()) return false;
    }
    double v = 0;
    auto [stop, error] = std::from_chars(begin, p, v);
    if (error != std::errc{} || stop != p) return false;
    return at_ = p, out = Value(v), true;
  }

  const char *at_, *end_;
};

}  // namespace

bool read_fast_json(std::string_view json, Value& out) { return FastJson(json).whole(out); }

}  // namespace tomograd
