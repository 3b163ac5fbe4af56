// report.json, results.csv and timing.csv: the report for other programs.
#include <cmath>

#include "experiments/metrics.h"
#include "report/numbers.h"
#include "report/report_text.h"
#include "search/space.h"
#include "spec/text_formats.h"

namespace tomograd {
namespace {

std::string csv_cell(const std::string& text) {
  if (text.find_first_of(",\"\n\r") == std::string::npos) return text;
  std::string quoted = "\"";
  for (char c : text) quoted += c == '"' ? "\"\"" : std::string(1, c);
  return quoted + "\"";
}

std::string csv_line(const std::vector<std::string>& cells) {
  std::string line;
  for (size_t i = 0; i < cells.size(); ++i) line += (i ? "," : "") + csv_cell(cells[i]);
  return line + "\n";
}

std::string csv_number(const Value* v) { return v && v->is_number() ? plain_text(*v) : ""; }

Value interval_value(const Interval& v) {
  Value table = Value::table();
  table["estimate"] = v.estimate, table["low"] = v.low, table["high"] = v.high, table["coverage"] = v.coverage;
  return table;
}

Value channel_value(const ChannelReport& c) {
  Value v = Value::table();
  v["name"] = c.name;
  v["trials"] = c.trials, v["complete"] = c.complete, v["failed"] = c.failed;
  v["mean"] = c.mean, v["median"] = c.median;
  Value::List outcomes, changes;
  for (const auto& o : c.outcomes) {
    Value item = Value::table();
    item["patient"] = o.patient, item["trial"] = o.trial, item["repeat"] = o.repeat, item["value"] = o.value;
    outcomes.push_back(item);
  }
  for (const auto& change : c.changes) {
    Value item = Value::table();
    item["patient"] = change.patient, item["value"] = change.value;
    changes.push_back(item);
  }
  v["outcomes"] = outcomes;
  v["seconds_per_step"] = c.seconds_per_step, v["peak_bytes"] = c.peak_bytes;
  if (c.name == "all") return v;
  v["changes"] = changes;
  v["change"] = interval_value(c.change);
  v["p"] = c.p, v["holm_p"] = c.holm_p, v["trainings"] = c.trainings;
  v["patient_variance"] = c.variance.patient, v["seed_variance"] = c.variance.seed;
  v["verdict"] = verdict_text(c.verdict);
  v["saved_bytes_per_scan"] = c.bytes_saved;
  v["saved_seconds_per_training"] = interval_value(c.seconds_saved);
  v["contrast"] = interval_value(c.contrast), v["contrast_holm_p"] = c.contrast_holm_p;
  v["planted_importance"] = c.planted;
  return v;
}

Value configuration_value(const ConfigurationReport& c) {
  Value v = Value::table();
  v["variables"] = c.variables;
  v["labels"] = Value::list_of(c.labels);
  Value::List trials;
  for (int64_t number : c.trials) trials.emplace_back(number);
  v["trials"] = trials;
  v["complete"] = c.complete;
  v["mean"] = c.metric, v["standard_deviation"] = c.spread, v["seconds"] = c.seconds, v["seconds_per_step"] = c.seconds_per_step;
  v["peak_bytes"] = c.peak_bytes, v["parameters"] = c.parameters, v["steps"] = c.steps, v["best"] = c.best;
  return v;
}

}  // namespace

std::string results_csv(const ReportData& report) {
  std::vector<std::string> header = {"trial", "state", "left_out", "test", "repeat", "seed"};
  header.insert(header.end(), report.variables.begin(), report.variables.end());
  header.push_back(report.metric);
  for (const auto& patient : report.patients) header.push_back(report.metric + " " + patient);
  header.insert(header.end(), {"steps", "parameters", "fingerprint"});
  std::string result = csv_line(header);
  for (const auto& trial : report.trials) {
    std::vector<std::string> row = {std::to_string(trial.number), trial_state_name(trial.state)};
    for (const char* key : {"left_out", "test_name", "repeat", "seed"}) row.push_back(trial.design.find(key) ? plain_text(*trial.design.find(key)) : "");
    for (const auto& key : report.variables) row.push_back(trial.settings.find(key) ? plain_text(*trial.settings.find(key)) : "");
    auto metric = trial_metric(trial.metrics, report.metric);
    row.push_back(metric ? number_text(*metric) : "");
    auto patients = patient_metrics(trial.metrics, report.metric);
    for (const auto& patient : report.patients) {
      std::string cell;
      for (const auto& [name, value] : patients)
        if (name == patient) cell = number_text(value);
      row.push_back(cell);
    }
    row.push_back(csv_number(trial.metrics.find("steps")));
    row.push_back(csv_number(trial.metrics.find("parameters")));
    row.push_back(trial.fingerprint);
    result += csv_line(row);
  }
  return result;
}

std::string timing_csv(const ReportData& report) {
  std::string result = csv_line({"trial", "attempts", "failures", "seconds", "seconds_per_step", "peak_bytes"});
  for (const auto& trial : report.trials)
    result += csv_line({std::to_string(trial.number), std::to_string(trial.attempts), std::to_string(trial.failures), csv_number(trial.timing.find("seconds")),
                        csv_number(trial.timing.find("seconds_per_step")), csv_number(trial.timing.find("peak_bytes"))});
  return result;
}

Value report_value(const ReportData& report) {
  Value v = Value::table();
  v["name"] = report.name, v["strategy"] = report.kind, v["metric"] = report.metric, v["margin"] = report.margin, v["fingerprint"] = report.fingerprint;
  Value& counts = v["trials"];
  counts["total"] = report.counts.total(), counts["complete"] = report.counts.complete, counts["failed"] = report.counts.failed, counts["waiting"] = report.counts.waiting,
  counts["running"] = report.counts.running, counts["preempted"] = report.counts.preempted, counts["cancelled"] = report.counts.cancelled;
  Value& steps = v["steps_per_trial"];
  steps["low"] = report.steps_low, steps["median"] = report.steps_median, steps["high"] = report.steps_high;
  v["limited_by_time"] = report.limited_by_time;
  v["patients"] = Value::list_of(report.patients);
  if (report.kind == "leave-one-out") {
    v["pairs"] = report.pairs, v["trainings"] = report.trainings, v["smallest_p"] = report.smallest_p, v["smallest_holm_p"] = report.smallest_holm_p;
    v["can_reach_significance"] = report.can_reach_significance;
    Value::List channels, ranking;
    for (const auto& channel : report.channels) channels.push_back(channel_value(channel));
    for (size_t index : report.ranking) ranking.push_back(report.channels[index].name);
    v["channels"] = channels, v["ranking"] = ranking, v["kendall_tau_planted"] = report.tau;
    v["planted_losses"] = report.planted_losses, v["planted_losses_in_interval"] = report.planted_covered;
  }
  Value::List configurations, values;
  for (const auto& c : report.configurations) configurations.push_back(configuration_value(c));
  for (const auto& value : report.values) {
    Value item = Value::table();
    item["variable"] = value.variable, item["value"] = value.value, item["complete"] = value.complete, item["mean"] = value.metric, item["seconds_per_step"] = value.seconds_per_step, item["peak_bytes"] = value.peak_bytes;
    values.push_back(item);
  }
  v["configurations"] = configurations, v["values"] = values;
  v["findings"] = Value::list_of(report.findings), v["decision"] = report.decision, v["limits"] = Value::list_of(report.limits);
  return v;
}

}  // namespace tomograd
