#include "spec/value_difference.h"

#include <algorithm>

#include "spec/text_formats.h"

namespace tomograd {
namespace {

bool is_empty(const Value& value) { return value.is_nothing() || (value.is_list() && value.as_list().empty()) || (value.is_table() && value.as_table().empty()); }

std::string difference_below(const Value& before, const Value& now, const std::string& prefix, const std::vector<std::string>& ignored) {
  for (const auto& [key, value] : now.as_table()) {
    if (std::find(ignored.begin(), ignored.end(), key) != ignored.end()) continue;
    const Value* old = before.find(key);
    if (old && value.is_table() && old->is_table()) {
      std::string inner = difference_below(*old, value, prefix + key + ".", {});
      if (!inner.empty()) return inner;
    } else if (old && is_empty(*old) && is_empty(value)) {
      continue;                                  // an empty list of an older version, now an empty table
    } else if (!old || to_json(*old, false) != to_json(value, false)) {
      return prefix + key + " was " + (old ? to_toml_value(*old) : "not set") + ", now " + to_toml_value(value);
    }
  }
  return "";
}

}  // namespace

std::string difference(const Value& before, const Value& now, const std::vector<std::string>& ignored) { return difference_below(before, now, "", ignored); }

}  // namespace tomograd
