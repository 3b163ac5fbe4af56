// `experiment fork`: another experiment from one that is there, with some settings changed. Trials that come out the same in both, because
// everything that decides their result is equal, are not run again.
#include <map>

#include "base/error.h"
#include "cli/experiment_folder.h"
#include "cli/experiment_verbs.h"
#include "cli/settings.h"
#include "experiments/metrics.h"
#include "spec/text_formats.h"

namespace tomograd {
namespace {

// What decides the result of a trial, besides the scans: its whole run, or its program and settings.
std::string deciding_text(const ExperimentSpec& spec, const Value& settings) {
  if (!trains(spec)) return to_json(Value::list_of(spec.trial.command), false) + to_json(settings, false);
  RunSpec run = trial_run(spec.run, settings, "");
  run.data.clear();
  return to_json(spec_to_value(run), false);
}

// A paused training goes on in the folder that it began in, which the other experiment does not have.
bool of_a_rung(const Value& design) { return design.find("rung") != nullptr; }

std::vector<Adopted> same_results(const ExperimentRecord& from, const std::vector<TrialRecord>& results, const std::string& folder, const PlannedExperiment& planned) {
  const ExperimentSpec before = spec_from<ExperimentSpec>(from.spec), now = spec_from<ExperimentSpec>(planned.record.spec);
  std::vector<Adopted> adopted;
  const Value *data_before = from.facts.find("data_digest"), *data_now = planned.record.facts.find("data_digest");
  if (!data_before != !data_now || (data_now && *data_before != *data_now)) return adopted;
  std::map<std::string, const TrialRecord*> known;
  for (const auto& trial : results)
    if (trial.state == TrialState::complete && !of_a_rung(trial.design) && trial_metric(trial.metrics, now.strategy.metric)) known.emplace(deciding_text(before, trial.settings), &trial);
  for (const auto& trial : planned.trials)
    if (auto same = known.find(deciding_text(now, trial.settings)); same != known.end() && !of_a_rung(trial.design))
      adopted.push_back({trial.number, {same->second->metrics, same->second->timing}, text(folder, ", trial ", same->second->number)});
  return adopted;
}

}  // namespace

void experiment_fork(const ForkOptions& options, const Output& out) {
  Env& env = system_env();
  const std::string folder = absolute_path(options.folder), file = absolute_path(options.file);
  auto source = open_experiment(folder);
  const ExperimentRecord from = record_of(*source);
  if (env.kind(file) != FileKind::missing) fail_usage("'" + options.file + "' is there already", "give another name, or remove it");
  Value spec = from.spec;
  spec["name"] = Value(), spec["out"] = Value();
  for (const auto& setting : options.settings) apply_setting(spec, setting);
  env.make_directories(parent_path(file));
  publish_text(env, file, "# Forked from the experiment '" + from.name + "'.\n" + to_toml(spec));
  const PlannedExperiment planned = plan_experiment(file, ComputeOptions());
  const auto adopted = same_results(from, source->trials(), folder, planned);
  auto store = create_experiment(planned, false);
  if (!adopted.empty()) store->adopt(adopted);

  Value result = Value::table();
  result["file"] = options.file, result["folder"] = planned.folder, result["trials"] = planned.count, result["adopted"] = int64_t(adopted.size());
  out.result("experiment_fork", result);
  out.line(planned.record.name + ": " + planned.summary);
  out.line(text(adopted.size(), " of them are the same as in ", options.folder, " and have its results. Run the others with: tomograd experiment resume ", planned.folder));
}

}  // namespace tomograd
