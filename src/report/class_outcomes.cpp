// The leave-one-out comparison of a part of the trials: for one target class, or for channels that were left out together.
// Each is a report of its own over trials cut down to that part, so that the statistics are the same everywhere.
#include <algorithm>
#include <cmath>
#include <set>

#include "report/outcomes.h"

namespace tomograd {
namespace {

const Value::List* test_cases(const Value& metrics) {
  const Value* test = metrics.find("test");
  return test && test->is_list() ? &test->as_list() : nullptr;
}

// Class names of a case, in the order of its values; empty when the metric has no value per class.
std::vector<std::string> classes_of(const Value& test_case, const std::string& metric) {
  const Value *classes = test_case.find("classes"), *values = test_case.find(metric);
  std::vector<std::string> names;
  if (!classes || !classes->is_list() || !values || !values->is_list() || values->as_list().size() != classes->as_list().size()) return names;
  for (const auto& name : classes->as_list()) names.push_back(name.is_text() ? name.as_text() : "");
  return names;
}

// The metrics with the values of one class only; cases that lack the class stay without a value.
Value metrics_of_class(const Value& metrics, const std::string& metric, const std::string& name) {
  Value cut = Value::table();
  Value::List cases;
  for (const auto& test_case : *test_cases(metrics)) {
    Value one = Value::table();
    if (const Value* patient = test_case.find("patient")) one["patient"] = *patient;
    std::vector<std::string> names = classes_of(test_case, metric);
    for (size_t i = 0; i < names.size(); ++i)
      if (names[i] == name) one[metric] = test_case.at(metric).as_list()[i];
    cases.push_back(std::move(one));
  }
  cut["test"] = cases;
  return cut;
}

}  // namespace

ReportData part_of(const ReportData& report) {
  ReportData part;
  part.kind = report.kind, part.metric = report.metric, part.margin = report.margin, part.limited_by_time = report.limited_by_time;
  part.by_channel = report.by_channel, part.dropout_trained = report.dropout_trained;
  return part;
}

std::vector<std::string> left_out_together(const TrialRecord& trial) {
  std::vector<std::string> names;
  const Value* left_out = trial.design.find("left_out_channels");
  if (!left_out) left_out = trial.design.find("left_out");
  if (!left_out || !left_out->is_list() || left_out->as_list().size() < 2) return names;
  for (const auto& name : left_out->as_list()) names.push_back(name.as_text());
  return names;
}

std::vector<size_t> ranking_of(const std::vector<ChannelReport>& channels) {
  std::vector<size_t> ranking;
  for (size_t i = 0; i < channels.size(); ++i)
    if (channels[i].name != "all" && std::isfinite(channels[i].change.estimate)) ranking.push_back(i);
  std::stable_sort(ranking.begin(), ranking.end(), [&](size_t a, size_t b) { return channels[a].change.estimate < channels[b].change.estimate; });
  return ranking;
}

void describe_joint(ReportData& report) {
  ReportData part = part_of(report);
  bool any = false;
  for (const auto& trial : report.trials) {
    bool together = !left_out_together(trial).empty();
    if (!together && !left_out_channel(trial).empty()) continue;
    any = any || together;
    part.trials.push_back(trial);
    part.trials.back().design["left_out"] = left_out_channel(trial);      // "A+B", here a channel set like any other
    part.trials.back().design["left_out_channels"] = Value(Value::List{});
  }
  if (!any) return;
  describe_channels(part);
  report.joint = std::move(part.channels);
}

void describe_classes(ReportData& report) {
  std::vector<std::string> names;
  for (const auto& trial : report.trials) {
    const Value::List* cases = trial.state == TrialState::complete ? test_cases(trial.metrics) : nullptr;
    if (!cases) continue;
    for (const auto& test_case : *cases)
      for (const auto& name : classes_of(test_case, report.metric))
        if (name != "background" && !name.empty() && std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  }
  if (names.size() < 2) return;                  // the class is the whole
  for (const auto& name : names) {
    ReportData part = part_of(report);
    part.trials = report.trials;
    for (auto& trial : part.trials)
      if (trial.state == TrialState::complete && test_cases(trial.metrics)) trial.metrics = metrics_of_class(trial.metrics, report.metric, name);
    describe_channels(part);
    contrast_channels(part);
    std::vector<size_t> ranking = ranking_of(part.channels);
    report.classes.push_back({name, std::move(part.channels), std::move(ranking), part.pairs});
  }
}

}  // namespace tomograd
