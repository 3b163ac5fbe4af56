#include "report/report_charts.h"

#include "pictures/png.h"
#include "report/chart_parts.h"
#include "report/numbers.h"
#include "report/report_figures.h"

namespace tomograd {
namespace {

ReportChart timeline_chart(const Timeline& timeline) {
  double waited = 0;
  for (const auto& worker : timeline.workers) waited += worker.waited_seconds;
  std::string caption = text(timeline.workers.size(), timeline.workers.size() == 1 ? " worker, " : " workers, ", spent_text(timeline.busy_seconds), " of work in attempts, ", spent_text(waited), " of waiting between them; numbers are trials.");
  if (timeline.lost > 0) caption += " A cross ends an attempt whose worker was killed or fell silent; it stands where the loss was noticed.";
  return finished("timeline", "Workers and attempts", caption, *timeline_figure(timeline));
}

}  // namespace

ReportChart finished(const std::string& file, const std::string& title, const std::string& caption, const Figure& figure) {
  return {file, title, caption, to_svg(figure), encode_png(to_image(figure))};
}

std::string metric_label(const ReportData& report) { return report.metric == "dice" ? "Dice" : report.metric; }

std::string file_part(const std::string& name) {
  std::string part;
  for (char c : name) part += (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ? c : '_';
  return part;
}

std::vector<ReportChart> report_charts(const ReportData& report) {
  std::vector<ReportChart> charts;
  add_channel_charts(charts, report);
  add_dropout_chart(charts, report);
  add_search_charts(charts, report);
  add_curve_charts(charts, report);
  if (report.timeline && !report.timeline->workers.empty()) charts.push_back(timeline_chart(*report.timeline));
  return charts;
}

}  // namespace tomograd
