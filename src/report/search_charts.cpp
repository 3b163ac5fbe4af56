// Charts of a search over variables: how it went, what each variable did, and how the two that matter most work together.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "experiments/metrics.h"
#include "report/chart_parts.h"
#include "report/numbers.h"
#include "report/report_figures.h"

namespace tomograd {
namespace {

constexpr size_t most_slices = 12;

ReportChart progress(const ReportData& report) {
  Chart chart;
  chart.title = "Progress";
  chart.x.label = "trial", chart.y.label = metric_label(report) + ", higher is better";
  chart.width = 560, chart.height = 310;
  Layer dots, line, best;
  // With folds or seeds every configuration is several trials: it has one place, its mean and the spread of its trials.
  bool repeated = std::any_of(report.points.begin(), report.points.end(), [](const auto& point) { return point.trials > 1; });
  if (repeated) chart.x.label = "configuration", dots.mark = Mark::intervals;
  dots.name = repeated ? "mean ± standard deviation of its trials" : "one trial", dots.opacity = 0.8, dots.size = report.points.size() > 120 ? 2 : 2.8;
  line.mark = Mark::line, line.color = ink, line.size = 1.5, line.name = "best so far";
  best.color = okabe_ito::vermillion, best.size = 5;
  for (size_t i = 0; i < report.points.size(); ++i) {
    const SearchPoint& point = report.points[i];
    double x = repeated ? double(i + 1) : double(point.trial), spread = std::isfinite(point.deviation) ? point.deviation : 0;
    dots.x.push_back(x), dots.y.push_back(point.metric);
    if (repeated) dots.low.push_back(point.metric - spread), dots.high.push_back(point.metric + spread);
    if (!line.x.empty()) line.x.push_back(x), line.y.push_back(line.y.back());   // a step
    line.x.push_back(x), line.y.push_back(point.best_so_far);
    if (point.trial == report.best_trial) best.x.push_back(x), best.y.push_back(point.metric), best.name = text("best: trial ", point.trial, ", ", fixed_text(point.metric));
  }
  chart.layers = {line, dots, best};
  const ConfigurationReport& first = report.configurations.front();
  std::string caption = text(report.points.size(), repeated ? " configurations" : " trials", " with a result, in the order in which they were planned; the best one in red.");
  if (first.best && first.metric.n > 1) caption += " The best configuration on average has " + spread_text(first.metric) + text(" (mean ± standard deviation over ", first.metric.n, " trials).");
  return finished("progress", chart.title, caption, *figure(chart));
}

std::vector<size_t> by_importance(const ReportData& report) {
  std::vector<size_t> order(report.axes.size());
  std::iota(order.begin(), order.end(), size_t(0));
  if (report.importance)
    std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return report.importance->variables[a].mean > report.importance->variables[b].mean; });
  return order;
}

ReportChart slices(const ReportData& report) {
  std::vector<size_t> order = by_importance(report);
  if (order.size() > most_slices) order.resize(most_slices);
  std::vector<std::unique_ptr<Figure>> parts;
  for (size_t axis : order) parts.push_back(slice_figure(report, axis));
  int columns = parts.size() <= 3 ? int(parts.size()) : parts.size() == 4 ? 2 : 3;
  return finished("slices", "Each variable against the metric", "Each dot is a configuration, early ones light, late ones dark, the best in red; listed values are strips." + std::string(report.importance ? " Most important variable first." : ""),
                  *panels(std::move(parts), columns));
}

ReportChart importance(const ReportData& report) {
  const Importance& found = *report.importance;
  Chart chart;
  chart.title = "Importance of the variables";
  chart.y.label = "share of the variance of the " + metric_label(report);
  chart.y.low = 0, chart.y.high = 1;
  chart.swapped = true;
  Layer bars, intervals;
  bars.mark = Mark::bars, intervals.mark = Mark::intervals, intervals.color = ink;
  auto add = [&](const std::string& name, const Share& share, Color color) {
    double row = double(chart.x.categories.size());
    chart.x.categories.push_back(name);
    bars.x.push_back(row), bars.y.push_back(share.mean), bars.colors.push_back(color);
    intervals.x.push_back(row), intervals.low.push_back(share.low), intervals.high.push_back(share.high);
  };
  for (size_t axis : by_importance(report)) add(short_text(short_key(report, axis), 26), found.variables[axis], accent);
  if (report.axes.size() > 1) add("only together", found.together, grey);
  chart.layers = {bars, intervals};
  chart.width = 560, chart.height = 80 + 26 * double(chart.x.categories.size());
  std::string trust = found.explained > 0 ? text("explains ", fixed_text(100 * found.explained, 0), " % of the variance of those it has not seen") : "predicts those it has not seen no better than their mean: the bars say nothing";
  return finished("importance", chart.title,
                  text("Functional ANOVA of a random forest (", found.trees, " trees, Hutter et al. 2014) on ", found.points, " configurations; it ", trust, ". Bar: mean over trees; line: 10 % to 90 % of them, each grown on its own draw of the configurations."),
                  *figure(chart));
}

