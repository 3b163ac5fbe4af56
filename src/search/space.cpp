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
  bool log = variable.scale == "log", integer = variable.scale == "integer";
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

std::vector<Value::Table> variable_product(const std::vector<VariableSpec>& variables) {
  // Every combination holds every variable, so many variables leave room for fewer combinations.
  const size_t most = std::min(most_combinations, most_cells / std::max<size_t>(1, variables.size()));
  std::set<std::string> keys;
  std::vector<std::vector<Value>> values;
  size_t count = 1;
  for (const auto& variable : variables) {
    if (!keys.insert(variable.key).second) fail_input("two variables set '" + variable.key + "'");
    values.push_back(variable_values(variable));
    count *= values.back().size();               // both at most 100000
    if (count > most) fail_input(text("the ", variables.size(), " variables have more than ", most, " combinations"), "give fewer values, or a smaller count");
  }
  std::vector<Value::Table> product(count);
  for (size_t i = 0; i < count; ++i) {
    product[i].reserve(variables.size());
    size_t run = count, rest = i;
    for (size_t v = 0; v < variables.size(); ++v) {
      run /= values[v].size();
      product[i].emplace_back(variables[v].key, values[v][rest / run]);
      rest %= run;
    }
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
