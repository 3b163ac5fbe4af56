// The leave-one-out charts: outcome per channel left out as published (MathWorks 2025), then the paired difference with its
// interval; over all target classes, and for each of them.
#include <algorithm>
#include <cmath>

#include "report/chart_parts.h"
#include "report/numbers.h"

namespace tomograd {
namespace {

constexpr size_t most_signs = 24;

// One comparison: that of the mean over classes, or of one class.
struct View {
  const std::vector<ChannelReport>& channels;
  const std::vector<size_t>& ranking;
  std::string metric;                            // "Dice", "Dice of GTV-T"
  std::string end;                               // of file names: "", "_GTV-T"
};

std::string column_name(const ChannelReport& channel) { return channel.name == "all" ? "all" : "no " + short_text(channel.name, most_signs); }

double wide_enough(const View& view) { return std::max(360.0, 90 + 52 * double(view.channels.size())); }

// Upright names take from the height, so it grows with them.
double high_enough(const View& view) {
  double widest = 0;
  for (const auto& channel : view.channels) widest = std::max(widest, text_width(column_name(channel), 9.5));
  return 270 + std::max(30.0, widest);
}

// The seed page's left chart: trials grouped per left-out channel, a dot per patient and repeat, a bar at the median.
ReportChart grouped_trials(const View& view) {
  Chart chart;
  chart.title = "Trials grouped by the channel left out";
  chart.y.label = view.metric + " of a test patient";
  chart.width = wide_enough(view), chart.height = high_enough(view);
  Layer dots, medians;
  dots.spread = true, dots.opacity = 0.75, dots.name = "one patient";
  medians.mark = Mark::medians, medians.color = ink, medians.size = 1.8, medians.name = "median";
  for (size_t i = 0; i < view.channels.size(); ++i) {
    chart.x.categories.push_back(column_name(view.channels[i]));
    for (const auto& outcome : view.channels[i].outcomes) {
      dots.x.push_back(double(i)), dots.y.push_back(outcome.value);
      dots.colors.push_back(i == 0 ? grey : accent);
    }
    if (std::isfinite(view.channels[i].median)) medians.x.push_back(double(i)), medians.y.push_back(view.channels[i].median);
  }
  chart.layers = {dots, medians};
  return finished("grouped_trials" + view.end, chart.title, view.metric + ": each dot is one test patient of one trial; the bar is the median over patients.", *figure(chart));
}

// The seed page's right chart: the mean outcome per left-out channel, higher is better.
ReportChart mean_outcome(const View& view) {
  Chart chart;
  chart.title = "Mean outcome per channel left out";
  chart.y.label = "mean " + view.metric + ", higher is better";
  chart.y.low = 0;
  chart.width = wide_enough(view), chart.height = high_enough(view);
  Layer bars, spreads;
  bars.mark = Mark::bars, spreads.mark = Mark::intervals, spreads.color = ink;
  for (size_t i = 0; i < view.channels.size(); ++i) {
    const ChannelReport& channel = view.channels[i];
    chart.x.categories.push_back(column_name(channel));
    if (!std::isfinite(channel.mean)) continue;
    bars.x.push_back(double(i)), bars.y.push_back(channel.mean);
    bars.colors.push_back(i == 0 ? grey : accent);
    if (!std::isfinite(channel.deviation)) continue;
    spreads.x.push_back(double(i)), spreads.low.push_back(channel.mean - channel.deviation), spreads.high.push_back(channel.mean + channel.deviation);
  }
  chart.layers = {bars, spreads};
  return finished("mean_outcome" + view.end, chart.title, view.metric + ": mean over test patients and, as a line, one standard deviation over them to either side; “all” in grey.", *figure(chart));
}

ReportChart paired_change(const View& view) {
  Chart chart;
  chart.title = "What leaving a channel out changes, paired by patient";
  chart.y.label = view.metric + " change; further below zero = the channel mattered more";
  chart.swapped = true, chart.zero_line = true;
  chart.width = 560, chart.height = 95 + 30 * double(view.ranking.size());
  Layer dots, intervals;
  dots.color = grey, dots.opacity = 0.6, dots.size = 2, dots.spread = true, dots.name = "one patient";
  intervals.mark = Mark::intervals, intervals.size = 1.8, intervals.name = "Hodges-Lehmann estimate and interval";
  double coverage = 1;
  for (size_t i = 0; i < view.ranking.size(); ++i) {
    const ChannelReport& channel = view.channels[view.ranking[i]];
    chart.x.categories.push_back(short_text(channel.name, most_signs) + "  (Holm p " + p_text(channel.holm_p) + ")");
    for (const auto& change : channel.changes) dots.x.push_back(double(i)), dots.y.push_back(change.value);
    intervals.x.push_back(double(i)), intervals.y.push_back(channel.change.estimate);
    intervals.low.push_back(channel.change.low), intervals.high.push_back(channel.change.high);
    coverage = std::min(coverage, channel.change.coverage);
  }
  chart.layers = {dots, intervals};
  return finished("paired_change" + view.end, chart.title,
                  view.metric + ". Grey: patients. Blue: estimate with its interval, which covers " + fixed_text(coverage * 100, 1) + " %. Sorted, most influential first." +
                      (view.end.empty() ? "" : " Holm's correction counts the channels of this class alone."),
                  *figure(chart));
}

ReportChart change_matrix(const ReportData& report) {
  HeatMatrix matrix;
  matrix.title = "Patients and channels";
  matrix.value_label = metric_label(report) + " change";
  matrix.x_label = "channel left out", matrix.y_label = "test patient";
  matrix.diverging = true;
  for (size_t index : report.ranking) matrix.columns.push_back(short_text(report.channels[index].name, most_signs));
  for (const auto& patient : report.patients) {
    matrix.rows.push_back(short_text(patient, most_signs));
    for (size_t index : report.ranking) {
      double value = nothing;
      for (const auto& change : report.channels[index].changes)
        if (change.patient == patient) value = change.value;
      matrix.values.push_back(value);
    }
  }
  return finished("change_matrix", matrix.title, "Change of the " + metric_label(report) + " against “all” of the same patient; hatched: no result.", *figure(matrix));
}

// What dropping two channels together changed; on the diagonal, dropping one.
ReportChart pair_matrix(const ReportData& report) {
  HeatMatrix matrix;
  matrix.title = "Pairs of channels left out together";
  matrix.value_label = metric_label(report) + " change";
  matrix.diverging = true;
  for (size_t index : report.ranking) matrix.columns.push_back(short_text(report.channels[index].name, most_signs));
  matrix.rows = matrix.columns;
  for (size_t a : report.ranking)
    for (size_t b : report.ranking) {
      double value = a == b ? report.channels[a].change.estimate : nothing;
      for (const auto& set : report.joint)
        if (set.name == report.channels[a].name + "+" + report.channels[b].name || set.name == report.channels[b].name + "+" + report.channels[a].name) value = set.change.estimate;
      matrix.values.push_back(value);
    }
  return finished("pair_matrix", matrix.title, "Hodges-Lehmann estimate of the " + metric_label(report) + " change; on the diagonal of the single channel. Intervals stand in the table below.", *figure(matrix));
}

// Estimates of all classes beside each other: whether a channel matters for one target and not for another.
ReportChart class_changes(const ReportData& report) {
  Chart chart;
  chart.title = "Channels and target classes";
  chart.y.label = metric_label(report) + " change when the channel is left out";
  chart.swapped = true, chart.zero_line = true;
  size_t n = report.classes.size();
  chart.width = 560, chart.height = 110 + double(report.ranking.size()) * std::max(26.0, 13 * double(n));
  for (size_t index : report.ranking) chart.x.categories.push_back(short_text(report.channels[index].name, most_signs));
  for (size_t c = 0; c < n; ++c) {
    const ClassReport& of_class = report.classes[c];
    Layer layer;
    layer.mark = Mark::intervals, layer.color = series_color(int64_t(c)), layer.size = 2.2;
    layer.name = short_text(of_class.name, n > 3 ? 10 : 20);
    for (size_t row = 0; row < report.ranking.size(); ++row)
      for (const auto& channel : of_class.channels) {
        if (channel.name != report.channels[report.ranking[row]].name || !std::isfinite(channel.change.estimate)) continue;
        layer.x.push_back(double(row) + (n > 1 ? (double(c) / double(n - 1) - 0.5) * 0.5 : 0)), layer.y.push_back(channel.change.estimate);
        layer.low.push_back(channel.change.low), layer.high.push_back(channel.change.high);
      }
    chart.layers.push_back(std::move(layer));
  }
  return finished("class_changes", chart.title, "Hodges-Lehmann estimates and intervals of the paired change, one colour per target class; channels in the order of the mean over classes.", *figure(chart));
}

}  // namespace

void add_channel_charts(std::vector<ReportChart>& charts, const ReportData& report) {
  View whole{report.channels, report.ranking, metric_label(report), ""};
  if (report.channels.size() > 1 && !report.patients.empty()) charts.push_back(grouped_trials(whole)), charts.push_back(mean_outcome(whole));
  if (!report.ranking.empty()) charts.push_back(paired_change(whole)), charts.push_back(change_matrix(report));
  if (!report.ranking.empty() && report.joint.size() > 1) charts.push_back(pair_matrix(report));
  if (report.ranking.empty() || report.classes.empty()) return;
  constexpr size_t most_classes = 8;             // a labelling of the whole body has a hundred; report.json has them all
  if (report.classes.size() <= most_classes) charts.push_back(class_changes(report));
  for (size_t c = 0; c < std::min(most_classes, report.classes.size()); ++c) {
    const ClassReport& of_class = report.classes[c];
    if (of_class.ranking.empty()) continue;
    View view{of_class.channels, of_class.ranking, metric_label(report) + " of " + short_text(of_class.name, most_signs), "_" + file_part(of_class.name)};
    charts.push_back(grouped_trials(view)), charts.push_back(mean_outcome(view)), charts.push_back(paired_change(view));
  }
}

}  // namespace tomograd
