// `experiment status | results | report`: what the store knows, as text, JSON, CSV and files.
#include <algorithm>
#include <cmath>
#include <iostream>

#include "base/clock.h"
#include "base/error.h"
#include "cli/experiment_folder.h"
#include "cli/experiment_material.h"
#include "cli/experiment_verbs.h"
#include "experiments/metrics.h"
#include "report/numbers.h"
#include "report/report_pages.h"
#include "report/report_text.h"

namespace tomograd {
void experiment_status(const std::string& folder, const Output& out) {
  auto store = open_experiment(folder);
  ExperimentRecord record = record_of(*store);
  ReportData report = report_of(*store);
  double best = -INFINITY;
  int64_t best_trial = 0;
  for (const auto& trial : report.trials)
    if (auto v = trial_metric(trial.metrics, report.metric); v && *v > best) best = *v, best_trial = trial.number;
  int64_t abandoned = std::count_if(report.trials.begin(), report.trials.end(), [](const TrialRecord& trial) { return trial.abandoned; });
  std::string state = store->stop_requested() && report.counts.open() > 0 ? "stopped"
                      : report.counts.open() == 0                         ? "done"
                      : report.counts.running > abandoned                 ? "running"
                      : abandoned > 0                                     ? "lost"
                                                                          : "waiting";

  Value v = report_value(report), result = Value::table();
  result["name"] = record.name, result["strategy"] = report.kind, result["state"] = state, result["created"] = utc_text(record.created), result["trials"] = v.at("trials");
  result["best_trial"] = best_trial, result["best"] = best_trial ? Value(best) : Value();
  Value::List running;
  for (const auto& trial : report.trials)
    if (trial.state == TrialState::running) {
      Value item = Value::table();
      item["trial"] = trial.number, item["owner"] = trial.owner, item["progress"] = trial.progress, item["attempt"] = trial.attempts, item["lost"] = trial.abandoned;
      running.push_back(item);
    }
  result["running"] = running;
  out.result("experiment_status", result);

  out.line(text(record.name, "  ", report.kind, "  ", state, "  since ", utc_text(record.created)));
  out.line(report.findings.at(0) + (best_trial ? text("  Best ", report.metric, " ", fixed_text(best), " (trial ", best_trial, ").") : ""));
  for (const auto& trial : report.trials) {
    if (trial.state == TrialState::running)
      out.line(text("trial ", trial.number, "  ", fixed_text(trial.progress * 100, 0), " %  attempt ", trial.attempts, "  ", trial.owner, trial.abandoned ? "  lost (its worker is gone)" : ""));
    if (trial.state == TrialState::failed) out.line(text("trial ", trial.number, " failed after ", trial.attempts, " attempts: ", trial.reason));
  }
  if (state == "lost") out.line("Nobody works on it. Go on with: tomograd experiment resume " + folder);
  else if (report.counts.failed > 0) out.line("Failed trials are tried again by: tomograd experiment retry " + folder);
}

void experiment_results(const std::string& folder, bool csv, const Output& out) {
  auto store = open_experiment(folder);
  ReportData report = report_of(*store);
  if (csv && !out.json) {
    std::cout << results_csv(report) << std::flush;
    return;
  }
  out.result("experiment_results", results_value(report));
  out.line(trial_table(report));
}

void experiment_report(const std::string& folder, const std::string& out_folder, const Output& out) {
  auto store = open_experiment(folder);
  ReportData report = full_report_of(*store, folder);
  std::string place = out_folder.empty() ? join_path(folder, "report") : out_folder;
  std::vector<std::string> files = write_report(system_env(), report, place);
  Value result = report_value(report);
  result["files"] = Value::list_of(files);
  out.result("report", result);
  out.line(report_text(report));
  out.line("Report: " + join_path(place, "report.html"));
}

void experiment_note(const NoteOptions& options, const Output& out) {
  auto store = open_experiment(options.folder);
  record_of(*store);
  if (!options.text.empty()) store->note(options.trial, options.text);
  Value::List notes;
  for (const auto& note : notes_of(*store)) {
    if (options.trial > 0 && note.trial != options.trial) continue;
    Value v = Value::table();
    v["at"] = utc_text(note.at), v["trial"] = note.trial, v["text"] = note.text;
    notes.push_back(v);
    out.line(text(utc_text(note.at), note.trial > 0 ? text("  trial ", note.trial) : "", "  ", note.text));
  }
  Value result = Value::table();
  result["notes"] = notes;
  out.result("experiment_notes", result);
}

}  // namespace tomograd
