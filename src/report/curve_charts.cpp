// Training curves of a readable number of trials, the best one marked, before the spread of all.
#include <algorithm>
#include <cmath>
#include <map>

#include "experiments/metrics.h"
#include "report/chart_parts.h"
#include "report/numbers.h"

namespace tomograd {
namespace {

constexpr size_t most_lines = 24, most_charts = 4;

// What is judged by comes first; what only describes the optimiser comes last, if there is room.
int rank_of(const std::string& name) {
  if (name.starts_with("validation")) return 0;
  if (name == "loss") return 1;
  return name == "learning_rate" || name == "gradient_norm" ? 3 : 2;
}

std::vector<std::string> names_of(const std::vector<Curve>& curves) {
  std::vector<std::string> names;
  for (const auto& curve : curves)
    if (curve.steps.size() > 1 && std::find(names.begin(), names.end(), curve.name) == names.end()) names.push_back(curve.name);
  std::stable_sort(names.begin(), names.end(), [](const auto& a, const auto& b) { return rank_of(a) < rank_of(b); });
  if (names.size() > most_charts) names.resize(most_charts);
  return names;
}

// Median and the 10 % and 90 % quantiles over trials, in equal parts of the steps.
void add_spread(Chart& chart, const std::vector<const Curve*>& curves) {
  double last = 0;
  for (const auto* curve : curves) last = std::max(last, curve->steps.back());
  constexpr int parts = 40;
  Layer band, median;
  band.mark = Mark::band, band.color = grey, band.name = "10 % to 90 % of the trials";
  median.mark = Mark::line, median.color = ink, median.size = 1.6, median.dash = 3, median.name = "median";
  for (int part = 0; part < parts && last > 0; ++part) {
    std::vector<double> values, steps;           // the means of each trial there
    for (const auto* curve : curves) {
      std::vector<double> own, at;
      for (size_t i = 0; i < curve->steps.size(); ++i)
        if (std::min(parts - 1, int(curve->steps[i] / last * parts)) == part) own.push_back(curve->values[i]), at.push_back(curve->steps[i]);
      if (!own.empty()) values.push_back(mean_of(own)), steps.push_back(mean_of(at));
    }
    if (values.size() < 5) continue;
    double step = mean_of(steps);
    band.x.push_back(step), band.low.push_back(quantile_of(values, 0.1)), band.high.push_back(quantile_of(values, 0.9));
    median.x.push_back(step), median.y.push_back(quantile_of(values, 0.5));
  }
  if (median.x.size() < 2) return;
  chart.layers.insert(chart.layers.begin(), band);
  chart.layers.push_back(median);
}

ReportChart curve_chart(const ReportData& report, const std::string& name, const std::map<int64_t, double>& metrics) {
  std::vector<const Curve*> curves;
  for (const auto& curve : report.curves)
    if (curve.name == name && curve.steps.size() > 1) curves.push_back(&curve);
  auto metric = [&](const Curve* curve) {
    auto found = metrics.find(curve->trial);
    return found == metrics.end() ? -INFINITY : found->second;
  };
  std::stable_sort(curves.begin(), curves.end(), [&](const Curve* a, const Curve* b) { return metric(a) > metric(b); });
  size_t lines = std::min(most_lines, curves.size());
  Chart chart;
  chart.title = "Curves: " + name;
  chart.x.label = "step", chart.y.label = name;
  chart.width = 520, chart.height = 320;
  for (size_t k = lines; k-- > 0;) {             // the best, the worst, and evenly between them by rank; the best on top
    const Curve& curve = *curves[lines > 1 ? k * (curves.size() - 1) / (lines - 1) : 0];
    bool first = k == 0 && std::isfinite(metric(&curve));
    Layer line;
    line.mark = Mark::line, line.x = curve.steps, line.y = curve.values;
    line.color = first ? okabe_ito::vermillion : mix(accent, paper, 0.55), line.size = first ? 2 : 0.8;
    line.name = first ? text("best, trial ", curve.trial) : k == lines - 1 && lines > 1 ? "other trials" : "";
    chart.layers.push_back(std::move(line));
  }
  add_spread(chart, curves);
  std::string shown = lines < curves.size() ? text(lines, " of ", curves.size(), " trials: the best, the worst and evenly between them by their ") + metric_label(report) : text(curves.size(), curves.size() == 1 ? " trial" : " trials");
  return finished("curves_" + file_part(name), chart.title, shown + "; long curves are means of equal parts of their steps." + (curves.size() >= 5 ? " Grey: 10 % to 90 % of all trials." : ""), *figure(chart));
}

}  // namespace

void add_curve_charts(std::vector<ReportChart>& charts, const ReportData& report) {
  std::map<int64_t, double> metrics;
  for (const auto& trial : report.trials)
    if (auto metric = trial_metric(trial.metrics, report.metric)) metrics[trial.number] = *metric;
  for (const auto& name : names_of(report.curves)) charts.push_back(curve_chart(report, name, metrics));
}

}  // namespace tomograd
