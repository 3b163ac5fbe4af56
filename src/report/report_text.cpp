#include "report/report_text.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "base/markup.h"
#include "experiments/metrics.h"
#include "report/numbers.h"
#include "report/outcomes.h"
#include "search/space.h"

namespace tomograd {
namespace {

std::string design_text(const TrialRecord& trial, const char* key) {
  const Value* v = trial.design.find(key);
  return v ? plain_text(*v) : "";
}

std::string paragraph(const std::string& title, const std::string& body) { return body.empty() ? "" : title + "\n" + body + "\n"; }

}  // namespace

std::string text_table(const std::vector<std::string>& header, const std::vector<std::vector<std::string>>& rows, size_t left_columns) {
  std::vector<size_t> widths;
  for (const auto& cell : header) widths.push_back(letter_count(cell));
  for (const auto& row : rows)
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], letter_count(row[i]));
  auto line = [&](const std::vector<std::string>& row) {
    std::string result;
    for (size_t i = 0; i < row.size(); ++i) {
      std::string space(widths[i] - letter_count(row[i]), ' ');
      result += (i ? "  " : "") + (i < left_columns ? row[i] + space : space + row[i]);
    }
    result.erase(result.find_last_not_of(' ') + 1);
    return result + "\n";
  };
  std::string result = line(header);
  for (const auto& row : rows) result += line(row);
  return result;
}

std::string channel_table(const ReportData& report) {
  if (report.channels.size() < 2) return "";
  std::vector<std::vector<std::string>> rows;
  auto add = [&](const std::string& rank, const ChannelReport& c) {
    if (c.name == "all") {
      rows.push_back({rank, c.name, fixed_text(c.mean), fixed_text(c.deviation), "", "", "", "", "", "", ""});
      return;
    }
    bool pairs = std::isfinite(c.change.estimate);
    rows.push_back({rank, c.name, fixed_text(c.mean), fixed_text(c.deviation), signed_text(c.change.estimate), pairs ? "[" + signed_text(c.change.low) + ", " + signed_text(c.change.high) + "]" : "–",
                    pairs ? fixed_text(c.change.coverage * 100, 1) + " %" : "–", p_text(c.holm_p), megabytes_text(c.bytes_saved), fixed_text(c.planted), verdict_text(c.verdict)});
  };
  add("", report.channels[0]);
  std::vector<bool> shown(report.channels.size());
  for (size_t i = 0; i < report.ranking.size(); ++i) add(std::to_string(i + 1), report.channels[report.ranking[i]]), shown[report.ranking[i]] = true;
  for (size_t i = 1; i < report.channels.size(); ++i)
    if (!shown[i]) add("", report.channels[i]);
  std::vector<std::string> header = {"rank", "left out", "mean", "sd", "change", "interval", "coverage", "Holm p", "saves/scan", "planted", "verdict"};
  if (!std::isfinite(report.tau)) {              // no phantom: the column would be empty
    header.erase(header.begin() + 9);
    for (auto& row : rows) row.erase(row.begin() + 9);
  }
  return text_table(header, rows, 2);
}

std::string dropout_table(const ReportData& report) {
  if (!report.dropout || report.dropout->compared.empty()) return "";
  auto place = [](const std::vector<ChannelReport>& channels, const std::vector<size_t>& ranking, const std::string& name) {
    size_t rank = 0;
    while (channels[ranking[rank]].name != name) ++rank;
    return rank;
  };
  std::vector<std::vector<std::string>> rows;
  for (const auto& name : report.dropout->compared) {
    std::vector<std::string> row = {name};
    for (const auto& [channels, ranking] : {std::pair{&report.channels, &report.ranking}, {&report.dropout->channels, &report.dropout->ranking}}) {
      size_t rank = place(*channels, *ranking, name);
      const ChannelReport& c = (*channels)[(*ranking)[rank]];
      row.insert(row.end(), {std::to_string(rank + 1), signed_text(c.change.estimate), "[" + signed_text(c.change.low) + ", " + signed_text(c.change.high) + "]", verdict_text(c.verdict)});
    }
    rows.push_back(std::move(row));
  }
  return text_table({"left out", "rank", "by training", "interval", "verdict", "rank", "by dropout", "interval", "verdict"}, rows);
}

