// `experiment export`: the table of trials for other programs.
#include <iostream>

#include "base/error.h"
#include "cli/experiment_folder.h"
#include "cli/experiment_material.h"
#include "cli/experiment_verbs.h"
#include "experiments/export_optuna.h"
#include "report/report_text.h"
#include "spec/text_formats.h"

namespace tomograd {
namespace {

// What Optuna calls intermediate values: the metric on validation cases where a run reports it, else the metric itself.
std::map<int64_t, std::vector<std::pair<int64_t, double>>> intermediate_values(const std::string& folder, const std::vector<TrialRecord>& trials, const std::string& metric) {
  std::map<int64_t, std::vector<std::pair<int64_t, double>>> values;
  for (const auto& name : {metric, "validation_" + metric})
    for (const auto& curve : curves_of(folder, trials)) {
      if (curve.name != name) continue;
      auto& of_trial = values[curve.trial];
      of_trial.clear();
      for (size_t i = 0; i < curve.steps.size(); ++i) of_trial.emplace_back(int64_t(curve.steps[i]), curve.values[i]);
    }
  return values;
}

std::string exported(TrialStore& store, const ExportOptions& options) {
  ReportData report = report_of(store);
  if (options.format == "csv") return results_csv(report);
  if (options.format == "json") {
    Value json = Value::table(), results = results_value(report);
    json["format"] = "tomograd.experiment_results/1";
    for (auto& [key, value] : results.as_table()) json[key] = std::move(value);
    return to_json(json) + "\n";
  }
  return optuna_journal({record_of(store), report.trials, store.events(), intermediate_values(options.folder, report.trials, report.metric)});
}

}  // namespace

void experiment_export(const ExportOptions& options, const Output& out) {
  auto store = open_experiment(options.folder);
  std::string content = exported(*store, options);
  if (options.out.empty()) {
    if (out.json) fail_usage("--json needs --out FILE: without it the data itself goes to standard output");
    std::cout << content << std::flush;
    return;
  }
  publish_text(system_env(), options.out, content);
  Value result = Value::table();
  result["file"] = options.out, result["kind"] = options.format, result["trials"] = store->counts().total(), result["bytes"] = int64_t(content.size());
  out.result("experiment_export", result);
  out.line(text("Wrote ", store->counts().total(), " trials to ", options.out));
  if (options.format == "optuna") out.line("Look at them with: optuna-dashboard " + options.out);
}

}  // namespace tomograd
