#include "arch/safetensors_header.h"

#include <algorithm>
#include <limits>

#include "base/error.h"

namespace tomograd {
namespace {

constexpr size_t most_axes = 16;

class Parser {
 public:
  explicit Parser(std::string_view json) : json_(json) {}

  TensorFileHeader header() {
    TensorFileHeader result;
    object([&](std::string key) {
      if (key == "__metadata__") {
        if (has_metadata_) wrong("'__metadata__' appears twice");
        has_metadata_ = true;
        object([&](std::string name) {
          if (!result.metadata.emplace(name, string()).second) wrong(text("metadata '", name, "' appears twice"));
        });
      } else if (!result.tensors.emplace(key, entry()).second) {
        wrong(text("tensor '", key, "' appears twice"));
      }
    });
    space();
    if (at_ != json_.size()) wrong("there is something behind the closing brace");
    return result;
  }

 private:
  [[noreturn]] void wrong(const std::string& what) { fail_input(text("its header is not valid at byte ", at_, ": ", what)); }

  void space() {
    while (at_ < json_.size() && (json_[at_] == ' ' || json_[at_] == '\n' || json_[at_] == '\t' || json_[at_] == '\r')) ++at_;
  }
  char next() {
    space();
    return at_ < json_.size() ? json_[at_] : '\0';
  }
  void expect(char c) {
    if (next() != c) wrong(text("expected '", std::string(1, c), "'"));
    ++at_;
  }
  bool accept(char c) {
    if (next() != c) return false;
    ++at_;
    return true;
  }

  template <class Member>
  void object(Member&& member) {
    expect('{');
    if (accept('}')) return;
    do {
      std::string key = string();
      expect(':');
      member(std::move(key));
    } while (accept(','));
    expect('}');
  }

  unsigned hex4() {
    unsigned code = 0;
    for (int i = 0; i < 4; ++i, ++at_) {
      char c = at_ < json_.size() ? json_[at_] : '\0';
      if (c >= '0' && c <= '9') code = code * 16 + unsigned(c - '0');
      else if (c >= 'a' && c <= 'f') code = code * 16 + unsigned(c - 'a') + 10;
      else if (c >= 'A' && c <= 'F') code = code * 16 + unsigned(c - 'A') + 10;
      else wrong("expected four hexadecimal digits");
    }
    return code;
  }

  void append_code_point(std::string& into) {
    unsigned code = hex4();
    if (code >= 0xD800 && code < 0xDC00) {
      if (json_.substr(at_, 2) != "\\u") wrong("half of a surrogate pair");
      at_ += 2;
      unsigned low = hex4();
      if (low < 0xDC00 || low >= 0xE000) wrong("half of a surrogate pair");
      code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
    } else if (code >= 0xDC00 && code < 0xE000) {
      wrong("half of a surrogate pair");
    }
    if (code < 0x80) into += char(code);
    else if (code < 0x800) into += char(0xC0 | code >> 6), into += char(0x80 | (code & 63));
    else if (code < 0x10000) into += char(0xE0 | code >> 12), into += char(0x80 | (code >> 6 & 63)), into += char(0x80 | (code & 63));
    else into += char(0xF0 | code >> 18), into += char(0x80 | (code >> 12 & 63)), into += char(0x80 | (code >> 6 & 63)), into += char(0x80 | (code & 63));
  }

  std::string string() {
    expect('"');
    std::string result;
    for (;;) {
      if (at_ >= json_.size()) wrong("a text has no end");
      char c = json_[at_++];
      if (c == '"') return result;
      if (static_cast<unsigned char>(c) < 0x20) wrong("a control character in a text");
      if (c != '\\') {
        result += c;
        continue;
      }
      char escape = at_ < json_.size() ? json_[at_++] : '\0';
      switch (escape) {
        case '"': case '\\': case '/': result += escape; break;
        case 'b': result += '\b'; break;
        case 'f': result += '\f'; break;
        case 'n': result += '\n'; break;
        case 'r': result += '\r'; break;
        case 't': result += '\t'; break;
        case 'u': append_code_point(result); break;
        default: wrong("an unknown escape in a text");
      }
    }
  }

  int64_t number() {
    char first = next();
    if (first < '0' || first > '9') wrong("expected a size (a whole number, 0 or above)");
    uint64_t value = 0;
    size_t begin = at_;
    for (; at_ < json_.size() && json_[at_] >= '0' && json_[at_] <= '9'; ++at_) {
      if (at_ - begin >= 18) wrong("a size has more than 18 digits");
      value = value * 10 + uint64_t(json_[at_] - '0');
    }
    if (at_ < json_.size() && (json_[at_] == '.' || json_[at_] == 'e' || json_[at_] == 'E')) wrong("a size is not a whole number");
    return int64_t(value);
  }

  std::vector<int64_t> numbers() {
    std::vector<int64_t> list;
    expect('[');
    if (accept(']')) return list;
    do {
      if (list.size() == most_axes) wrong(text("a list has more than ", most_axes, " numbers"));
      list.push_back(number());
    } while (accept(','));
    expect(']');
    return list;
  }

