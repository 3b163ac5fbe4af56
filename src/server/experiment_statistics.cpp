// The parts of a report that the page shows as views of their own: leave-one-out with its matrix, and searches.
#include <algorithm>
#include <cmath>

#include "report/report_text.h"
#include "server/experiment_values.h"

namespace tomograd {
namespace {

void take(Value& into, const Value& from, std::initializer_list<const char*> keys) {
  for (const char* key : keys)
    if (const Value* value = from.find(key)) into[key] = *value;
}

Value trials_of(const ChannelReport& channel, const std::string& patient) {
  Value::List trials;
  for (const auto& outcome : channel.outcomes)
    if (outcome.patient == patient) trials.emplace_back(outcome.trial);
  return trials;
}

// [channel][patient]: the change of the metric, and the trials on which a cell rests.
Value matrix_of(const ReportData& report) {
  Value::List names, changes, trials, baseline;
  for (const auto& channel : report.channels) {
    const bool all = channel.name == "all";
    if (all)
      for (const auto& patient : report.patients) baseline.push_back(trials_of(channel, patient));
    if (all) continue;
    Value::List row, numbers;
    for (const auto& patient : report.patients) {
      auto found = std::find_if(channel.changes.begin(), channel.changes.end(), [&](const PatientChange& change) { return change.patient == patient; });
      row.push_back(found == channel.changes.end() ? Value() : Value(found->value));
      numbers.push_back(trials_of(channel, patient));
    }
    names.emplace_back(channel.name), changes.emplace_back(std::move(row)), trials.emplace_back(std::move(numbers));
  }
  Value v = Value::table();
  v["channels"] = std::move(names), v["patients"] = Value::list_of(report.patients), v["change"] = std::move(changes), v["trials"] = std::move(trials), v["baseline_trials"] = std::move(baseline);
  return v;
}

}  // namespace

Value timeline_json(const Timeline& timeline) {
  ReportData report;
  report.timeline = timeline;
  return report_value(report).at("timeline");
}

Value leave_one_out_value(const ReportData& report, const std::string& version) {
  Value v = Value::table(), all = report_value(report);
  v["format"] = "tomograd.leave_one_out/1", v["version"] = version;
  take(v, all, {"metric", "margin", "patients", "pairs", "trainings", "smallest_p", "smallest_holm_p", "can_reach_significance", "channels", "ranking", "left_out_together", "classes", "channel_dropout", "kendall_tau_planted"});
  v["matrix"] = matrix_of(report);
  take(v, all, {"findings", "decision", "limits"});
  return v;
}

Value search_value(const ReportData& report, const std::string& version) {
  Value v = Value::table(), all = report_value(report);
  v["format"] = "tomograd.search/1", v["version"] = version;
  take(v, all, {"metric", "axes", "points", "best_trial", "importance", "response", "configurations"});
  for (const char* key : {"importance", "response"})
    if (!v.find(key)) v[key] = Value();
  for (const char* key : {"axes", "points"})
    if (!v.find(key)) v[key] = Value(Value::List{});
  if (!v.find("best_trial")) v["best_trial"] = 0;
  return v;
}

}  // namespace tomograd
