// Where a variable's values lie between 0 and 1: its range on its own scale, or one place per listed value. Search charts, the
// importance of variables and the response surface all work in these coordinates.
#pragma once

#include <string>
#include <vector>

#include "spec/experiment_spec.h"
#include "spec/value.h"

namespace tomograd {

struct AxisTick {
  double at = 0;                                 // 0 to 1
  std::string label;
};

struct VariableAxis {
  std::string key;                               // of the run spec
  bool log = false;
  double low = 0, high = 1;                      // of a range; high > low
  std::vector<Value> values;                     // listed ones; empty = a range
  std::vector<std::string> labels;               // of them

  bool listed() const { return !values.empty(); }
  double at(const Value& value) const;           // NaN for one that is neither listed nor a number, or not above 0 on a log scale
  double value_at(double share) const;           // of a range, the inverse of at()
  std::string text_at(double share) const;       // the value there, for people: three digits, or the label
  std::vector<AxisTick> ticks(int most = 5) const;
};

// `seen`: the values that trials have. A range grows to hold them; a variable with neither values nor range gets these.
VariableAxis variable_axis(const VariableSpec& variable, const std::vector<Value>& seen);

}  // namespace tomograd
