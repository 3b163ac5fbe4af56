// What a variable can be: the values that a [[variable]] of an experiment spec takes, and how a value enters a run spec.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "spec/experiment_spec.h"
#include "spec/value.h"

namespace tomograd {

// The values a sweep gives this variable, in order. `values` as they stand; `range` = {low, high} cut into `count` values:
// linear and log with both ends included (log: equal ratios, both ends > 0) and inner values of 12 digits, integer (linear) and
// integer-log rounded to whole numbers with doubles removed. Error(input) names the variable when it has both, neither, or an empty range.
std::vector<Value> variable_values(const VariableSpec& variable);

// How tables and charts name a value of this variable: its label, or the value as TOML writes it without quotes.
std::string value_label(const VariableSpec& variable, const Value& value);
std::string plain_text(const Value& value);

// Key of another variable -> the values with which this variable is there (`when`); empty = always.
using Condition = std::vector<std::pair<std::string, std::vector<Value>>>;
Condition condition_of(const VariableSpec& variable);
// Whether the settings fulfil it; a variable that is itself left out fulfils nothing. 1 and 1.0 are the same number.
bool holds(const Condition& condition, const Value::Table& settings);
// Error(input) when two variables set the same key, or a condition names none of the variables above it.
void check_variables(const std::vector<VariableSpec>& variables);

// Every combination of one value per variable, the last variable changing fastest; one empty table without variables. Variables
// whose condition does not hold are left out, and what then would stand twice stands once.
std::vector<Value::Table> variable_product(const std::vector<VariableSpec>& variables);

// Sets "a.b.c" in a table, making the tables on the way; Error(input) when a part of the way is no table.
void set_dotted(Value& root, const std::string& key, const Value& value);
const Value* find_dotted(const Value& root, const std::string& key);  // nullptr when it is not there

}  // namespace tomograd
