// A Value as the JSON library's own, for tests that hold our reader and writer against it. What is no finite number is null.
#pragma once

#include <cmath>

#include <nlohmann/json.hpp>

#include "spec/value.h"

namespace tomograd {

inline nlohmann::ordered_json oracle_value(const Value& v) {
  if (v.is_bool()) return v.as_bool();
  if (v.is_integer()) return v.as_integer();
  if (v.is_number()) return std::isfinite(v.as_number()) ? nlohmann::ordered_json(v.as_number()) : nlohmann::ordered_json(nullptr);
  if (v.is_text()) return v.as_text();
  nlohmann::ordered_json json;
  if (v.is_list()) {
    json = nlohmann::ordered_json::array();
    for (const auto& item : v.as_list()) json.push_back(oracle_value(item));
  }
  if (v.is_table()) {
    json = nlohmann::ordered_json::object();
    for (const auto& [key, item] : v.as_table()) json[key] = oracle_value(item);
  }
  return json;
}

}  // namespace tomograd
