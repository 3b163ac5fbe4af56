#include "spec/value.h"

#include <charconv>
#include <cmath>

#include "base/error.h"

namespace tomograd {

Value::Value() = default;
Value::Value(const Value& other) = default;
Value::Value(Value&& other) noexcept = default;
Value& Value::operator=(const Value& other) = default;
Value& Value::operator=(Value&& other) noexcept = default;
Value::~Value() = default;
Value::Value(bool v) : data_(v) {}
Value::Value(int v) : data_(int64_t{v}) {}
Value::Value(int64_t v) : data_(v) {}
Value::Value(double v) : data_(v) {}
Value::Value(const char* v) : data_(std::string(v)) {}
Value::Value(std::string v) : data_(std::move(v)) {}
Value::Value(List v) : data_(std::move(v)) {}
Value::Value(Table v) : data_(std::move(v)) {}

const char* Value::type_name() const {
  const char* names[] = {"nothing", "true or false", "an integer", "a number", "text", "a list", "a table"};
  return names[data_.index()];
}

namespace {
[[noreturn]] void wrong(const Value& value, const char* expected) {
  std::string shown = value.is_text() ? " '" + value.as_text() + "'" : value.is_integer() ? text(" ", value.as_integer()) : value.is_number() ? " " + number_text(value.as_number()) : "";
  fail_input(text("is ", value.type_name(), shown, ", expected ", expected));
}
}  // namespace

bool Value::as_bool() const {
  if (!is_bool()) wrong(*this, "true or false");
  return std::get<bool>(data_);
}

int64_t Value::as_integer() const {
  if (is_integer()) return std::get<int64_t>(data_);
  if (auto number = std::get_if<double>(&data_); number && std::nearbyint(*number) == *number && std::abs(*number) < 9e15) return int64_t(*number);
  wrong(*this, "an integer");
}

double Value::as_number() const {
  if (auto integer = std::get_if<int64_t>(&data_)) return double(*integer);
  if (auto number = std::get_if<double>(&data_)) return *number;
  wrong(*this, "a number");
}

const std::string& Value::as_text() const {
  if (!is_text()) wrong(*this, "text");
  return std::get<std::string>(data_);
}

const Value::List& Value::as_list() const {
  if (!is_list()) wrong(*this, "a list");
  return std::get<List>(data_);
}

const Value::Table& Value::as_table() const {
  if (!is_table()) wrong(*this, "a table");
  return std::get<Table>(data_);
}

Value::List& Value::as_list() {
  if (!is_list()) wrong(*this, "a list");
  return std::get<List>(data_);
}

Value::Table& Value::as_table() {
  if (!is_table()) wrong(*this, "a table");
  return std::get<Table>(data_);
}

const Value* Value::find(std::string_view key) const {
  if (!is_table()) return nullptr;
  for (const auto& [name, value] : std::get<Table>(data_))
    if (name == key) return &value;
  return nullptr;
}

const Value& Value::at(std::string_view key) const {
  if (const Value* found = find(key)) return *found;
  fail_input(text("the key '", key, "' is missing"));
}

Value& Value::operator[](std::string_view key) {
  if (!is_table()) data_ = Table{};
  auto& table = std::get<Table>(data_);
  for (auto& [name, value] : table)
    if (name == key) return value;
  return table.emplace_back(std::string(key), Value()).second;
}

std::string number_text(double v) {
  if (std::isnan(v)) return "nan";
  if (std::isinf(v)) return v > 0 ? "inf" : "-inf";
  char buffer[40];
  auto end = std::to_chars(buffer, buffer + sizeof buffer, v).ptr;
  std::string result(buffer, end);
  if (result.find_first_of(".en") == std::string::npos) result += ".0";
  return result;
}

}  // namespace tomograd
