// A tree of plain values, the meeting point of TOML, JSON and our spec structs: nothing, bool, integer, number, text, list,
// table. Tables keep the order in which keys were added.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace tomograd {

class Value {
 public:
  using List = std::vector<Value>;
  using Table = std::vector<std::pair<std::string, Value>>;

  // Out of line: inlined, the variant's moves and destructor are much code wherever a key is set, and gcc 12 warns of them.
  Value();
  Value(const Value& other);
  Value(Value&& other) noexcept;
  Value& operator=(const Value& other);
  Value& operator=(Value&& other) noexcept;
  ~Value();
  Value(bool v);
  Value(int v);
  Value(int64_t v);
  Value(double v);
  Value(const char* v);
  Value(std::string v);
  Value(List v);
  Value(Table v);
  template <class T>
  static Value list_of(const std::vector<T>& items) {
    List list;
    for (const auto& item : items) list.push_back(Value(item));
    return Value(std::move(list));
  }
  static Value table() { return Value(Table{}); }

  bool is_nothing() const { return std::holds_alternative<std::monostate>(data_); }
  bool is_bool() const { return std::holds_alternative<bool>(data_); }
  bool is_integer() const { return std::holds_alternative<int64_t>(data_); }
  bool is_number() const { return std::holds_alternative<double>(data_) || is_integer(); }
  bool is_text() const { return std::holds_alternative<std::string>(data_); }
  bool is_list() const { return std::holds_alternative<List>(data_); }
  bool is_table() const { return std::holds_alternative<Table>(data_); }
  const char* type_name() const;  // "a number", "a table", ...

  // Checked access; the wrong type is Error(input) that says what stands there and what was expected.
  bool as_bool() const;
  int64_t as_integer() const;
  double as_number() const;
  const std::string& as_text() const;
  const List& as_list() const;
  const Table& as_table() const;
  List& as_list();
  Table& as_table();

  const Value* find(std::string_view key) const;   // nullptr when this is no table or lacks the key
  const Value& at(std::string_view key) const;     // Error(input) naming the missing key
  Value& operator[](std::string_view key);         // makes this a table and the key, when needed
  bool operator==(const Value&) const = default;

 private:
  std::variant<std::monostate, bool, int64_t, double, std::string, List, Table> data_;
};

// The shortest decimal text that reads back as the same double; always with "." or "e" ("1.0", "1e-05").
std::string number_text(double v);

}  // namespace tomograd
