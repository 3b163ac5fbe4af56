// Declare once. A spec struct lists its fields in one member function
//
//   template <class V> void visit(V&& v) {
//     v(patch, "patch", "size of a training patch, Z,Y,X in voxels", at_least(1));
//     v(optimizer, "optimizer", "how weights are updated");          // a struct with visit() of its own becomes a table
//   }
//
// and everything else comes from that list: reading with good messages, writing, defaults, documentation, schema.
// Field types: bool, int64_t, double, std::string, Extent, std::vector of these (or of vectors, or of structs), structs,
// and Value where any value is legal.
#pragma once

#include <cmath>
#include <concepts>
#include <limits>
#include <string>
#include <type_traits>
#include <vector>

#include "base/error.h"
#include "base/extent.h"
#include "spec/value.h"

namespace tomograd {

struct Rule {  // what values are legal; ranges apply to each number of a list or extent
  double low = -std::numeric_limits<double>::infinity(), high = std::numeric_limits<double>::infinity();
  std::vector<std::string> choices;
  std::string unit;
};
inline Rule anything() { return {}; }
inline Rule between(double low, double high, std::string unit = {}) { return {low, high, {}, std::move(unit)}; }
inline Rule at_least(double low, std::string unit = {}) { return {low, std::numeric_limits<double>::infinity(), {}, std::move(unit)}; }
inline Rule one_of(std::vector<std::string> choices) { Rule rule; rule.choices = std::move(choices); return rule; }

// The name among `known` that is nearest to `name` (edit distance), or "" when none is near.
std::string nearest_name(const std::string& name, const std::vector<std::string>& known);

namespace spec_detail {
void check_number(double v, const Rule& rule);
void check_choice(const std::string& v, const Rule& rule);
template <class T> struct is_vector : std::false_type {};
template <class T> struct is_vector<std::vector<T>> : std::true_type {};
struct Ignore { template <class... A> void operator()(A&&...) {} };
template <class T> concept Struct = requires(T& t, Ignore& v) { t.visit(v); };

template <class T>
void read(T& into, const Value& from, const Rule& rule);

struct Reader {
  const Value& table;
  std::vector<std::string> known;
  template <class T>
  void operator()(T& member, const char* name, const char*, const Rule& rule = {}) {
    known.push_back(name);
    if (const Value* value = table.find(name)) with_context(name, [&] { read(member, *value, rule); });
  }
  void refuse_unknown() const;
};

template <class T>
void read(T& into, const Value& from, const Rule& rule) {
  if constexpr (std::is_same_v<T, bool>) into = from.as_bool();
  else if constexpr (std::is_same_v<T, int64_t>) into = from.as_integer(), check_number(double(into), rule);
  else if constexpr (std::is_same_v<T, double>) into = from.as_number(), check_number(into, rule);
  else if constexpr (std::is_same_v<T, std::string>) into = from.as_text(), check_choice(into, rule);
  else if constexpr (std::is_same_v<T, Value>) into = from;
  else if constexpr (std::is_same_v<T, Extent>) {
    if (from.is_integer()) into = cube(from.as_integer());
    else {
      const auto& list = from.as_list();
      if (list.size() != 3) fail_input(text("has ", list.size(), " numbers, expected 3 (Z, Y, X) or one for a cube"));
      into = {list[0].as_integer(), list[1].as_integer(), list[2].as_integer()};
    }
    for (int axis = 0; axis < 3; ++axis) check_number(double(into[axis]), rule);
  } else if constexpr (is_vector<T>::value) {
    into.clear();
    if (!from.is_list()) {  // one value where a list is expected means a list of one
      typename T::value_type item{};
      read(item, from, rule);
      into.push_back(item);
    } else {
      for (const auto& value : from.as_list()) {
        typename T::value_type item{};
        read(item, value, rule);
        into.push_back(std::move(item));
      }
    }
  } else {
    static_assert(Struct<T>, "this type has no visit() and is no field type");
    from.as_table();
    Reader reader{from, {}};
    into.visit(reader);
    reader.refuse_unknown();
  }
}

template <class T>
Value write(const T& from) {
  if constexpr (std::is_same_v<T, Extent>) return Value(Value::List{from.z, from.y, from.x});
  else if constexpr (is_vector<T>::value) {
    Value::List list;
    for (const auto& item : from) list.push_back(write(item));
    return Value(std::move(list));
  } else if constexpr (Struct<T>) {
    Value table = Value::table();
    auto writer = [&](const auto& member, const char* name, const char*, const Rule& = {}) { table[name] = write(member); };
    const_cast<T&>(from).visit(writer);
    return table;
  } else return Value(from);
}
}  // namespace spec_detail

// Reads a struct from a table: absent keys keep their defaults; unknown keys, wrong types and values out of range are
// Error(input) with the dotted path, the value and what would be right.
template <class T>
void read_spec(T& into, const Value& from) { spec_detail::read(into, from, Rule{}); }

template <class T>
T spec_from(const Value& from) { T spec; read_spec(spec, from); return spec; }

template <class T>
Value spec_to_value(const T& spec) { return spec_detail::write(spec); }

// One line per field for help, docs and forms.
struct FieldInfo {
  std::string path, sentence, type, unit;
  Value default_value;
  Rule rule;
};

template <class T>
void list_fields(T& spec, const std::string& prefix, std::vector<FieldInfo>& into) {
  auto lister = [&](auto& member, const char* name, const char* sentence, const Rule& rule = {}) {
    std::string path = prefix.empty() ? name : prefix + "." + name;
    if constexpr (spec_detail::Struct<std::remove_reference_t<decltype(member)>>) list_fields(member, path, into);
    else {
      Value value = spec_detail::write(member);
      into.push_back({path, sentence, value.type_name(), rule.unit, value, rule});
    }
  };
  spec.visit(lister);
}

}  // namespace tomograd
