#include "server/route_table.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/error.h"
#include "spec/text_formats.h"

namespace tomograd {
namespace {

std::vector<std::string> parts_of(const std::string& path) {
  std::vector<std::string> parts;
  for (size_t begin = 1; begin <= path.size();) {
    size_t end = std::min(path.find('/', begin), path.size());
    parts.push_back(path.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

bool is_place(const std::string& part) { return part.size() > 2 && part.front() == '{' && part.back() == '}'; }

int hexadecimal_digit(char c) { return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1; }

std::optional<std::string> decoded_once(const std::string& raw, bool plus_is_space) {
  std::string out;
  for (size_t i = 0; i < raw.size(); ++i) {
    char c = raw[i];
    if (c == '%') {
      int high = i + 2 < raw.size() ? hexadecimal_digit(raw[i + 1]) : -1, low = i + 2 < raw.size() ? hexadecimal_digit(raw[i + 2]) : -1;
      if (high < 0 || low < 0) return std::nullopt;
      c = char(high * 16 + low), i += 2;
    } else if (c == '+' && plus_is_space) c = ' ';
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return std::nullopt;
    out += c;
  }
  return out;
}

// An escape that is itself escaped, or a byte sequence that some decoder reads as "/": nothing of ours needs them.
bool is_plain_part(const std::string& part) {
  if (part == "." || part == "..") return false;
  for (unsigned char c : part)
    if (c == '/' || c == '\\' || c == '%' || c == 0xc0 || c == 0xc1 || c > 0xf4) return false;
  return true;
}

template <class Number>
Number read_number(const std::string& name, const std::string& raw) {
  Number value{};
  auto [end, error] = std::from_chars(raw.data(), raw.data() + raw.size(), value);
  if (raw.empty() || error != std::errc{} || end != raw.data() + raw.size()) fail_usage(text("parameter ", name, " is '", raw, "', expected a number"));
  return value;
}

Value parameter_value(const std::string& name, const std::string& where, const std::string& type, const std::string& sentence) {
  Value v = Value::table();
  v["name"] = name, v["in"] = where, v["required"] = where == "path";
  if (!sentence.empty()) v["description"] = sentence;
  Value& schema = v["schema"];
  const bool choice = type.find('|') != std::string::npos;
  schema["type"] = type == "integer" ? "integer" : type == "number" ? "number" : "string";
  if (choice) {
    Value::List words;
    for (size_t begin = 0; begin <= type.size();) {
      size_t end = std::min(type.find('|', begin), type.size());
      words.emplace_back(type.substr(begin, end - begin));
      begin = end + 1;
    }
    schema["enum"] = std::move(words);
  }
  return v;
}

}  // namespace

int64_t Call::place_number(const std::string& name) const {
  int64_t value = read_number<int64_t>(name, place(name));
  if (value < 0) fail_usage(text(name, " is ", value, ", expected 0 or more"));
  return value;
}

std::string Call::words(const std::string& name, const std::string& otherwise) const {
  auto found = query.find(name);
  return found == query.end() ? otherwise : found->second;
}

std::optional<int64_t> Call::integer(const std::string& name, int64_t low, int64_t high) const {
  auto found = query.find(name);
  if (found == query.end()) return std::nullopt;
  int64_t value = read_number<int64_t>(name, found->second);
  if (value < low || value > high) fail_usage(text("parameter ", name, " is ", value, ", expected ", low, " to ", high));
  return value;
}

std::optional<double> Call::number(const std::string& name) const {
  auto found = query.find(name);
  if (found == query.end()) return std::nullopt;
  double value = read_number<double>(name, found->second);
  if (!std::isfinite(value)) fail_usage(text("parameter ", name, " is '", found->second, "', expected a finite number"));
  return value;
}

void Call::check_body(const std::vector<std::string>& known) const {
  if (!body.is_table()) fail_usage(text("the body is ", body.type_name(), ", expected an object"));
  for (const auto& [key, value] : body.as_table())
    if (std::find(known.begin(), known.end(), key) == known.end()) fail_usage("the body has '" + key + "', which nobody reads here");
}

std::string Call::field(const std::string& name, const std::string& otherwise) const {
  const Value* value = body.find(name);
  return !value || value->is_nothing() ? otherwise : with_context(name, [&] { return value->as_text(); });
}

int64_t Call::field(const std::string& name, int64_t otherwise, int64_t low, int64_t high) const {
  const Value* value = body.find(name);
  if (!value || value->is_nothing()) return otherwise;
  int64_t number = with_context(name, [&] { return value->as_integer(); });
  if (number < low || number > high) fail_usage(text(name, " is ", number, ", expected ", low, " to ", high));
  return number;
}

void RouteTable::add(Route route, const std::string& shape) {
  for (const auto& other : routes_)
    if (other.method == route.method && other.path == route.path) fail_failure("two routes are " + route.method + " " + route.path);
  routes_.push_back(std::move(route));
  if (!shape.empty()) describe(routes_.back().method, routes_.back().path, shape);
}

void RouteTable::describe(const std::string& method, const std::string& path, const std::string& shape) {
  shapes.use(shape);
  for (auto& route : routes_)
    if (route.method == method && route.path == path) {
      route.shape = shape;
      return;
    }
  fail_failure("there is no route " + method + " " + path + " whose answer could be a '" + shape + "'");
}

RouteTable::Found RouteTable::find(const std::string& method, const std::vector<std::string>& path) const {
  Found best;
  size_t best_places = 0;
  for (const auto& route : routes_) {
    std::vector<std::string> wanted = parts_of(route.path);
    if (wanted.size() != path.size()) continue;
    std::map<std::string, std::string> places;
    bool same = true;
    for (size_t i = 0; same && i < path.size(); ++i) {
      if (is_place(wanted[i])) places[wanted[i].substr(1, wanted[i].size() - 2)] = path[i], same = !path[i].empty();
      else same = wanted[i] == path[i];
    }
    if (!same) continue;
    if (route.method != method) {
      best.other_method = true;
    } else if (!best.route || places.size() < best_places) {
      best.route = &route, best_places = places.size(), best.places = std::move(places);
    }
  }
  return best;
}

std::optional<Target> parse_target(const std::string& target) {
  if (target.empty() || target.front() != '/' || target.size() > 8192 || target.find('#') != std::string::npos) return std::nullopt;
  Target found;
  const size_t question = std::min(target.find('?'), target.size());
  std::vector<std::string> raw = parts_of(target.substr(0, question));
  for (size_t i = 0; i < raw.size(); ++i) {
    auto part = decoded_once(raw[i], false);
    if (!part || !is_plain_part(*part) || (part->empty() && i + 1 < raw.size())) return std::nullopt;
    if (!part->empty()) found.path.push_back(*part);
  }
  for (size_t begin = question + 1; begin < target.size();) {
    size_t end = std::min(target.find('&', begin), target.size());
    std::string pair = target.substr(begin, end - begin);
    begin = end + 1;
    if (pair.empty()) continue;
    size_t equals = std::min(pair.find('='), pair.size());
    auto name = decoded_once(pair.substr(0, equals), true), value = decoded_once(equals < pair.size() ? pair.substr(equals + 1) : "", true);
    if (!name || !value || name->empty() || !found.query.emplace(*name, *value).second) return std::nullopt;
  }
  return found;
}

ServerAnswer json_answer(const Value& value, int status) { return {status, to_json(value, false)}; }

ServerAnswer error_answer(int status, const std::string& kind, const std::string& message, const std::string& hint, const std::vector<std::string>& context) {
  Value v = Value::table();
  Value& error = v["error"];
  error["kind"] = kind, error["message"] = message, error["context"] = Value::list_of(context), error["hint"] = hint;
  return json_answer(v, status);
}

std::string openapi_text(const RouteTable& table, const std::string& version) {
  Value api = Value::table();
  api["openapi"] = "3.1.0";
  api["info"]["title"] = "tomograd serve", api["info"]["version"] = version;
  api["info"]["description"] = "Written from the table of routes; docs/api.md says more of what they answer.";
  table.shapes.check_names();
  Value& paths = api["paths"];
  paths = Value::table();
  for (const auto& route : table.routes()) {
    Value operation = Value::table();
    operation["summary"] = route.sentence;
    Value::List parameters;
    for (const auto& part : parts_of(route.path))
      if (is_place(part)) parameters.push_back(parameter_value(part.substr(1, part.size() - 2), "path", "text", ""));
    for (const auto& parameter : route.parameters) parameters.push_back(parameter_value(parameter.name, "query", parameter.type, parameter.sentence));
    if (!parameters.empty()) operation["parameters"] = std::move(parameters);
    if (route.method == "POST") operation["requestBody"]["content"]["application/json"]["schema"]["type"] = "object";
    Value& good = operation["responses"]["200"];
    good["description"] = "OK", good["content"][route.answers] = Value::table();
    if (!route.shape.empty()) good["content"][route.answers]["schema"]["$ref"] = "#/components/schemas/" + route.shape;
    operation["responses"]["default"]["description"] = "An error", operation["responses"]["default"]["content"]["application/json"]["schema"]["$ref"] = "#/components/schemas/ErrorAnswer";
    operation["x-changes"] = route.changes;
    std::string method = route.method;
    for (char& c : method) c = char(c - 'A' + 'a');
    paths[route.path][method] = operation;
  }
  api["components"]["schemas"] = table.shapes.schemas();
  Value& security = api["components"]["securitySchemes"];
  security["cookie"]["type"] = "apiKey", security["cookie"]["in"] = "cookie", security["cookie"]["name"] = "tomograd_PORT";
  security["bearer"]["type"] = "http", security["bearer"]["scheme"] = "bearer";
  Value cookie = Value::table(), bearer = Value::table();
  cookie["cookie"] = Value(Value::List{}), bearer["bearer"] = Value(Value::List{});
  api["security"] = Value(Value::List{cookie, bearer});
  return to_json(api) + "\n";
}

}  // namespace tomograd
