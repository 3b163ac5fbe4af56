#include "report/report_values.h"

namespace tomograd {
namespace {

Value share_value(const std::string& name, const Share& share) {
  Value v = Value::table();
  v["variable"] = name, v["share"] = share.mean, v["low"] = share.low, v["high"] = share.high;
  return v;
}

Value importance_value(const ReportData& report) {
  const Importance& found = *report.importance;
  Value v = Value::table();
  v["method"] = "functional ANOVA of a random forest; share = mean over trees, low and high = 10 % and 90 % of them";
  v["configurations"] = found.points, v["trees"] = found.trees, v["explained_out_of_bag"] = found.explained;
  Value::List variables;
  for (size_t i = 0; i < report.axes.size(); ++i) variables.push_back(share_value(report.axes[i].key, found.variables[i]));
  v["variables"] = variables, v["together"] = share_value("", found.together);
  return v;
}

Value response_value(const ReportData& report) {
  const Response& found = *report.response;
  Value v = Value::table();
  v["method"] = "Gaussian process; row-major means and standard deviations at the centres of equal cells";
  v["x"] = report.axes[found.x].key, v["y"] = report.axes[found.y].key, v["columns"] = found.columns, v["rows"] = found.rows;
  v["mean"] = Value::list_of(found.mean), v["standard_deviation"] = Value::list_of(found.deviation), v["noise"] = found.noise;
  v["others"] = Value::list_of(found.others);
  return v;
}

}  // namespace

void add_search(Value& report_value, const ReportData& report) {
  if (report.axes.empty()) return;
  Value::List axes, points;
  for (const auto& axis : report.axes) {
    Value item = Value::table();
    item["variable"] = axis.key, item["scale"] = axis.listed() ? "listed" : axis.log ? "log" : "linear";
    if (axis.listed()) item["values"] = Value(axis.values), item["labels"] = Value::list_of(axis.labels);
    else item["low"] = axis.low, item["high"] = axis.high;
    axes.push_back(std::move(item));
  }
  for (const auto& point : report.points) {
    Value item = Value::table();
    item["trial"] = point.trial, item["trials"] = point.trials, item["metric"] = point.metric, item["standard_deviation"] = point.deviation, item["best_so_far"] = point.best_so_far, item["at"] = Value::list_of(point.at);
    points.push_back(std::move(item));
  }
  report_value["axes"] = axes, report_value["points"] = points, report_value["best_trial"] = report.best_trial;
  if (report.importance) report_value["importance"] = importance_value(report);
  if (report.response) report_value["response"] = response_value(report);
}

Value timeline_value(const Timeline& timeline) {
  Value v = Value::table();
  v["start_unix_milliseconds"] = timeline.start, v["seconds"] = timeline.seconds;
  v["busy_seconds"] = timeline.busy_seconds, v["lost_seconds"] = timeline.lost_seconds;
  Value& counts = v["attempts"];
  counts["complete"] = timeline.complete, counts["pruned"] = timeline.pruned, counts["failed"] = timeline.failed, counts["preempted"] = timeline.preempted, counts["lost"] = timeline.lost, counts["cancelled"] = timeline.cancelled,
  counts["running"] = timeline.running;
  Value::List workers, marks;
  for (const auto& row : timeline.workers) {
    Value worker = Value::table();
    worker["owner"] = row.owner, worker["busy_seconds"] = row.busy_seconds, worker["waited_seconds"] = row.waited_seconds;
    Value::List attempts;
    for (const auto& span : row.attempts) {
      Value item = Value::table();
      item["trial"] = span.trial, item["attempt"] = span.attempt, item["begin_seconds"] = span.begin, item["end_seconds"] = span.end, item["outcome"] = span.outcome, item["reason"] = span.reason;
      attempts.push_back(std::move(item));
    }
    worker["attempts"] = attempts;
    workers.push_back(std::move(worker));
  }
  for (const auto& mark : timeline.marks) {
    Value item = Value::table();
    item["kind"] = mark.kind, item["trial"] = mark.trial, item["at_seconds"] = mark.at;
    marks.push_back(std::move(item));
  }
  v["workers"] = workers, v["marks"] = marks;
  return v;
}

}  // namespace tomograd
