#include "report/report_charts.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "experiments/metrics.h"
#include "pictures/chart.h"
#include "pictures/png.h"
#include "report/numbers.h"

namespace tomograd {
namespace {

std::string metric_label(const ReportData& report) { return report.metric == "dice" ? "Dice" : report.metric; }

std::string column_name(const ChannelReport& channel) { return channel.name == "all" ? "all" : "no " + channel.name; }

ReportChart finished(const std::string& file, const std::string& title, const std::string& caption, const Figure& figure) {
  return {file, title, caption, to_svg(figure), encode_png(to_image(figure))};
}

// The seed page's left chart: trials grouped per left-out channel, a dot per patient and repeat, a bar at the median.
ReportChart grouped_trials(const ReportData& report) {
  Chart chart;
  chart.title = "Trials grouped by the channel left out";
  chart.y.label = metric_label(report) + " of a test patient";
  chart.width = std::max(360.0, 90 + 52 * double(report.channels.size()));
  Layer dots, medians;
  dots.spread = true, dots.opacity = 0.75, dots.name = "one patient";
  medians.mark = Mark::medians, medians.color = ink, medians.size = 1.8, medians.name = "median";
  for (size_t i = 0; i < report.channels.size(); ++i) {
    chart.x.categories.push_back(column_name(report.channels[i]));
    for (const auto& outcome : report.channels[i].outcomes) {
      dots.x.push_back(double(i)), dots.y.push_back(outcome.value);
      dots.colors.push_back(i == 0 ? grey : accent);
    }
    if (std::isfinite(report.channels[i].median)) medians.x.push_back(double(i)), medians.y.push_back(report.channels[i].median);
  }
  chart.layers = {dots, medians};
  return finished("grouped_trials", chart.title, "Each dot is one test patient of one trial; the bar is the median over patients.", *figure(chart));
}

// The seed page's right chart: the mean outcome per left-out channel, higher is better.
ReportChart mean_outcome(const ReportData& report) {
  Chart chart;
  chart.title = "Mean outcome per channel left out";
  chart.y.label = "mean " + metric_label(report) + ", higher is better";
  chart.y.low = 0;
  chart.width = std::max(360.0, 90 + 52 * double(report.channels.size()));
  Layer bars;
  bars.mark = Mark::bars;
  for (size_t i = 0; i < report.channels.size(); ++i) {
    chart.x.categories.push_back(column_name(report.channels[i]));
    if (!std::isfinite(report.channels[i].mean)) continue;
    bars.x.push_back(double(i)), bars.y.push_back(report.channels[i].mean);
    bars.colors.push_back(i == 0 ? grey : accent);
  }
  chart.layers = {bars};
  return finished("mean_outcome", chart.title, "Mean over test patients; “all” in grey.", *figure(chart));
}

ReportChart paired_change(const ReportData& report) {
  Chart chart;
  chart.title = "What leaving a channel out changes, paired by patient";
  chart.y.label = metric_label(report) + " change; further below zero = the channel mattered more";
  chart.swapped = true, chart.zero_line = true;
  chart.width = 560, chart.height = 80 + 30 * double(report.ranking.size());
  Layer dots, intervals;
  dots.color = grey, dots.opacity = 0.6, dots.size = 2, dots.spread = true, dots.name = "one patient";
  intervals.mark = Mark::intervals, intervals.size = 1.8, intervals.name = "Hodges-Lehmann estimate and interval";
  double coverage = 1;
  for (size_t i = 0; i < report.ranking.size(); ++i) {
    const ChannelReport& channel = report.channels[report.ranking[i]];
    chart.x.categories.push_back(channel.name + "  (Holm p " + p_text(channel.holm_p) + ")");
    for (const auto& change : channel.changes) dots.x.push_back(double(i)), dots.y.push_back(change.value);
    intervals.x.push_back(double(i)), intervals.y.push_back(channel.change.estimate);
    intervals.low.push_back(channel.change.low), intervals.high.push_back(channel.change.high);
    coverage = std::min(coverage, channel.change.coverage);
  }
  chart.layers = {dots, intervals};
  return finished("paired_change", chart.title, "Grey: patients. Blue: estimate with its interval, which covers " + fixed_text(coverage * 100, 1) + " %. Sorted, most influential first.", *figure(chart));
}

ReportChart change_matrix(const ReportData& report) {
  HeatMatrix matrix;
  matrix.title = "Patients and channels";
  matrix.value_label = metric_label(report) + " change";
  matrix.x_label = "channel left out", matrix.y_label = "test patient";
  matrix.rows = report.patients;
  matrix.diverging = true;
  for (size_t index : report.ranking) matrix.columns.push_back(report.channels[index].name);
  for (const auto& patient : report.patients)
    for (size_t index : report.ranking) {
      double value = std::numeric_limits<double>::quiet_NaN();
      for (const auto& change : report.channels[index].changes)
        if (change.patient == patient) value = change.value;
      matrix.values.push_back(value);
    }
  return finished("change_matrix", matrix.title, "Change of the " + metric_label(report) + " against “all” of the same patient; hatched: no result.", *figure(matrix));
}

ReportChart configurations(const ReportData& report) {
  Chart chart;
  chart.title = "Configurations, best first";
  chart.y.label = metric_label(report) + ", higher is better";
  chart.swapped = true;
  size_t shown = std::min<size_t>(20, report.configurations.size());
  chart.width = 560, chart.height = 80 + 26 * double(shown);
  Layer dots, means;
  dots.opacity = 0.75, dots.spread = true, dots.name = "one trial";
  means.mark = Mark::medians, means.color = ink, means.size = 1.8, means.name = "mean";
  for (size_t i = 0; i < shown; ++i) {
    const ConfigurationReport& c = report.configurations[i];
    std::string name;
    for (const auto& label : c.labels) name += (name.empty() ? "" : ", ") + label;
    chart.x.categories.push_back(name);
    for (int64_t number : c.trials)
      for (const auto& trial : report.trials)
        if (trial.number == number)
          if (auto metric = trial_metric(trial.metrics, report.metric)) dots.x.push_back(double(i)), dots.y.push_back(*metric), dots.colors.push_back(c.best ? okabe_ito::vermillion : accent);
    if (std::isfinite(c.metric)) means.x.push_back(double(i)), means.y.push_back(c.metric);
  }
  chart.layers = {dots, means};
  return finished("configurations", chart.title, "Each dot is a trial, the bar their mean; the best configuration in red.", *figure(chart));
}

}  // namespace

std::vector<ReportChart> report_charts(const ReportData& report) {
  std::vector<ReportChart> charts;
  bool outcomes = !report.patients.empty();
  if (report.channels.size() > 1 && outcomes) charts.push_back(grouped_trials(report)), charts.push_back(mean_outcome(report));
  if (!report.ranking.empty()) charts.push_back(paired_change(report)), charts.push_back(change_matrix(report));
  bool any = std::any_of(report.configurations.begin(), report.configurations.end(), [](const auto& c) { return std::isfinite(c.metric); });
  if (any && !report.variables.empty()) charts.push_back(configurations(report));
  return charts;
}

}  // namespace tomograd
