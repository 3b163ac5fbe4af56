#include "search/search_space.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "spec/text_formats.h"

namespace tomograd {
namespace {

constexpr double resting_number = 0.5, resting_category = -1;

bool rising_numbers(const std::vector<Value>& values) {
  for (size_t i = 0; i < values.size(); ++i)
    if (!values[i].is_number() || (i > 0 && !(values[i - 1].as_number() < values[i].as_number()))) return false;
  return values.size() >= 3;
}

}  // namespace

SearchSpace::SearchSpace(const std::vector<VariableSpec>& variables) {
  if (variables.empty()) fail_input("a search needs at least one [[variable]]");
  check_variables(variables);
  for (const auto& variable : variables) {
    Axis axis;
    axis.key = variable.key;
    axis.condition = condition_of(variable);
    std::vector<Value> values = variable_values(variable);  // refuses what is wrong
    if (!variable.range.empty()) {
      const bool integer = variable.scale.starts_with("integer");
      axis.kind = integer ? Kind::whole : Kind::real;
      axis.log = variable.scale.ends_with("log");
      axis.low = integer ? double(std::llround(variable.range[0])) : variable.range[0];
      axis.high = integer ? double(std::llround(variable.range[1])) : variable.range[1];
      if (integer && axis.low >= axis.high) fail_input(text("variable '", axis.key, "': range has no two whole numbers"));
    } else {
      axis.kind = rising_numbers(values) ? Kind::listed : Kind::category;
      axis.values = std::move(values);
    }
    axes_.push_back(std::move(axis));
  }
}

double SearchSpace::Axis::steps() const { return kind == Kind::listed ? double(values.size() - 1) : high - low; }

std::vector<char> SearchSpace::categories() const {
  std::vector<char> result;
  for (const auto& axis : axes_) result.push_back(axis.kind == Kind::category);
  return result;
}

double SearchSpace::place(const Axis& axis, double value) {
  const double v = std::clamp(value, axis.low, axis.high);
  return std::clamp(axis.log ? std::log(v / axis.low) / std::log(axis.high / axis.low) : (v - axis.low) / (axis.high - axis.low), 0.0, 1.0);
}

double SearchSpace::number(const Axis& axis, double place) {
  const double v = axis.log ? axis.low * std::exp(place * std::log(axis.high / axis.low)) : axis.low + place * (axis.high - axis.low);
  return std::clamp(axis.kind == Kind::whole ? std::round(v) : v, axis.low, axis.high);
}

double SearchSpace::on_grid(const Axis& axis, double at) {
  at = std::clamp(at, 0.0, 1.0);
  if (axis.kind == Kind::whole) return place(axis, number(axis, at));
  return axis.kind == Kind::listed ? std::round(at * axis.steps()) / axis.steps() : at;
}

double SearchSpace::shifted(const Axis& axis, double at, double steps) {
  if (axis.kind == Kind::whole) return place(axis, number(axis, at) + steps);
  return on_grid(axis, at + steps / axis.steps());
}

Eigen::VectorXd SearchSpace::from_uniform(const std::vector<double>& uniform) const {
  Eigen::VectorXd x(coordinates());
  for (size_t j = 0; j < axes_.size(); ++j) {
    const Axis& axis = axes_[j];
    double& at = x[Eigen::Index(j)];
    at = uniform[j];
    if (axis.kind == Kind::category) at = std::floor(at * double(axis.values.size()));
    else if (axis.kind == Kind::listed) at = std::floor(at * double(axis.values.size())) / axis.steps();
    else if (axis.kind == Kind::whole && !axis.log) at = std::floor(at * (axis.steps() + 1)) / axis.steps();
  }
  return snapped(std::move(x));
}

Eigen::VectorXd SearchSpace::snapped(Eigen::VectorXd x) const {
  Value::Table settings;
  for (size_t j = 0; j < axes_.size(); ++j) {
    const Axis& axis = axes_[j];
    double& at = x[Eigen::Index(j)];
    const bool there = holds(axis.condition, settings);
    if (axis.kind == Kind::category) at = there ? std::clamp(std::round(at), 0.0, double(axis.values.size() - 1)) : resting_category;
    else at = there ? on_grid(axis, at) : resting_number;
    if (there) settings.emplace_back(axis.key, value(axis, at));
  }
  return x;
}

std::vector<Eigen::VectorXd> SearchSpace::neighbours(const Eigen::VectorXd& x) const {
  std::vector<Eigen::VectorXd> result;
  const auto add = [&](Eigen::Index j, double at) {
    Eigen::VectorXd next = x;
    next[j] = at;
    next = snapped(std::move(next));
    if (next != x) result.push_back(std::move(next));
  };
  for (size_t i = 0; i < axes_.size(); ++i) {
    const Axis& axis = axes_[i];
    const Eigen::Index j = Eigen::Index(i);
    if (axis.kind == Kind::category && x[j] >= 0) {
      for (size_t c = 0; c < axis.values.size() && c < 64; ++c) add(j, double(c));
    } else if (axis.kind == Kind::whole || axis.kind == Kind::listed) {
      for (double step : {-1.0, 1.0}) add(j, shifted(axis, x[j], step));
      for (double share : {-0.25, -0.1, 0.1, 0.25})
        if (std::abs(share) * axis.steps() >= 2) add(j, on_grid(axis, x[j] + share));
    }
  }
  return result;
}

Eigen::VectorXd SearchSpace::perturbed(const Eigen::VectorXd& x, double scale, Random& random) const {
  Eigen::VectorXd next = x;
  const double share = std::max(0.3, 1 / double(axes_.size()));
  for (size_t i = 0; i < axes_.size(); ++i) {
    const Axis& axis = axes_[i];
    double& at = next[Eigen::Index(i)];
    if (axis.kind == Kind::real) {
      if (random.chance(0.7)) at += scale * random.normal();
    } else if (random.chance(share)) {
      if (axis.kind == Kind::category) at = random.chance(0.5) ? at : double(random.below(int64_t(axis.values.size())));
      else {
        const double moved = on_grid(axis, at + scale * random.normal()), step = random.chance(0.5) ? 1 : -1;
        at = moved != at ? moved : shifted(axis, at, step);
      }
    }
  }
  return snapped(std::move(next));
}

Value SearchSpace::value(const Axis& axis, double at) const {
  if (axis.kind == Kind::category) return axis.values[size_t(at)];
  if (axis.kind == Kind::listed) return axis.values[size_t(std::llround(at * axis.steps()))];
  const double v = number(axis, at);
  return axis.kind == Kind::whole ? Value(int64_t(std::llround(v))) : Value(v);
}

Value::Table SearchSpace::settings(const Eigen::VectorXd& x) const {
  Value::Table result;
  for (size_t j = 0; j < axes_.size(); ++j)
    if (holds(axes_[j].condition, result)) result.emplace_back(axes_[j].key, value(axes_[j], x[Eigen::Index(j)]));
  return result;
}

Eigen::VectorXd SearchSpace::point(const Value& settings) const {
  Eigen::VectorXd x(coordinates());
  Value::Table above;
  for (size_t j = 0; j < axes_.size(); ++j) {
    const Axis& axis = axes_[j];
    double& at = x[Eigen::Index(j)];
    at = axis.kind == Kind::category ? resting_category : resting_number;
    if (!holds(axis.condition, above)) continue;
    const Value& given = settings.at(axis.key);
    above.emplace_back(axis.key, given);
    if (axis.kind == Kind::real || axis.kind == Kind::whole) {
      at = on_grid(axis, place(axis, given.as_number()));
      continue;
    }
    const auto found = std::find_if(axis.values.begin(), axis.values.end(), [&](const Value& v) { return v == given || (v.is_number() && given.is_number() && v.as_number() == given.as_number()); });
    if (found == axis.values.end()) fail_input("variable '" + axis.key + "' has no value " + to_toml_value(given));
    at = double(found - axis.values.begin());
    if (axis.kind == Kind::listed) at /= axis.steps();
  }
  return x;
}

}  // namespace tomograd
