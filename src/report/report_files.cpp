// report.json, results.csv and timing.csv: the report for other programs.
#include <algorithm>
#include <cmath>

#include "experiments/metrics.h"
#include "report/numbers.h"
#include "report/outcomes.h"
#include "report/report_values.h"
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

// mean under `key`, the standard deviation beside it.
void put(Value& table, const std::string& key, const Spread& v) { table[key] = v.mean, table[key + "_standard_deviation"] = v.deviation; }

Value channel_value(const ChannelReport& c) {
  Value v = Value::table();
  v["name"] = c.name;
  v["trials"] = c.trials, v["complete"] = c.complete, v["failed"] = c.failed;
  v["mean"] = c.mean, v["standard_deviation"] = c.deviation, v["median"] = c.median;
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
  put(v, "seconds_per_step", c.seconds_per_step), put(v, "peak_bytes", c.peak_bytes);
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
  v["mean"] = c.metric.mean, v["standard_deviation"] = c.metric.deviation;
  put(v, "seconds", c.seconds), put(v, "seconds_per_step", c.seconds_per_step), put(v, "peak_bytes", c.peak_bytes), put(v, "steps", c.steps);
  v["parameters"] = c.parameters, v["best"] = c.best;
  return v;
}

Value::List channel_values(const std::vector<ChannelReport>& channels) {
  Value::List list;
  for (const auto& channel : channels) list.push_back(channel_value(channel));
  return list;
}

Value::List names_at(const std::vector<ChannelReport>& channels, const std::vector<size_t>& ranking) {
  Value::List list;
  for (size_t index : ranking) list.emplace_back(channels[index].name);
  return list;
}

Value dropout_value(const DropoutReport& dropout) {
  Value v = Value::table();
  v["pairs"] = dropout.pairs, v["channels"] = channel_values(dropout.channels), v["ranking"] = names_at(dropout.channels, dropout.ranking);
  Value& agreement = v["agreement"];
  agreement["channels"] = Value::list_of(dropout.compared), agreement["kendall_tau"] = dropout.agreement.tau, agreement["pearson"] = dropout.agreement.pearson, agreement["spearman"] = dropout.agreement.spearman;
  agreement["mean_absolute_difference"] = dropout.agreement.distance, agreement["mean_difference"] = dropout.agreement.excess, agreement["share_of_orders_as_good"] = dropout.agreement.chance;
  agreement["same_verdicts"] = dropout.same_verdicts;
  v["trainings"] = dropout.planned, v["complete"] = dropout.complete, v["trainings_of_leave_one_out"] = dropout.planned_retrained;
  v["seconds"] = dropout.seconds, v["seconds_of_leave_one_out"] = dropout.seconds_retrained;
  return v;
}

}  // namespace

std::string results_csv(const ReportData& report) {
  std::vector<std::string> header = {"trial", "state", "left_out", "test", "repeat", "seed"};
  header.insert(header.end(), report.variables.begin(), report.variables.end());
  const bool dropout = std::any_of(report.trials.begin(), report.trials.end(), is_dropout);
  if (dropout) header.insert(header.begin() + 3, "channel_dropout");
  header.push_back(report.metric);
  for (const auto& patient : report.patients) header.push_back(report.metric + " " + patient);
  header.insert(header.end(), {"steps", "parameters", "fingerprint"});
  std::string result = csv_line(header);
  auto add = [&](const TrialRecord& trial) {
    std::vector<std::string> row = {std::to_string(trial.number), trial_state_name(trial.state)};
    row.push_back(left_out_channel(trial));
    if (dropout) row.push_back(is_dropout(trial) ? "true" : "false");
    for (const char* key : {"test_name", "repeat", "seed"}) row.push_back(trial.design.find(key) ? plain_text(*trial.design.find(key)) : "");
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
  };
  for (const auto& trial : report.trials) {
    add(trial);
    for (const auto& channel : missing_in_turn(trial)) add(record_without(trial, channel));
  }
  return result;
}

std::string timing_csv(const ReportData& report) {
  std::string result = csv_line({"trial", "attempts", "failures", "seconds", "seconds_per_step", "peak_bytes", "read_seconds", "loader_wait_share"});
  for (const auto& trial : report.trials)
    result += csv_line({std::to_string(trial.number), std::to_string(trial.attempts), std::to_string(trial.failures), csv_number(trial.timing.find("seconds")),
                        csv_number(trial.timing.find("seconds_per_step")), csv_number(trial.timing.find("peak_bytes")), csv_number(trial.timing.find("read_seconds")), csv_number(trial.timing.find("loader_wait_share"))});
  return result;
}

Value report_value(const ReportData& report) {
  Value v = Value::table();
  v["name"] = report.name, v["strategy"] = report.kind, v["metric"] = report.metric, v["margin"] = report.margin, v["fingerprint"] = report.fingerprint;
  Value& counts = v["trials"];
  counts["total"] = report.counts.total(), counts["complete"] = report.counts.complete, counts["failed"] = report.counts.failed, counts["waiting"] = report.counts.waiting,
  counts["running"] = report.counts.running, counts["preempted"] = report.counts.preempted, counts["cancelled"] = report.counts.cancelled, counts["pruned"] = report.counts.pruned;
  Value& steps = v["steps_per_trial"];
  steps["low"] = report.steps_low, steps["median"] = report.steps_median, steps["high"] = report.steps_high;
  v["limited_by_time"] = report.limited_by_time;
  v["patients"] = Value::list_of(report.patients);
  if (report.by_channel) {
    v["pairs"] = report.pairs, v["trainings"] = report.trainings, v["smallest_p"] = report.smallest_p, v["smallest_holm_p"] = report.smallest_holm_p;
    v["can_reach_significance"] = report.can_reach_significance;
    v["channels"] = channel_values(report.channels), v["ranking"] = names_at(report.channels, report.ranking), v["kendall_tau_planted"] = report.tau;
    v["left_out_together"] = channel_values(report.joint);
    Value::List classes;
    for (const auto& of_class : report.classes) {
      Value item = Value::table();
      item["class"] = of_class.name, item["pairs"] = of_class.pairs, item["ranking"] = names_at(of_class.channels, of_class.ranking), item["channels"] = channel_values(of_class.channels);
      classes.push_back(std::move(item));
    }
    v["classes"] = classes;
    if (report.dropout) v["channel_dropout"] = dropout_value(*report.dropout);
    v["planted_losses"] = report.planted_losses, v["planted_losses_in_interval"] = report.planted_covered;
  }
  Value::List configurations, values;
  for (const auto& c : report.configurations) configurations.push_back(configuration_value(c));
  for (const auto& value : report.values) {
    Value item = Value::table();
    item["variable"] = value.variable, item["value"] = value.value, item["complete"] = value.complete, item["mean"] = value.metric.mean, item["standard_deviation"] = value.metric.deviation;
    put(item, "seconds_per_step", value.seconds_per_step), put(item, "peak_bytes", value.peak_bytes);
    values.push_back(item);
  }
  v["configurations"] = configurations, v["values"] = values;
  add_search(v, report);
  if (report.timeline) v["timeline"] = timeline_value(*report.timeline);
  Value::List curves;
  for (const auto& curve : report.curves) {
    Value item = Value::table();
    item["trial"] = curve.trial, item["name"] = curve.name, item["steps"] = Value::list_of(curve.steps), item["values"] = Value::list_of(curve.values);
    curves.push_back(std::move(item));
  }
  v["curves"] = curves;
  v["findings"] = Value::list_of(report.findings), v["decision"] = report.decision, v["limits"] = Value::list_of(report.limits);
  return v;
}

}  // namespace tomograd
