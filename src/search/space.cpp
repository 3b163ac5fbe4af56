#include "search/space.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <set>

#include "spec/text_formats.h"

namespace tomograd {
namespace {

// More trials than this in one experiment is taken for a slip of the pen.
constexpr size_t most_combinations = 100000, most_cells = 2000000;

std::string text_of_12_digits(double v) {
  char buffer[40];
  std::snprintf(buffer, sizeof buffer, "%.12g", v);
  return buffer;
}

std::vector<Value> values_of_range(const VariableSpec& variable) {
  if (variable.range.size() != 2) fail_input(text("range has ", variable.range.size(), " numbers, expected 2: the smallest and the largest value"));
  double low = variable.range[0], high = variable.range[1];
  if (!(low < high) || std::isinf(low) || std::isinf(high)) fail_input(text("range is [", low, ", ", high, "], the first number must be smaller than the second"));
  bool log = variable.scale.ends_with("log"), integer = variable.scale.starts_with("integer");
  if (log && low <= 0) fail_input(text("range is [", low, ", ", high, "], a log scale needs both ends above 0"));
  if (variable.count < 2) fail_input(text("count is ", variable.count, ", a range needs at least 2 values"));
  std::vector<Value> values;
  for (int64_t i = 0; i < variable.count; ++i) {
    double share = double(i) / double(variable.count - 1);
    double v = log ? std::exp(std::log(low) + share * (std::log(high) - std::log(low))) : low + share * (high - low);
    v = std::strtod(text_of_12_digits(v).c_str(), nullptr);  // 0.001 and not 0.0010000000000000002
    if (i == 0) v = low;
    if (i + 1 == variable.count) v = high;
    if (!integer) values.emplace_back(v);
    else if (int64_t whole = std::llround(v); values.empty() || values.back().as_integer() != whole) values.emplace_back(whole);
  }
  return values;
}

}  // namespace

std::vector<Value> variable_values(const VariableSpec& variable) {
  return with_context("variable '" + variable.key + "'", [&] {
    if (variable.key.empty()) fail_input("a [[variable]] has no key", "give the dotted key of the run spec that it sets, as in key = \"optimizer.learning_rate\"");
    bool listed = !variable.values.is_nothing();
    if (listed && !variable.range.empty()) fail_input("has both values and range, expected one of them");
    if (!listed && variable.range.empty()) fail_input("has neither values nor range", "example: values = [0.001, 0.01], or range = [0.0001, 0.01] with scale = \"log\"");
    if (!listed) return values_of_range(variable);
    std::vector<Value> values = variable.values.is_list() ? variable.values.as_list() : std::vector<Value>{variable.values};
    if (values.empty()) fail_input("values is an empty list");
    if (values.size() > most_combinations) fail_input(text("has ", values.size(), " values, at most ", most_combinations, " are tried"));
    std::set<std::string> seen;
    for (const Value& value : values)
      if (!seen.insert(to_toml_value(value)).second) fail_input("the value " + to_toml_value(value) + " stands twice in values");
    if (!variable.labels.empty() && variable.labels.size() != values.size()) fail_input(text("has ", variable.labels.size(), " labels for ", values.size(), " values"));
    return values;
  });
}

std::string plain_text(const Value& value) { return value.is_text() ? value.as_text() : value.is_nothing() ? "" : to_toml_value(value); }

std::string value_label(const VariableSpec& variable, const Value& value) {
  if (variable.values.is_list()) {
    const auto& values = variable.values.as_list();
    for (size_t i = 0; i < values.size() && i < variable.labels.size(); ++i)
      if (values[i] == value) return variable.labels[i];
  }
  return plain_text(value);
}

namespace {

bool same(const Value& a, const Value& b) { return a.is_number() && b.is_number() ? a.as_number() == b.as_number() : a == b; }

void flatten(const Value& table, const std::string& prefix, Condition& into) {
  for (const auto& [key, value] : table.as_table()) {
    if (value.is_table()) flatten(value, prefix + key + ".", into);
    else into.emplace_back(prefix + key, value.is_list() ? value.as_list() : std::vector<Value>{value});
  }
}

}  // namespace

Condition condition_of(const VariableSpec& variable) {
  Condition condition;
  if (!variable.when.is_nothing()) with_context("variable '" + variable.key + "': when", [&] { flatten(variable.when, "", condition); });
  return condition;
}

bool holds(const Condition& condition, const Value::Table& settings) {
  for (const auto& [key, values] : condition) {
    const auto found = std::find_if(settings.begin(), settings.end(), [&key = key](const auto& setting) { return setting.first == key; });
    if (found == settings.end() || std::none_of(values.begin(), values.end(), [&](const Value& value) { return same(value, found->second); })) return false;
  }
  return true;
}

void check_variables(const std::vector<VariableSpec>& variables) {
  std::set<std::string> above;
  for (const auto& variable : variables) {
    for (const auto& [key, values] : condition_of(variable)) {
      if (above.count(key)) continue;
      std::string near = nearest_name(key, {above.begin(), above.end()});
      fail_input("variable '" + variable.key + "' depends on '" + key + "', which is none of the variables above it", near.empty() ? "" : "did you mean '" + near + "'?");
    }
    if (!above.insert(variable.key).second) fail_input("two variables set '" + variable.key + "'");
  }
}

std::vector<Value::Table> variable_product(const std::vector<VariableSpec>& variables) {
  // Every combination holds every variable, so many variables leave room for fewer combinations.
  const size_t most = std::min(most_combinations, most_cells / std::max<size_t>(1, variables.size()));
  check_variables(variables);
  std::vector<std::vector<Value>> values;
  std::vector<Condition> conditions;
  size_t count = 1;
  for (const auto& variable : variables) {
    values.push_back(variable_values(variable));
    conditions.push_back(condition_of(variable));
    count *= values.back().size();               // both at most 100000
    if (count > most) fail_input(text("the ", variables.size(), " variables have more than ", most, " combinations"), "give fewer values, or a smaller count");
  }
  std::vector<Value::Table> product;
  product.reserve(count);
  for (size_t i = 0; i < count; ++i) {
    Value::Table combination;
    combination.reserve(variables.size());
    size_t run = count, rest = i;
    bool again = false;                          // a variable that is left out, at another than its first value
    for (size_t v = 0; v < variables.size() && !again; ++v) {
      run /= values[v].size();
      const size_t at = rest / run;
      if (holds(conditions[v], combination)) combination.emplace_back(variables[v].key, values[v][at]);
      else again = at != 0;
      rest %= run;
    }
    if (!again) product.push_back(std::move(combination));
  }
  return product;
}

void set_dotted(Value& root, const std::string& key, const Value& value) {
  Value* at = &root;
  for (size_t begin = 0;;) {
    size_t dot = key.find('.', begin);
    std::string part = key.substr(begin, dot - begin);
    if (part.empty()) fail_input("'" + key + "' is no dotted key");
    if (!at->is_table() && !at->is_nothing()) fail_input("'" + key + "' leads through " + key.substr(0, begin - 1) + ", which is " + at->type_name() + " and no table");
    at = &(*at)[part];
    if (dot == std::string::npos) break;
    begin = dot + 1;
  }
  *at = value;
}

const Value* find_dotted(const Value& root, const std::string& key) {
  const Value* at = &root;
  for (size_t begin = 0;;) {
    size_t dot = key.find('.', begin);
    at = at->find(key.substr(begin, dot - begin));
    if (!at || dot == std::string::npos) return at;
    begin = dot + 1;
  }
}

}  // namespace tomograd
