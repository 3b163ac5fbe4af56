// JSON Schema (2020-12) of our specs, from the one list of fields that each has (spec/field.h): what the page makes its forms of.
#pragma once

#include <string>
#include <type_traits>
#include <vector>

#include "spec/field.h"

namespace tomograd {

namespace schema_detail {

void add_rule(Value& schema, const Rule& rule);  // enum, minimum, maximum, x-unit; of a list: of its items
Value open_object();

template <class T>
Value type_schema(const Rule& rule);

struct Lister {
  Value& properties;
  int64_t order = 0;
  template <class T>
  void operator()(T& member, const char* name, const char* sentence, const Rule& rule = {}) {
    Value schema = type_schema<T>(rule);
    schema["title"] = name, schema["description"] = sentence, schema["x-order"] = order++;
    if constexpr (!spec_detail::Struct<T>) schema["default"] = spec_detail::write(member);
    properties[name] = std::move(schema);
  }
};

template <class T>
Value type_schema(const Rule& rule) {
  Value schema = Value::table();
  if constexpr (std::is_same_v<T, Extent>) {
    schema["type"] = Value(Value::List{"array", "integer"}), schema["x-kind"] = "extent", schema["minItems"] = 3, schema["maxItems"] = 3;
    Value items = Value::table();
    items["type"] = "integer";
    add_rule(items, rule);
    schema["items"] = items;
    if (!rule.unit.empty()) schema["x-unit"] = rule.unit;
  } else if constexpr (spec_detail::is_vector<T>::value) {
    schema["type"] = "array", schema["items"] = type_schema<typename T::value_type>(rule);
    if (!rule.unit.empty()) schema["x-unit"] = rule.unit;
  } else if constexpr (spec_detail::Struct<T>) {
    schema = open_object();
    T fields{};
    Lister lister{schema["properties"]};
    fields.visit(lister);
  } else if constexpr (std::is_same_v<T, Value>) {
    return schema;                               // any
  } else {
    schema["type"] = std::is_same_v<T, bool> ? "boolean" : std::is_same_v<T, int64_t> ? "integer" : std::is_same_v<T, double> ? "number" : "string";
    add_rule(schema, rule);
  }
  return schema;
}

}  // namespace schema_detail

template <class Spec>
Value json_schema(const std::string& name) {
  Value schema = schema_detail::type_schema<Spec>(Rule{}), named = Value::table();
  named["$schema"] = "https://json-schema.org/draft/2020-12/schema", named["title"] = name;
  for (auto& [key, value] : schema.as_table()) named[key] = std::move(value);
  return named;
}

std::vector<std::string> schema_names();
Value schema_of(const std::string& name);        // nothing: there is none of that name

}  // namespace tomograd