std::string configuration_table(const ReportData& report, size_t most) {
  if (report.configurations.empty()) return "";
  std::vector<std::string> header = {""};
  header.insert(header.end(), report.variables.begin(), report.variables.end());
  for (const auto& name : {report.metric, std::string("sd"), std::string("trials"), std::string("steps"), std::string("s/step"), std::string("peak memory"), std::string("parameters")}) header.push_back(name);
  std::vector<std::vector<std::string>> rows;
  for (const auto& c : report.configurations) {
    if (rows.size() == most) break;
    std::vector<std::string> row = {c.best ? "best" : ""};
    row.insert(row.end(), c.labels.begin(), c.labels.end());
    for (const auto& cell : {fixed_text(c.metric.mean), fixed_text(c.metric.deviation), text(c.complete, "/", c.trials.size()), spread_text(c.steps, 0), spread_text(c.seconds_per_step, 4), megabytes_text(c.peak_bytes), fixed_text(c.parameters, 0)}) row.push_back(cell);
    rows.push_back(std::move(row));
  }
  std::string more = report.configurations.size() > rows.size() ? text("... and ", report.configurations.size() - rows.size(), " more\n") : "";
  return text_table(header, rows, 1 + report.variables.size()) + more;
}

std::string value_table(const ReportData& report) {
  if (report.values.empty()) return "";
  std::vector<std::vector<std::string>> rows;
  for (const auto& v : report.values) rows.push_back({v.variable, v.value, fixed_text(v.metric.mean), fixed_text(v.metric.deviation), std::to_string(v.complete), spread_text(v.seconds_per_step, 4), megabytes_text(v.peak_bytes)});
  return text_table({"variable", "value", report.metric, "sd", "trials", "s/step", "peak memory"}, rows, 2);
}

std::string matrix_table(const ReportData& report) {
  if (report.patients.empty()) return "";
  std::vector<std::string> header = {"patient"};
  for (const auto& channel : report.channels) header.push_back(channel.name == "all" ? "all" : "−" + channel.name);
  std::vector<std::vector<std::string>> rows;
  for (const auto& patient : report.patients) {
    rows.push_back({patient});
    for (const auto& channel : report.channels) {
      std::vector<double> values;
      for (const auto& outcome : channel.outcomes)
        if (outcome.patient == patient) values.push_back(outcome.value);
      rows.back().push_back(spread_text(spread_of(values)));
    }
  }
  return text_table(header, rows);
}

std::string trial_table(const ReportData& report, size_t most) {
  std::vector<std::string> header = {"trial", "state"};
  bool loo = report.by_channel;
  if (loo) header.insert(header.end(), {"left out", "test"});
  header.push_back("seed");
  header.insert(header.end(), report.variables.begin(), report.variables.end());
  for (const auto& name : {report.metric, std::string("steps"), std::string("seconds"), std::string("attempts"), std::string("")}) header.push_back(name);
  std::vector<std::vector<std::string>> rows;
  for (const auto& trial : report.trials) {
    if (most && rows.size() == most) break;
    std::vector<std::string> row = {std::to_string(trial.number), trial_state_name(trial.state)};
    if (loo) row.insert(row.end(), {left_out_text(trial).empty() ? "–" : left_out_text(trial), design_text(trial, "test_name")});
    row.push_back(design_text(trial, "seed"));
    for (const auto& key : report.variables) row.push_back(trial.settings.find(key) ? plain_text(*trial.settings.find(key)) : "");
    auto metric = trial_metric(trial.metrics, report.metric);
    auto number = [](const Value& table, const char* key) { return table.find(key) && table.find(key)->is_number() ? table.find(key)->as_number() : std::nan(""); };
    row.push_back(metric ? fixed_text(*metric) : "–");
    row.push_back(fixed_text(number(trial.metrics, "steps"), 0));
    row.push_back(fixed_text(number(trial.timing, "seconds"), 1));
    row.push_back(std::to_string(trial.attempts));
    std::string why = trial.state == TrialState::complete ? "" : trial.state == TrialState::running ? fixed_text(trial.progress * 100, 0) + " %" : trial.reason;
    row.push_back(why.size() > 100 ? why.substr(0, 97) + "..." : why);
    rows.push_back(std::move(row));
  }
  return text_table(header, rows, 2 + (loo ? 2 : 0));
}

std::string report_text(const ReportData& report) {
  std::string result = report.name + "  (" + report.kind + ", " + report.metric + ", higher is better)\n\n";
  auto bullets = [](const std::vector<std::string>& sentences) {
    std::string list;
    for (const auto& sentence : sentences) list += "- " + sentence + "\n";
    return list;
  };
  result += paragraph("Change of the " + report.metric + " when a channel is " + (report.dropout_trained ? "missing" : "left out") + " (paired by patient; further below zero = it mattered more)", channel_table(report));
  if (report.channels.size() > 1) result += paragraph("Patients and channels", matrix_table(report));
  result += paragraph("The same by channel dropout: one training per test group, tested with each channel missing", dropout_table(report));
  result += paragraph("Configurations", configuration_table(report));
  result += paragraph("Per variable", value_table(report));
  result += paragraph("Findings", bullets(report.findings));
  result += paragraph("Decision", report.decision.empty() ? "" : report.decision + "\n");
  result += paragraph("What this cannot prove", bullets(report.limits));
  return result;
}

}  // namespace tomograd
