// Trials as points of the space of the variables: progress, importance, response.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "report/numbers.h"
#include "report/outcomes.h"

namespace tomograd {
namespace {

constexpr size_t most_model_points = 1000;       // for forest and process, whose work grows faster than the points; evenly over the search

std::vector<double> place(const ReportData& report, const Value& settings) {
  std::vector<double> at;
  for (const auto& axis : report.axes) {
    const Value* value = settings.find(axis.key);
    at.push_back(value ? axis.at(*value) : nothing);
  }
  return at;
}

// One point per configuration, so that repeats, folds and channel sets do not pass for trials of their own. Configurations that
// lack some of their trials would be easier or harder than the others; they wait while there are whole ones.
void place_configurations(ReportData& report) {
  auto whole = [](const ConfigurationReport& c) { return c.complete == int64_t(c.trials.size()) && std::isfinite(c.metric.mean); };
  bool any_whole = std::any_of(report.configurations.begin(), report.configurations.end(), whole);
  for (const auto& c : report.configurations)
    if (any_whole ? whole(c) : std::isfinite(c.metric.mean)) report.points.push_back({c.trials.front(), c.metric.n, c.metric.mean, c.metric.deviation, c.first_rung, 0, place(report, c.variables)});
  if (!report.points.empty()) report.best_trial = report.points.front().trial;   // configurations stand best first
  std::stable_sort(report.points.begin(), report.points.end(), [](const auto& a, const auto& b) { return a.trial < b.trial; });
  double best = -INFINITY;
  for (auto& point : report.points) point.best_so_far = best = std::max(best, point.metric);
}

ImportancePoints points_of(const ReportData& report) {
  ImportancePoints points;
  for (const auto& axis : report.axes) points.values.push_back(int64_t(axis.values.size()));
  size_t n = report.points.size(), used = std::min(n, most_model_points);
  for (size_t i = 0; i < used; ++i) {
    const SearchPoint& point = report.points[n > used ? i * (n - 1) / (used - 1) : i];
    points.at.push_back(point.at), points.metric.push_back(point.first_rung);
  }
  return points;
}

std::vector<double> best_place(const ReportData& report) {
  return std::find_if(report.points.begin(), report.points.end(), [&](const auto& point) { return point.trial == report.best_trial; })->at;
}

bool differs(const std::vector<double>& values) {
  return !values.empty() && *std::max_element(values.begin(), values.end()) > *std::min_element(values.begin(), values.end());
}

}  // namespace

void describe_search(ReportData& report, const ExperimentSpec& spec, bool models) {
  if (report.variables.empty()) return;
  for (const auto& variable : spec.variable) {
    std::vector<Value> seen;
    for (const auto& trial : report.trials)
      if (const Value* value = trial.settings.find(variable.key)) seen.push_back(*value);
    report.axes.push_back(variable_axis(variable, seen));
  }
  place_configurations(report);
  if (!models) return;
  ImportancePoints points = points_of(report);
  if (int64_t(points.metric.size()) < least_points_for_importance || !differs(points.metric)) return;
  report.importance = variable_importance(points);
  if (report.importance->trees == 0) report.importance.reset();
  if (!report.importance || report.axes.size() < 2 || int64_t(points.metric.size()) < least_points_for_response) return;
  std::vector<size_t> order(report.axes.size());
  std::iota(order.begin(), order.end(), size_t(0));
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return report.importance->variables[a].mean > report.importance->variables[b].mean; });
  size_t first = order[0], second = order[1];
  report.response = response(points, std::min(first, second), std::max(first, second), best_place(report));
}

}  // namespace tomograd
