#include "spec/text_formats.h"

#include <cmath>
#include <sstream>

#include <nlohmann/json.hpp>
#define TOML_EXCEPTIONS 1
#include <toml++/toml.h>

#include "base/error.h"

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

// The parser is recursive; a bomb of brackets is refused before it runs.
void check_depth(std::string_view content, const std::string& name) {
  int depth = 0, most = 0;
  for (char c : content) {
    if (c == '[' || c == '{') most = std::max(most, ++depth);
    if ((c == ']' || c == '}') && depth > 0) --depth;
  }
  if (most > deepest) fail_input(text(name, " is nested ", most, " levels deep, at most ", deepest, " are read"));
}

Value from_json(const nlohmann::ordered_json& json) {
  switch (json.type()) {
    case nlohmann::json::value_t::boolean: return json.get<bool>();
    case nlohmann::json::value_t::number_integer:
    case nlohmann::json::value_t::number_unsigned: return json.get<int64_t>();
    case nlohmann::json::value_t::number_float: return json.get<double>();
    case nlohmann::json::value_t::string: return json.get<std::string>();
    case nlohmann::json::value_t::array: {
      Value::List list;
      for (const auto& item : json) list.push_back(from_json(item));
      return list;
    }
    case nlohmann::json::value_t::object: {
      Value::Table table;
      for (const auto& [key, item] : json.items()) table.emplace_back(key, from_json(item));
      return table;
    }
    default: return Value();
  }
}

nlohmann::ordered_json into_json(const Value& value) {
  if (value.is_bool()) return value.as_bool();
  if (value.is_integer()) return value.as_integer();
  if (value.is_number()) return std::isfinite(value.as_number()) ? nlohmann::ordered_json(value.as_number()) : nlohmann::ordered_json(nullptr);
  if (value.is_text()) return value.as_text();
  if (value.is_list()) {
    auto json = nlohmann::ordered_json::array();
    for (const auto& item : value.as_list()) json.push_back(into_json(item));
    return json;
  }
  if (value.is_table()) {
    auto json = nlohmann::ordered_json::object();
    for (const auto& [key, item] : value.as_table()) json[key] = into_json(item);
    return json;
  }
  return nullptr;
}

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
  return value.is_list() && !value.as_list().empty() && value.as_list().front().is_table();
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
  check_depth(content, name);
  try {
    return from_toml(toml::parse(content, name), name);
  } catch (const toml::parse_error& error) {
    fail_input(text(name, " line ", error.source().begin.line, ", column ", error.source().begin.column, ": ", error.description()));
  }
}

Value parse_json(std::string_view content, const std::string& name) {
  check_depth(content, name);
  try {
    return from_json(nlohmann::ordered_json::parse(content));
  } catch (const nlohmann::json::exception& error) {
    fail_input(text(name, " is not valid JSON: ", error.what()));
  }
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
  return into_json(value).dump(pretty ? 2 : -1, ' ', false, nlohmann::json::error_handler_t::replace);
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