  TensorEntry entry() {
    TensorEntry result;
    int seen = 0;
    auto once = [&](int bit, const std::string& key) {
      if (seen & bit) wrong(text("'", key, "' appears twice in a tensor"));
      seen |= bit;
    };
    object([&](std::string key) {
      if (key == "dtype") once(1, key), result.type = string();
      else if (key == "shape") once(2, key), result.shape = numbers();
      else if (key == "data_offsets") {
        once(4, key);
        std::vector<int64_t> range = numbers();
        if (range.size() != 2) wrong("data_offsets has not two numbers");
        result.begin = range[0], result.end = range[1];
      } else wrong(text("a tensor has the unknown key '", key.substr(0, 40), "'"));
    });
    if (seen != 7) wrong("a tensor lacks dtype, shape or data_offsets");
    return result;
  }

  std::string_view json_;
  size_t at_ = 0;
  bool has_metadata_ = false;
};

// Bytes of a shape, or -1 when they do not fit into 63 bits.
int64_t bytes_of_shape(const TensorEntry& entry) {
  int64_t bytes = bytes_of_type(entry.type);
  if (std::find(entry.shape.begin(), entry.shape.end(), 0) != entry.shape.end()) return 0;
  for (int64_t n : entry.shape)
    if (__builtin_mul_overflow(bytes, n, &bytes)) return -1;
  return bytes;
}

void append_quoted(std::string& into, const std::string& value) {
  into += '"';
  for (char c : value) {
    if (c == '"' || c == '\\') into += '\\', into += c;
    else if (static_cast<unsigned char>(c) < 0x20) {
      constexpr char digits[] = "0123456789abcdef";
      into += "\\u00";
      into += digits[c >> 4 & 15];
      into += digits[c & 15];
    } else into += c;
  }
  into += '"';
}

}  // namespace

int64_t bytes_of_type(const std::string& type) {
  if (type == "BOOL" || type == "U8" || type == "I8") return 1;
  if (type == "I16" || type == "F16" || type == "BF16") return 2;
  if (type == "I32" || type == "F32") return 4;
  if (type == "I64" || type == "F64") return 8;
  return 0;
}

TensorFileHeader parse_tensor_header(std::string_view json, int64_t data_bytes) {
  if (json.empty() || json[0] != '{') fail_input("its header does not begin with '{'");
  TensorFileHeader header = Parser(json).header();
  std::vector<std::pair<int64_t, const std::string*>> by_place;
  for (const auto& [name, entry] : header.tensors) {
    if (bytes_of_type(entry.type) == 0) fail_input(text("tensor '", name, "' is of the unknown type '", entry.type.substr(0, 20), "'"));
    if (entry.end < entry.begin || entry.end > data_bytes)
      fail_input(text("tensor '", name, "' lies at bytes ", entry.begin, " to ", entry.end, " of ", data_bytes));
    if (bytes_of_shape(entry) != entry.end - entry.begin) fail_input(text("tensor '", name, "' has ", entry.end - entry.begin, " bytes, which its shape and type do not need"));
    by_place.emplace_back(entry.begin, &name);
  }
  std::sort(by_place.begin(), by_place.end(), [&](auto& a, auto& b) {
    return a.first != b.first ? a.first < b.first : header.tensors[*a.second].end < header.tensors[*b.second].end;
  });
  int64_t covered = 0;
  for (const auto& [begin, name] : by_place) {
    if (begin != covered) fail_input(text("tensor '", *name, "' begins at byte ", begin, ", but the tensor before it ends at ", covered));
    covered = header.tensors[*name].end;
  }
  if (covered != data_bytes) fail_input(text("the tensors cover ", covered, " of ", data_bytes, " bytes of data"));
  return header;
}

TensorFileStart read_tensor_header(InputFile& file, int64_t most_bytes) {
  if (file.size() < 8) fail_input(text("it has ", file.size(), " bytes, too few for a safetensors file"));
  unsigned char bytes[8];
  file.read_at(0, bytes, 8);
  uint64_t length = 0;
  for (int i = 7; i >= 0; --i) length = length << 8 | bytes[i];
  if (length > uint64_t(most_bytes)) fail_input(text("it claims a header of ", length, " bytes, at most ", most_bytes, " are read"), "it is damaged, no safetensors file, or a hostile one");
  if (int64_t(length) > file.size() - 8) fail_input(text("it claims a header of ", length, " bytes, but has only ", file.size(), " in all"), "it is damaged or no safetensors file");
  std::string json(size_t(length), '\0');
  file.read_at(8, json.data(), int64_t(length));
  int64_t data_begin = 8 + int64_t(length);
  return {parse_tensor_header(json, file.size() - data_begin), data_begin};
}

std::string write_tensor_header(const TensorFileHeader& header) {
  std::string json = "{";
  if (!header.metadata.empty()) {
    json += "\"__metadata__\":{";
    for (const auto& [name, value] : header.metadata) {
      if (json.back() != '{') json += ',';
      append_quoted(json, name);
      json += ':';
      append_quoted(json, value);
    }
    json += '}';
  }
  for (const auto& [name, entry] : header.tensors) {
    if (json.size() > 1) json += ',';
    append_quoted(json, name);
    json += ":{\"dtype\":\"" + entry.type + "\",\"shape\":[";
    for (size_t i = 0; i < entry.shape.size(); ++i) json += (i ? "," : "") + std::to_string(entry.shape[i]);
    json += "],\"data_offsets\":[" + std::to_string(entry.begin) + "," + std::to_string(entry.end) + "]}";
  }
  json += '}';
  json.resize((json.size() + 7) / 8 * 8, ' ');
  std::string bytes(8, '\0');
  for (int i = 0; i < 8; ++i) bytes[size_t(i)] = char(uint64_t(json.size()) >> (8 * i));
  return bytes + json;
}

}  // namespace tomograd
