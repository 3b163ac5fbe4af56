// For tests: an answer held to the JSON Schema that docs/openapi.json has for it. Knows what answer_shapes.cpp writes and no more.
#pragma once

#include <algorithm>
#include <string>

#include "base/error.h"
#include "server/answer_shapes.h"
#include "spec/text_formats.h"

namespace tomograd {

inline bool has_json_type(const Value& value, const std::string& type) {
  return type == "null" ? value.is_nothing() : type == "boolean" ? value.is_bool() : type == "integer" ? value.is_integer() : type == "number" ? value.is_number() : type == "string" ? value.is_text()
         : type == "array" ? value.is_list() : type == "object" && value.is_table();
}

// "" or the place and what is wrong there: "levels.0: 'stored' is missing".
inline std::string differs_from_schema(const Value& schemas, const Value& schema, const Value& value, const std::string& at) {
  auto wrong = [&](const std::string& what) { return (at.empty() ? "the answer" : at) + ": " + what; };
  if (const Value* name = schema.find("$ref")) {
    const std::string whole = name->as_text();
    return differs_from_schema(schemas, schemas.at(whole.substr(whole.rfind('/') + 1)), value, at);
  }
  if (const Value* any = schema.find("anyOf")) {
    std::string all;
    for (const Value& one : any->as_list()) {
      const std::string what = differs_from_schema(schemas, one, value, at);
      if (what.empty()) return "";
      all += (all.empty() ? "" : "; or ") + what;
    }
    return all;
  }
  if (const Value* only = schema.find("const"); only && value != *only) return wrong(to_json(value, false) + ", expected " + to_json(*only, false));
  if (const Value* words = schema.find("enum")) {
    const auto& list = words->as_list();
    return std::find(list.begin(), list.end(), value) == list.end() ? wrong(to_json(value, false) + " is none of " + to_json(*words, false)) : "";
  }
  if (const Value* type = schema.find("type")) {
    bool good = false;
    for (const Value& one : type->is_list() ? type->as_list() : Value::List{*type}) good |= has_json_type(value, one.as_text());
    if (!good) return wrong(std::string("is ") + value.type_name() + ", expected " + to_json(*type, false));
  }
  if (value.is_list()) {
    const auto& list = value.as_list();
    const Value *items = schema.find("items"), *prefix = schema.find("prefixItems");
    if (prefix && list.size() != prefix->as_list().size()) return wrong(text("has ", list.size(), " items, expected ", prefix->as_list().size()));
    for (size_t i = 0; i < list.size(); ++i)
      if (const Value* of = prefix ? &prefix->as_list()[i] : items)
        if (auto what = differs_from_schema(schemas, *of, list[i], text(at, at.empty() ? "" : ".", i)); !what.empty()) return what;
  }
  if (!value.is_table()) return "";
  if (const Value* required = schema.find("required"))
    for (const Value& name : required->as_list())
      if (!value.find(name.as_text())) return wrong("'" + name.as_text() + "' is missing");
  const Value *properties = schema.find("properties"), *more = schema.find("additionalProperties");
  for (const auto& [key, item] : value.as_table()) {
    const Value* of = properties ? properties->find(key) : nullptr;
    if (!of && more && more->is_bool() && !more->as_bool()) return wrong("'" + key + "' is not declared");
    if (!of && more && more->is_table()) of = more;
    if (!of) continue;
    if (auto what = differs_from_schema(schemas, *of, item, at + (at.empty() ? "" : ".") + key); !what.empty()) return what;
  }
  return "";
}

inline std::string what_differs(const AnswerShapes& shapes, const std::string& name, const Value& answer) { return differs_from_schema(shapes.schemas(), shapes.schemas().at(name), answer, ""); }

}  // namespace tomograd
