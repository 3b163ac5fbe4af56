#include "cli/experiment_material.h"

#include "base/clock.h"
#include "base/env.h"
#include "cli/experiment_folder.h"
#include "experiments/command_trial.h"

namespace tomograd {
namespace {

// Curves are drawn of a few trials and their spread; so many files are enough for both.
constexpr size_t most_files = 400;
constexpr int64_t most_bytes = int64_t{64} << 20;

Value trial_value(const TrialRecord& trial) {
  Value v = Value::table();
  v["trial"] = trial.number;
  v["state"] = trial_state_name(trial.state);
  v["attempts"] = trial.attempts;
  v["reason"] = trial.reason;
  v["settings"] = trial.settings;
  v["design"] = trial.design;
  v["fingerprint"] = trial.fingerprint;
  v["metrics"] = trial.metrics;
  v["timing"] = trial.timing;
  return v;
}

Value phantom_of(const ExperimentRecord& record) {
  const Value* phantom = record.facts.find("phantom");
  return phantom ? *phantom : Value();
}

}  // namespace

ReportData report_of(TrialStore& store) {
  ExperimentRecord record = record_of(store);
  return make_report(record, store.trials(), {.phantom = phantom_of(record)});
}

ReportData full_report_of(TrialStore& store, const std::string& folder) {
  ExperimentRecord record = record_of(store);
  std::vector<TrialRecord> trials = store.trials();
  ReportMaterial material{.phantom = phantom_of(record), .events = store.events(), .curves = curves_of(folder, trials), .now = system_clock().unix_milliseconds(), .models = true};
  return make_report(record, std::move(trials), material);
}

std::vector<Curve> curves_of(const std::string& folder, const std::vector<TrialRecord>& trials, size_t most_points) {
  Env& env = system_env();
  std::vector<Curve> curves;
  size_t every = (trials.size() + most_files - 1) / most_files;
  for (size_t i = 0; i < trials.size(); i += every) {
    if (begun_as(trials[i].number, trials[i].design) != trials[i].number) continue;  // its steps are on the curve of that trial
    std::string path = join_path(trial_folder(join_path(folder, "trials"), trials[i].number), "metrics.jsonl");
    if (env.kind(path) != FileKind::file || env.file_size(path) > most_bytes) continue;
    for (auto& curve : read_curves(trials[i].number, read_text(env, path, most_bytes), most_points)) curves.push_back(std::move(curve));
  }
  return curves;
}

Value results_value(const ReportData& report) {
  Value result = Value::table();
  Value::List trials;
  for (const auto& trial : report.trials) trials.push_back(trial_value(trial));
  result["name"] = report.name, result["metric"] = report.metric, result["results"] = trials;
  return result;
}

}  // namespace tomograd
