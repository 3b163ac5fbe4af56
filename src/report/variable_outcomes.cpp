#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>

#include "experiments/metrics.h"
#include "report/numbers.h"
#include "report/outcomes.h"
#include "search/proposal.h"
#include "search/space.h"
#include "spec/text_formats.h"

namespace tomograd {
namespace {

constexpr int parts_of_range = 4;

std::vector<double> metrics_of(const std::vector<const TrialRecord*>& trials, const std::string& metric) {
  std::vector<double> result;
  for (const auto* trial : trials)
    if (auto v = trial_metric(trial->metrics, metric)) result.push_back(*v);
  return result;
}

// Values drawn from a range have more digits than anybody reads; report.json has them all.
std::string label_of(const VariableSpec& variable, const Value& value) {
  std::string label = value_label(variable, value);
  if (label.size() <= 8 || !value.is_number() || value.is_integer()) return label;
  char rounded[32];
  std::snprintf(rounded, sizeof rounded, "%.4g", value.as_number());
  return rounded;
}

int64_t rung_of(const TrialRecord& trial) {
  const Value* rung = trial.design.find("rung");
  return rung ? rung->as_integer() : 1;
}

void describe_configurations(ReportData& report, const ExperimentSpec& spec) {
  std::vector<std::vector<const TrialRecord*>> done, all;
  std::map<std::string, size_t> known;
  for (const auto& trial : report.trials) {
    Value variables = Value::table();
    for (const auto& key : report.variables)
      if (const Value* value = trial.settings.find(key)) variables[key] = *value;
    size_t at = known.try_emplace(to_json(variables, false), report.configurations.size()).first->second;
    if (at == report.configurations.size()) {
      ConfigurationReport configuration;
      configuration.variables = variables;
      for (const auto& variable : spec.variable) {
        const Value* value = variables.find(variable.key);
        configuration.labels.push_back(value ? label_of(variable, *value) : "");
      }
      report.configurations.push_back(std::move(configuration));
      done.emplace_back(), all.emplace_back();
    }
    all[at].push_back(&trial);
  }
  for (size_t i = 0; i < all.size(); ++i) {
    // Of halving: the last rung with a result; results of rungs before are of less training.
    ConfigurationReport& configuration = report.configurations[i];
    for (const auto* trial : all[i])
      if (trial->state == TrialState::complete) configuration.rung = std::max(configuration.rung, rung_of(*trial));
    std::vector<const TrialRecord*> first;
    for (const auto* trial : all[i]) {
      const bool complete = trial->state == TrialState::complete;
      if (complete && rung_of(*trial) == 1) first.push_back(trial);
      if (rung_of(*trial) != configuration.rung) continue;
      configuration.trials.push_back(trial->number);
      if (complete) done[i].push_back(trial);
    }
    configuration.first_rung = mean_of(metrics_of(first, report.metric));
  }
  for (size_t i = 0; i < done.size(); ++i) {
    ConfigurationReport& configuration = report.configurations[i];
    configuration.complete = int64_t(done[i].size());
    configuration.metric = spread_of(metrics_of(done[i], report.metric));
    configuration.seconds = spread_of(numbers_of(done[i], "seconds"));
    configuration.seconds_per_step = spread_of(numbers_of(done[i], "seconds_per_step"));
    configuration.peak_bytes = spread_of(numbers_of(done[i], "peak_bytes"));
    configuration.steps = spread_of(numbers_of(done[i], "steps"));
    configuration.parameters = mean_of(numbers_of(done[i], "parameters"));
  }
  std::stable_sort(report.configurations.begin(), report.configurations.end(), [](const auto& a, const auto& b) {
    if (a.rung != b.rung) return a.rung > b.rung;
    return (std::isfinite(a.metric.mean) ? a.metric.mean : -INFINITY) > (std::isfinite(b.metric.mean) ? b.metric.mean : -INFINITY);
  });
  if (!report.configurations.empty()) report.configurations[0].best = std::isfinite(report.configurations[0].metric.mean);
}

ValueReport value_report(const std::string& variable, const std::string& value, const std::vector<const TrialRecord*>& with, const std::string& metric) {
  return {variable, value, int64_t(with.size()), spread_of(metrics_of(with, metric)), spread_of(numbers_of(with, "seconds_per_step")), spread_of(numbers_of(with, "peak_bytes"))};
}

}  // namespace

void describe_variables(ReportData& report, const ExperimentSpec& spec) {
  for (const auto& variable : spec.variable) report.variables.push_back(variable.key);
  if (report.variables.empty() && report.by_channel) return;
  describe_configurations(report, spec);

  std::vector<const TrialRecord*> done;          // those that can be compared: all with the same steps
  for (const auto& trial : report.trials)
    if (trial.state == TrialState::complete && rung_of(trial) == 1) done.push_back(&trial);
  const bool grid = !is_search(spec.strategy);
  for (const auto& variable : spec.variable) {
    if (grid || variable.range.size() != 2) {
      for (const auto& value : variable_values(variable)) {
        std::vector<const TrialRecord*> with;
        for (const auto* trial : done)
          if (const Value* set = trial->settings.find(variable.key); set && *set == value) with.push_back(trial);
        report.values.push_back(value_report(variable.key, value_label(variable, value), with, report.metric));
      }
      continue;
    }
    std::vector<Value> seen;                     // values drawn from a range hardly repeat: equal parts of it, on its scale
    for (const auto* trial : done)
      if (const Value* set = trial->settings.find(variable.key)) seen.push_back(*set);
    VariableAxis axis = variable_axis(variable, seen);
    for (int part = 0; part < parts_of_range; ++part) {
      std::vector<const TrialRecord*> with;
      for (const auto* trial : done) {
        const Value* set = trial->settings.find(variable.key);
        double at = set ? axis.at(*set) : NAN;
        if (std::isfinite(at) && std::clamp(int(at * parts_of_range), 0, parts_of_range - 1) == part) with.push_back(trial);
      }
      report.values.push_back(value_report(variable.key, axis.text_at(double(part) / parts_of_range) + " to " + axis.text_at(double(part + 1) / parts_of_range), with, report.metric));
    }
  }
}

}  // namespace tomograd