void add_plane(std::vector<ReportChart>& charts, const ReportData& report) {
  if (report.axes.size() < 2) return;
  std::vector<size_t> order = by_importance(report);
  size_t x = std::min(order[0], order[1]), y = std::max(order[0], order[1]);
  if (report.response) x = report.response->x, y = report.response->y;
  std::string which = short_key(report, x) + " and " + short_key(report, y) + (report.importance ? ", the two variables that matter most" : "");
  if (!report.response) {
    charts.push_back(finished("plane", "Two variables", which + ": each dot is a trial in the colour of its metric, the best ringed in red.", *plane_figure(report, x, y)));
    return;
  }
  double deviation = mean_of(report.response->deviation);
  std::string spread = text("; standard deviation of the expectation ", fixed_text(deviation), " on average, of one trial about it ", fixed_text(report.response->noise));
  charts.push_back(finished("contour", "Contour", which + ": colours and lines are what a Gaussian process expects with the other variables as in the best trial" + spread + ". Dots: trials; ring: the best.", *plane_figure(report, x, y)));
  if (!report.axes[x].listed() && !report.axes[y].listed()) charts.push_back(finished("surface", "Surface", which + ": the same expectation as a surface.", *surface_figure(report)));
}

ReportChart configurations(const ReportData& report) {
  Chart chart;
  chart.title = "Configurations, best first";
  chart.y.label = metric_label(report) + ", higher is better";
  chart.swapped = true;
  size_t shown = std::min<size_t>(20, report.configurations.size());
  chart.width = 640, chart.height = 95 + 26 * double(shown);
  Layer dots, means;
  dots.opacity = 0.75, dots.spread = true, dots.name = "one trial";
  means.mark = Mark::medians, means.color = ink, means.size = 1.8, means.name = "mean";
  for (size_t i = 0; i < shown; ++i) {
    const ConfigurationReport& c = report.configurations[i];
    std::string name;
    for (const auto& label : c.labels) name += (name.empty() ? "" : ", ") + short_text(label, 22);
    chart.x.categories.push_back(short_text(name, 44));
    for (int64_t number : c.trials)
      for (const auto& trial : report.trials)
        if (trial.number == number && trial.state == TrialState::complete)
          if (auto metric = trial_metric(trial.metrics, report.metric)) dots.x.push_back(double(i)), dots.y.push_back(*metric), dots.colors.push_back(c.best ? okabe_ito::vermillion : accent);
    if (std::isfinite(c.metric.mean)) means.x.push_back(double(i)), means.y.push_back(c.metric.mean);
  }
  bool repeated = std::any_of(report.configurations.begin(), report.configurations.begin() + int64_t(shown), [](const auto& c) { return c.metric.n > 1; });
  chart.layers = {dots};
  if (repeated) chart.layers.push_back(means);
  std::string of = report.configurations.size() > shown ? text(" The best ", shown, " of ", report.configurations.size(), " are shown.") : "";
  return finished("configurations", chart.title, std::string("Each dot is a trial") + (repeated ? ", the bar their mean" : "") + "; the best configuration in red." + of, *figure(chart));
}

}  // namespace

void add_search_charts(std::vector<ReportChart>& charts, const ReportData& report) {
  if (report.points.empty() || report.variables.empty()) return;
  if (report.kind != "leave-one-out") charts.push_back(progress(report));
  charts.push_back(configurations(report));
  charts.push_back(slices(report));
  if (report.axes.size() > 1) charts.push_back(finished("parallel_coordinates", "Parallel coordinates", "A line per configuration, the darker the better, the best in red.", *parallel_figure(report)));
  if (report.importance && report.axes.size() > 1) charts.push_back(importance(report));
  add_plane(charts, report);
}

}  // namespace tomograd
