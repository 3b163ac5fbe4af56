#include <algorithm>
#include <cmath>
#include <limits>

#include "experiments/metrics.h"
#include "report/numbers.h"
#include "report/outcomes.h"
#include "search/space.h"

namespace tomograd {
namespace {

constexpr double nothing = std::numeric_limits<double>::quiet_NaN();

std::vector<double> metrics_of(const std::vector<const TrialRecord*>& trials, const std::string& metric) {
  std::vector<double> result;
  for (const auto* trial : trials)
    if (auto v = trial_metric(trial->metrics, metric)) result.push_back(*v);
  return result;
}

}  // namespace

void describe_variables(ReportData& report, const ExperimentSpec& spec) {
  for (const auto& variable : spec.variable) report.variables.push_back(variable.key);
  bool sweep = spec.strategy.kind == "sweep";
  if (report.variables.empty() && !sweep) return;

  std::vector<std::vector<const TrialRecord*>> done;
  for (const auto& trial : report.trials) {
    Value variables = Value::table();
    for (const auto& key : report.variables)
      if (const Value* value = trial.settings.find(key)) variables[key] = *value;
    size_t at = 0;
    while (at < report.configurations.size() && !(report.configurations[at].variables == variables)) ++at;
    if (at == report.configurations.size()) {
      ConfigurationReport configuration;
      configuration.variables = variables;
      for (const auto& variable : spec.variable) configuration.labels.push_back(value_label(variable, variables.at(variable.key)));
      report.configurations.push_back(std::move(configuration));
      done.emplace_back();
    }
    report.configurations[at].trials.push_back(trial.number);
    if (trial.state == TrialState::complete) done[at].push_back(&trial);
  }
  for (size_t i = 0; i < done.size(); ++i) {
    ConfigurationReport& configuration = report.configurations[i];
    configuration.complete = int64_t(done[i].size());
    std::vector<double> metrics = metrics_of(done[i], report.metric);
    configuration.metric = mean_of(metrics), configuration.spread = deviation_of(metrics);
    configuration.seconds = mean_of(numbers_of(done[i], "seconds"));
    configuration.seconds_per_step = mean_of(numbers_of(done[i], "seconds_per_step"));
    configuration.peak_bytes = mean_of(numbers_of(done[i], "peak_bytes"));
    configuration.parameters = mean_of(numbers_of(done[i], "parameters"));
    configuration.steps = mean_of(numbers_of(done[i], "steps"));
  }
  std::stable_sort(report.configurations.begin(), report.configurations.end(), [](const auto& a, const auto& b) {
    return (std::isfinite(a.metric) ? a.metric : -INFINITY) > (std::isfinite(b.metric) ? b.metric : -INFINITY);
  });
  if (!report.configurations.empty()) report.configurations[0].best = std::isfinite(report.configurations[0].metric);

  for (const auto& variable : spec.variable)
    for (const auto& value : variable_values(variable)) {
      std::vector<const TrialRecord*> with;
      for (const auto& trial : report.trials)
        if (const Value* set = trial.settings.find(variable.key); set && *set == value && trial.state == TrialState::complete) with.push_back(&trial);
      report.values.push_back({variable.key, value_label(variable, value), int64_t(with.size()), with.empty() ? nothing : mean_of(metrics_of(with, report.metric)),
                               mean_of(numbers_of(with, "seconds_per_step")), mean_of(numbers_of(with, "peak_bytes"))});
    }
}

}  // namespace tomograd
