// `experiment extend`: a limit is raised, and what it allows more is recorded beside the trials that there are.
#include <set>

#include "base/error.h"
#include "cli/experiment_folder.h"
#include "cli/experiment_verbs.h"
#include "experiments/proposing.h"
#include "search/proposal.h"
#include "spec/text_formats.h"

namespace tomograd {
namespace {

void raise(int64_t& limit, int64_t wanted, const char* what) {
  if (wanted == 0) return;
  if (wanted <= limit) fail_usage(text("there are ", limit, " ", what, " already, extending to ", wanted, " would take some away"), "give a larger number");
  limit = wanted;
}

// Those of the plan whose settings none of the recorded trials has, numbered on from the last.
std::vector<PlannedTrial> missing_trials(const std::vector<PlannedTrial>& plan, const std::vector<TrialRecord>& there) {
  std::set<std::string> known;
  for (const auto& trial : there) known.insert(to_json(trial.settings, false));
  int64_t last = there.empty() ? 0 : there.back().number;
  std::vector<PlannedTrial> missing;
  for (PlannedTrial trial : plan) {
    if (known.contains(to_json(trial.settings, false))) continue;
    trial.number = ++last;
    missing.push_back(std::move(trial));
  }
  return missing;
}

}  // namespace

void experiment_extend(const ExtendOptions& options, const Output& out) {
  const std::string folder = absolute_path(options.folder);
  auto store = open_experiment(folder);
  const ExperimentRecord record = record_of(*store);
  ExperimentSpec spec = spec_from<ExperimentSpec>(record.spec);
  StrategySpec& strategy = spec.strategy;
  if (options.trials == 0 && options.seeds == 0) fail_usage("extend what?", "--trials N of a random or bayesian search, --seeds N of the others");
  if (strategy.halving > 0) fail_usage("the rungs of halving were planned for the trials that there are", "tomograd experiment fork starts another experiment from this one");
  if (options.trials > 0 && !is_search(strategy)) fail_usage("the trials of '" + strategy.kind + "' follow from its channels, patients and variables", "--seeds N repeats them; tomograd experiment fork changes the rest");
  if (options.seeds > 0 && is_search(strategy)) fail_usage("the value of a proposal is the mean over its seeds, and later proposals rest on it", "tomograd experiment fork --set strategy.seeds=N starts another search");
  raise(strategy.trials, options.trials, "trials");
  raise(strategy.seeds, options.seeds, "seeds");

  // Proposals are recorded by the workers as the search goes on.
  const DatasetFacts facts = dataset_facts_of(record);
  const auto more = is_search(strategy) ? std::vector<PlannedTrial>() : missing_trials(plan_trials(spec, facts), store->trials());
  const int64_t before = store->counts().total(), all = is_search(strategy) ? trial_count(spec, facts) : before + int64_t(more.size());
  Value amended = record.spec;
  amended["strategy"] = spec_to_value(spec).at("strategy");
  store->extend(more, amended);
  publish_for_people(folder, amended);

  Value result = Value::table();
  result["folder"] = folder, result["trials_before"] = before, result["trials"] = all;
  out.result("experiment_extend", result);
  out.line(text(all - before, " more trials, ", all, " in all. Run them with: tomograd experiment resume ", options.folder));
}

}  // namespace tomograd
