#include "spec/text_formats.h"

#include <algorithm>
#include <climits>
#include <cmath>
#include <sstream>
#include <unordered_set>

#include <nlohmann/json.hpp>
#define TOML_EXCEPTIONS 1
#include <toml++/toml.h>

#include "base/error.h"
#include "spec/fast_json.h"
#include "spec/write_json.h"

namespace tomograd {
namespace {

constexpr int deepest = 128;

Value from_toml(const toml::node& node, const std::string& name) {
  if (auto v = node.as_boolean()) return v->get();
  if (auto v = node.as_integer()) return int64_t{v->get()};
  if (auto v = node.as_floating_point()) return v->get();
  if (auto v = node.as_string()) return v->get();
  if (auto v = node.as_array()) {
    Value::List list;
    for (const auto& item : *v) list.push_back(from_toml(item, name));
    return list;
  }
  if (auto v = node.as_table()) {
    // toml++ sorts keys; the place in the file restores the writer's order.
    std::vector<std::pair<toml::source_position, const toml::key*>> order;
    Value::Table table;
    for (const auto& [key, item] : *v) order.push_back({key.source().begin, &key});
    std::stable_sort(order.begin(), order.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    for (const auto& [position, key] : order) table.emplace_back(std::string(key->str()), from_toml(*v->get(key->str()), name));
    return table;
  }
  fail_input(text(name, ": dates and times have no meaning here"));
}

// toml++ and what walks its tree are recursive, and a dotted key (a.b.c = 1) is a table in a table in a table: both kinds of
// depth are counted before the parser runs. Brackets and dots in texts and comments are none. Where the content is no TOML,
// the count may go astray, but only behind the place at which the parser stops.
class TomlDepth {
 public:
  explicit TomlDepth(std::string_view content) : s_(content) {}

  int deepest() {
    while (at_ < s_.size()) {
      char c = s_[at_];
      if (c == '#') skip_to('\n');
      else if (c == '"' || c == '\'') skip_text(c);
      else count(c), ++at_;
    }
    return most_;
  }

 private:
  void count(char c) {
    if (c == '[' || c == '{') ++brackets_, dots_ = 0;
    else if (c == ']' || c == '}') brackets_ = std::max(0, brackets_ - 1), dots_ = 0;
    else if (c == '.') ++dots_;
    else if (c == ',' || c == '=' || c == '\n') dots_ = 0;
    most_ = std::max({most_, brackets_, dots_ + 1});
  }
  void skip_to(char end) { at_ = std::min(s_.find(end, at_), s_.size()); }
  void skip_text(char quote) {
    std::string three(3, quote);
    bool lines = s_.substr(at_, 3) == three;
    at_ += lines ? 3 : 1;
    while (at_ < s_.size()) {
      if (s_[at_] == '\\' && quote == '"') at_ += 2;
      else if (lines ? s_.substr(at_, 3) == three : s_[at_] == quote || s_[at_] == '\n') break;
      else ++at_;
    }
    if (at_ < s_.size() && s_[at_] == '\n') return;
    at_ = std::min(at_ + (lines ? 3 : 1), s_.size());
    for (int i = 0; lines && i < 2 && at_ < s_.size() && s_[at_] == quote; ++i) ++at_;  // """a""""" ends with two quotes of its own
  }

  std::string_view s_;
  size_t at_ = 0;
  int brackets_ = 0, dots_ = 0, most_ = 0;
};

// Builds the Value while nlohmann's parser (which is not recursive) reads: no tree in between, depth and doubled keys are
// refused where they stand, and an object of n keys takes n steps.
class JsonReader {
 public:
  explicit JsonReader(const std::string& name) : name_(name) {}
  Value root;

  bool null() { return add(Value()); }
  bool boolean(bool v) { return add(v); }
  bool number_integer(int64_t v) { return add(v); }
  bool number_unsigned(uint64_t v) { return v <= uint64_t(INT64_MAX) ? add(int64_t(v)) : add(double(v)); }
  bool number_float(double v, const std::string&) { return add(v); }
  bool string(std::string& v) { return add(std::move(v)); }
  bool binary(std::vector<uint8_t>&) { return false; }  // not in text
  bool start_array(size_t) { return open(Value(Value::List{})); }
  bool start_object(size_t) { return open(Value::table()); }
  bool end_array() { return close(); }
  bool end_object() { return close(); }
  bool key(std::string& v) {
    if (!open_.back().keys.insert(v).second) fail_input(text(name_, " is not valid JSON: the key '", v, "' stands twice in one object"));
    key_ = std::move(v);
    return true;
  }
  bool parse_error(size_t, const std::string&, const nlohmann::json::exception& error) {
    fail_input(text(name_, " is not valid JSON: ", error.what()));
  }

 private:
  struct Open {
    Value* value;                                // the last of its parent, which does not grow meanwhile
    std::unordered_set<std::string> keys;
  };
  Value* place(Value v) {
    if (open_.empty()) return root = std::move(v), &root;
    Value& parent = *open_.back().value;
    if (parent.is_list()) return &parent.as_list().emplace_back(std::move(v));
    return &parent.as_table().emplace_back(std::move(key_), std::move(v)).second;
  }
  bool add(Value v) {
    place(std::move(v));
    return true;
  }
  bool open(Value v) {
    if (open_.size() == size_t(deepest)) fail_input(text(name_, " is nested more than ", deepest, " levels deep, which is the most that is read"));
    open_.push_back({place(std::move(v)), {}});
    return true;
  }
  bool close() {
    open_.pop_back();
    return true;
  }

  std::string name_, key_;
  std::vector<Open> open_;
};

std::string quoted_toml(const std::string& raw) {
  std::ostringstream out;
  out << '"';
  for (unsigned char c : raw) {
    if (c == '"' || c == '\\') out << '\\' << c;
    else if (c == '\n') out << "\\n";
    else if (c == '\t') out << "\\t";
    else if (c < 0x20 || c == 0x7f) { char buffer[8]; std::snprintf(buffer, sizeof buffer, "\\u%04X", c); out << buffer; }
    else out << c;
  }
  out << '"';
  return out.str();
}

std::string toml_key(const std::string& key) {
  bool bare = !key.empty();
  for (char c : key) bare = bare && (std::isalnum((unsigned char)c) || c == '_' || c == '-');
  return bare ? key : quoted_toml(key);
}

bool is_table_list(const Value& value) {
  return value.is_list() && !value.as_list().empty() && std::all_of(value.as_list().begin(), value.as_list().end(), [](const Value& item) { return item.is_table(); });
}

void write_table(std::ostringstream& out, const Value& table, const std::string& prefix) {
  for (const auto& [key, value] : table.as_table())
    if (!value.is_table() && !is_table_list(value) && !value.is_nothing()) out << toml_key(key) << " = " << to_toml_value(value) << "\n";
  for (const auto& [key, value] : table.as_table()) {
    std::string path = prefix.empty() ? toml_key(key) : prefix + "." + toml_key(key);
    if (value.is_table()) {
      out << "\n[" << path << "]\n";
      write_table(out, value, path);
    } else if (is_table_list(value)) {
      for (const auto& item : value.as_list()) {
        out << "\n[[" << path << "]]\n";
        write_table(out, item, path);
      }
    }
  }
}

}  // namespace

Value parse_toml(std::string_view content, const std::string& name) {
  if (content.size() > (size_t{1} << 20)) fail_input(text(name, " has ", content.size(), " bytes; a spec has at most 1 MiB"));
  if (int depth = TomlDepth(content).deepest(); depth > deepest) fail_input(text(name, " is nested ", depth, " levels deep, at most ", deepest, " are read"));
  try {
    return from_toml(toml::parse(content, name), name);
  } catch (const toml::parse_error& error) {
    fail_input(text(name, " line ", error.source().begin.line, ", column ", error.source().begin.column, ": ", error.description()));
  }
}

Value parse_json(std::string_view content, const std::string& name) {
  if (Value value; read_fast_json(content, value)) return value;
  JsonReader reader(name);
  nlohmann::json::sax_parse(content, &reader);
  return std::move(reader.root);
}

std::string to_toml_value(const Value& value) {
  if (value.is_bool()) return value.as_bool() ? "true" : "false";
  if (value.is_integer()) return std::to_string(value.as_integer());
  if (value.is_number()) return number_text(value.as_number());
  if (value.is_text()) return quoted_toml(value.as_text());
  std::string result;
  if (value.is_list()) {
    for (const auto& item : value.as_list()) result += (result.empty() ? "" : ", ") + to_toml_value(item);
    return "[" + result + "]";
  }
  for (const auto& [key, item] : value.as_table()) result += (result.empty() ? "" : ", ") + toml_key(key) + " = " + to_toml_value(item);
  return "{ " + result + " }";
}

std::string to_toml(const Value& table) {
  std::ostringstream out;
  write_table(out, table, "");
  return out.str();
}

std::string to_json(const Value& value, bool pretty) {
  std::string json;
  write_json(value, pretty, json);
  return json;
}

void apply_setting(Value& root, const std::string& setting) {
  size_t equal = setting.find('=');
  if (equal == std::string::npos || equal == 0) fail_usage(text("--set '", setting, "' is not of the form key=value"), "example: --set optimizer.learning_rate=0.01");
  std::string path = setting.substr(0, equal), raw = setting.substr(equal + 1);
  Value value = raw;
  try {
    value = parse_toml("v = " + raw, "--set").at("v");
  } catch (const Error&) {  // plain text without quotes, as a shell user writes it
  }
  Value* at = &root;
  size_t begin = 0;
  while (true) {
    size_t dot = path.find('.', begin);
    at = &(*at)[path.substr(begin, dot - begin)];
    if (dot == std::string::npos) break;
    begin = dot + 1;
  }
  *at = value;
}

}  // namespace tomograd
