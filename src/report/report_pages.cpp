#include "report/report_pages.h"

#include <cmath>
#include <cstdlib>

#include "base/markup.h"
#include "experiments/metrics.h"
#include "report/numbers.h"
#include "report/outcomes.h"
#include "report/report_charts.h"
#include "report/report_text.h"
#include "search/space.h"
#include "spec/text_formats.h"

namespace tomograd {
namespace {

constexpr const char* style = R"css(
:root{color-scheme:light dark;--ink:#1b1f24;--paper:#fff;--line:#d8dee4;--soft:#f4f6f8;--accent:#0072b2}
@media(prefers-color-scheme:dark){:root{--ink:#e6e9ed;--paper:#14171b;--line:#343a42;--soft:#1c2026;--accent:#56b4e9}}
*{box-sizing:border-box}body{margin:0 auto;padding:24px;max-width:1100px;background:var(--paper);color:var(--ink);font:14px/1.5 system-ui,sans-serif}
h1{font-size:22px;margin:0}h2{font-size:16px;margin:28px 0 8px}p{margin:6px 0}.quiet{opacity:.7}
.decision{border-left:4px solid var(--accent);background:var(--soft);padding:10px 14px;font-size:15px}
.scroll{overflow-x:auto}table{border-collapse:collapse;font-variant-numeric:tabular-nums}
th,td{padding:3px 10px;border-bottom:1px solid var(--line);text-align:right;white-space:nowrap}th{font-weight:600}
td.l,th.l{text-align:left}tr.best td{font-weight:600;color:var(--accent)}
.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(420px,1fr));gap:18px}figure{margin:0;background:#fff;color:#1b1f24;border:1px solid var(--line);padding:8px;border-radius:4px}
figure.wide{grid-column:1/-1}h3{font-size:14px;margin:14px 0 4px}details{margin:10px 0}summary{cursor:pointer}
figure svg{width:100%;height:auto;display:block}figcaption{font-size:12.5px;padding:4px 6px;color:#444}
)css";

struct Table {
  std::string html;
  size_t left;
  explicit Table(const std::vector<std::string>& header, size_t left_columns) : left(left_columns) {
    html = "<div class=scroll><table><thead>";
    row(header, "th");
    html += "</thead><tbody>";
  }
  void row(const std::vector<std::string>& cells, const char* tag = "td", const char* kind = "") {
    html += *kind ? std::string("<tr class=") + kind + ">" : "<tr>";
    for (size_t i = 0; i < cells.size(); ++i) html += std::string("<") + tag + (i < left ? " class=l>" : ">") + escaped_markup(cells[i]) + "</" + tag + ">";
    html += "</tr>\n";
  }
  std::string end() { return html + "</tbody></table></div>\n"; }
};

std::string list_html(const std::string& title, const std::vector<std::string>& sentences) {
  if (sentences.empty()) return "";
  std::string html = "<h2>" + title + "</h2><ul>";
  for (const auto& sentence : sentences) html += "<li>" + escaped_markup(sentence) + "</li>\n";
  return html + "</ul>\n";
}

std::string seconds_text(const Interval& v) { return std::isfinite(v.estimate) ? spent_text(v.estimate) + " [" + spent_text(v.low) + ", " + spent_text(v.high) + "]" : "–"; }

std::string channel_rows(const std::vector<ChannelReport>& channels, const std::vector<size_t>& ranking) {
  Table table({"left out", "trials", "mean", "sd", "median", "change", "interval", "coverage", "p", "Holm p", "sd patients", "sd seeds", "saves per scan", "saves per training", "s/step", "peak memory", "planted", "verdict"}, 1);
  auto add = [&](const ChannelReport& c) {
    bool base = c.name == "all";
    table.row({c.name, text(c.complete, "/", c.trials), fixed_text(c.mean), fixed_text(c.deviation), fixed_text(c.median), base ? "" : signed_text(c.change.estimate),
               base || !std::isfinite(c.change.low) ? "" : "[" + signed_text(c.change.low) + ", " + signed_text(c.change.high) + "]", base ? "" : fixed_text(c.change.coverage * 100, 1) + " %",
               base ? "" : p_text(c.p), base ? "" : p_text(c.holm_p), base ? "" : fixed_text(std::sqrt(c.variance.patient)), base ? "" : fixed_text(std::sqrt(c.variance.seed)),
               base ? "" : megabytes_text(c.bytes_saved), base ? "" : seconds_text(c.seconds_saved), spread_text(c.seconds_per_step, 4), megabytes_text(c.peak_bytes), fixed_text(c.planted), verdict_text(c.verdict)});
  };
  add(channels[0]);
  for (size_t index : ranking) add(channels[index]);
  return table.end();
}

std::string channels_html(const ReportData& report) {
  if (report.channels.size() < 2) return "";
  std::string html = "<h2>Channels, most influential first</h2>" + channel_rows(report.channels, report.ranking);
  if (!report.joint.empty()) html += "<h3>Left out together</h3>" + channel_rows(report.joint, ranking_of(report.joint));
  if (report.dropout) html += "<h3>By channel dropout: one training per test group, tested with each channel missing</h3>" + channel_rows(report.dropout->channels, report.dropout->ranking);
  for (const auto& of_class : report.classes) html += "<details><summary><b>" + escaped_markup(report.metric + " of " + of_class.name) + " alone</b></summary>" + channel_rows(of_class.channels, of_class.ranking) + "</details>\n";
  return html + "<p class=quiet>sd: over patients. change: Hodges-Lehmann estimate of the paired difference to “all”; the interval covers what its column says. p: exact Wilcoxon signed rank, two-sided; where patients share trainings the larger of it and of Student’s t over trainings.</p>";
}

std::string variables_html(const ReportData& report) {
  std::string html;
  if (!report.configurations.empty()) {
    std::vector<std::string> header = report.variables;
    for (const auto& name : {report.metric, std::string("sd"), std::string("trials"), std::string("steps"), std::string("s/step"), std::string("peak memory"), std::string("parameters")}) header.push_back(name);
    Table table(header, report.variables.size());
    for (const auto& c : report.configurations) {
      std::vector<std::string> row = c.labels;
      for (const auto& cell : {fixed_text(c.metric.mean), fixed_text(c.metric.deviation), text(c.complete, "/", c.trials.size()), spread_text(c.steps, 0), spread_text(c.seconds_per_step, 4), megabytes_text(c.peak_bytes), fixed_text(c.parameters, 0)}) row.push_back(cell);
      table.row(row, "td", c.best ? "best" : "");
    }
    constexpr size_t most_in_sight = 30;
    std::string title = "Configurations, best first";
    html += report.configurations.size() <= most_in_sight ? "<h2>" + title + "</h2>" + table.end() : "<details><summary><b>" + title + text(" (", report.configurations.size(), ")") + "</b></summary>" + table.end() + "</details>\n";
  }
  if (!report.values.empty()) {
    Table table({"variable", "value", report.metric, "sd", "trials", "s/step", "peak memory"}, 2);
    for (const auto& v : report.values) table.row({v.variable, v.value, fixed_text(v.metric.mean), fixed_text(v.metric.deviation), std::to_string(v.complete), spread_text(v.seconds_per_step, 4), megabytes_text(v.peak_bytes)});
    html += "<h2>Per variable</h2>" + table.end();
  }
  return html;
}

std::string trials_html(const ReportData& report) {
  const bool channels = report.by_channel;
  std::vector<std::string> header = {"trial", "state"};
  if (channels) header.push_back("left out");
  header.insert(header.end(), {"test", "seed"});
  header.insert(header.end(), report.variables.begin(), report.variables.end());
  header.insert(header.end(), {report.metric, "sd patients", "seconds", "attempts", "why"});
  Table table(header, 4);
  for (const auto& trial : report.trials) {
    auto design = [&](const char* key) { return trial.design.find(key) ? plain_text(*trial.design.find(key)) : std::string(); };
    std::vector<std::string> row = {std::to_string(trial.number), trial_state_name(trial.state)};
    if (channels) row.push_back(left_out_text(trial));
    row.insert(row.end(), {design("test_name"), design("seed")});
    for (const auto& key : report.variables) row.push_back(trial.settings.find(key) ? plain_text(*trial.settings.find(key)) : "");
    auto metric = trial_metric(trial.metrics, report.metric);
    const Value* seconds = trial.timing.find("seconds");
    std::vector<double> patients;
    for (const auto& [patient, value] : patient_metrics(trial.metrics, report.metric)) patients.push_back(value);
    row.insert(row.end(), {metric ? fixed_text(*metric) : "–", patients.size() > 1 ? fixed_text(deviation_of(patients)) : "", seconds && seconds->is_number() ? fixed_text(seconds->as_number(), 1) : "–", std::to_string(trial.attempts), short_text(trial.reason, 100)});
    table.row(row);
  }
  return "<details><summary><b>All trials</b></summary>" + table.end() + "</details>\n";
}

// A chart that would be unreadable at half of the page's width gets all of it.
bool wide(const std::string& svg) {
  size_t at = svg.find("width=\"");
  return at != std::string::npos && std::strtod(svg.c_str() + at + 7, nullptr) > 700;
}

std::string html_with(const ReportData& report, const std::vector<ReportChart>& charts) {
  std::string html = "<!doctype html><html lang=en><head><meta charset=utf-8><meta name=viewport content=\"width=device-width,initial-scale=1\"><title>" + escaped_markup(report.name) + "</title><style>" + style + "</style></head><body>\n";
  html += "<h1>" + escaped_markup(report.name) + "</h1><p class=quiet>" + escaped_markup(report.kind) + " · " + escaped_markup(report.metric) + ", higher is better · " + text(report.counts.complete, " of ", report.counts.total(), " trials complete") + "</p>\n";
  if (!report.decision.empty()) html += "<p class=decision>" + escaped_markup(report.decision) + "</p>\n";
  html += list_html("Findings", report.findings);
  if (!charts.empty()) {
    html += "<div class=charts>";
    for (const auto& chart : charts) html += std::string("<figure") + (wide(chart.svg) ? " class=wide>" : ">") + chart.svg + "<figcaption><b>" + escaped_markup(chart.title) + ".</b> " + escaped_markup(chart.caption) + "</figcaption></figure>\n";
    html += "</div>\n";
  }
  html += channels_html(report) + variables_html(report) + list_html("What this cannot prove", report.limits) + trials_html(report);
  return html + "<p class=quiet>Research software, not a medical device. Fingerprint " + escaped_markup(report.fingerprint) + "</p></body></html>\n";
}

}  // namespace

std::string report_html(const ReportData& report) { return html_with(report, report_charts(report)); }

std::vector<std::string> write_report(Env& env, const ReportData& report, const std::string& folder) {
  env.make_directories(folder);
  std::vector<std::string> files;
  auto write = [&](const std::string& name, const std::string& content) {
    files.push_back(join_path(folder, name));
    publish_text(env, files.back(), content);
  };
  Value json = Value::table(), body = report_value(report);
  json["format"] = "tomograd.report/1";
  for (auto& [key, value] : body.as_table()) json[key] = value;
  std::vector<ReportChart> charts = report_charts(report);
  for (const auto& chart : charts) {
    write(chart.file + ".svg", chart.svg);
    if (!chart.png.empty()) write(chart.file + ".png", chart.png);
  }
  write("results.csv", results_csv(report));
  write("timing.csv", timing_csv(report));
  write("report.json", to_json(json) + "\n");
  write("report.html", html_with(report, charts));
  return files;
}

}  // namespace tomograd
