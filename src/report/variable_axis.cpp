#include "report/variable_axis.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "pictures/axis.h"
#include "report/numbers.h"
#include "search/space.h"

namespace tomograd {
namespace {

std::string three_digits(double v) {
  char buffer[32];
  std::snprintf(buffer, sizeof buffer, "%.3g", v);
  return buffer;
}

// Powers of ten, with 2 and 5 between them while there is room; a range within one decade gets its ends.
std::vector<AxisTick> log_ticks(const VariableAxis& axis, int most) {
  for (const auto& factors : {std::vector<double>{1, 2, 5}, std::vector<double>{1}}) {
    std::vector<AxisTick> ticks;
    for (int power = int(std::floor(std::log10(axis.low))); power <= int(std::ceil(std::log10(axis.high))); ++power)
      for (double factor : factors) {
        double v = factor * std::pow(10, power);
        if (v >= axis.low * (1 - 1e-9) && v <= axis.high * (1 + 1e-9)) ticks.push_back({axis.at(Value(v)), three_digits(v)});
      }
    if (ticks.size() < 2) return {{0, three_digits(axis.low)}, {1, three_digits(axis.high)}};
    if (int(ticks.size()) <= most) return ticks;
    if (factors.size() > 1) continue;
    std::vector<AxisTick> kept;
    size_t step = (ticks.size() + size_t(most) - 1) / size_t(most);
    for (size_t i = 0; i < ticks.size(); i += step) kept.push_back(ticks[i]);
    return kept;
  }
  return {};
}

}  // namespace

double VariableAxis::at(const Value& value) const {
  if (listed()) {
    auto found = std::find(values.begin(), values.end(), value);
    return found == values.end() ? nothing : (double(found - values.begin()) + 0.5) / double(values.size());
  }
  if (!value.is_number()) return nothing;
  double v = value.as_number();
  if (!log) return (v - low) / (high - low);
  return v > 0 ? std::log(v / low) / std::log(high / low) : nothing;
}

double VariableAxis::value_at(double share) const { return log ? low * std::pow(high / low, share) : low + (high - low) * share; }

std::string VariableAxis::text_at(double share) const {
  if (!listed()) return three_digits(value_at(share));
  return labels[std::min(labels.size() - 1, size_t(std::max(0.0, share) * double(labels.size())))];
}

std::vector<AxisTick> VariableAxis::ticks(int most) const {
  std::vector<AxisTick> result;
  if (listed()) {
    for (size_t i = 0; i < labels.size(); ++i) result.push_back({(double(i) + 0.5) / double(labels.size()), labels[i]});
    return result;
  }
  if (log) return log_ticks(*this, most);
  Ticks ticks = make_ticks(low, high, std::max(1, most - 1), false);
  for (size_t i = 0; i < ticks.at.size(); ++i) result.push_back({at(Value(ticks.at[i])), ticks.labels[i]});
  return result;
}

VariableAxis variable_axis(const VariableSpec& variable, const std::vector<Value>& seen) {
  VariableAxis axis;
  axis.key = variable.key;
  if (variable.range.size() != 2) {
    const bool given = variable.values.is_list() && !variable.values.as_list().empty();
    for (const auto& value : given ? variable.values.as_list() : seen)
      if (std::find(axis.values.begin(), axis.values.end(), value) == axis.values.end()) axis.values.push_back(value);
    if (axis.values.empty()) axis.values.push_back(variable.values);
    for (const auto& value : axis.values) axis.labels.push_back(value_label(variable, value));
    return axis;
  }
  axis.log = variable.scale == "log" || variable.scale == "integer-log";
  axis.low = std::min(variable.range[0], variable.range[1]), axis.high = std::max(variable.range[0], variable.range[1]);
  for (const auto& value : seen)
    if (value.is_number() && std::isfinite(value.as_number()) && (!axis.log || value.as_number() > 0))
      axis.low = std::min(axis.low, value.as_number()), axis.high = std::max(axis.high, value.as_number());
  axis.log = axis.log && axis.low > 0;
  if (!(axis.high > axis.low)) axis.high = axis.low + 1;
  return axis;
}

}  // namespace tomograd
