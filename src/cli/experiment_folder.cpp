// From EXPERIMENT.toml to a folder with a store in it.
#include "cli/experiment_folder.h"

#include <algorithm>
#include <optional>

#include "base/digest.h"
#include "base/error.h"
#include "base/parallel.h"
#include "base/temporaries.h"
#include "cli/experiment_checks.h"
#include "dataset/dataset.h"
#include "experiments/command_trial.h"
#include "experiments/open_store.h"
#include "kernels/cpu_isa.h"
#include "search/rung_plan.h"
#include "search/space.h"
#include "spec/text_formats.h"
#include "spec/value_difference.h"

namespace tomograd {
namespace {

Value read_toml_file(const std::string& path) { return parse_toml(read_text(system_env(), path, int64_t{1} << 20), file_name(path)); }

std::string stem_of(const std::string& path) {
  std::string name = file_name(path);
  return name.size() > 5 && name.ends_with(".toml") ? name.substr(0, name.size() - 5) : name + ".experiment";
}

struct Open { bool threads = false, precision = false; };  // left open by the user and settled here, for all trials alike

// The run table of the spec with absolute paths and everything settled that must not differ from trial to trial.
Value resolved_run(const ExperimentSpec& spec, const std::string& base, const ComputeOptions& compute, Open& open) {
  std::string data_base = base;
  Value table = spec.run;
  if (table.is_text()) {
    std::string path = join_path(base, table.as_text());
    table = read_toml_file(path);
    data_base = parent_path(path);
  }
  return with_context("[run]", [&] {
    RunSpec run = spec_from<RunSpec>(table);
    if (!spec.data.empty()) run.data = join_path(base, spec.data);
    else if (!run.data.empty()) run.data = join_path(data_base, run.data);
    if (run.data.empty()) fail_input("neither the run nor the experiment names its data", "add data = \"dataset.json\"");
    run.data = absolute_path(run.data), run.out.clear();
    run = with_compute(std::move(run), compute);
    open = {run.threads == 0, run.precision == "auto"};
    if (open.threads) run.threads = std::max<int64_t>(1, available_threads() / (spec.workers * run.ranks));
    if (open.precision) run.precision = fastest_precision();
    if (run.max_steps == 0 && run.max_seconds == 0) fail_input("neither max_steps nor max_seconds is set, so a trial would never end", "add max_steps = 1000 to [run]");
    return spec_to_value(run);
  });
}

// Where a phantom's truth lies: beside dataset.json, or above the scans. Its list of scans is not needed here.
Value phantom_of(const Dataset& dataset) {
  std::vector<std::string> folders = {parent_path(dataset.path)};
  if (!dataset.cases.empty() && !dataset.cases[0].images.empty()) {
    std::string folder = dataset.cases[0].images.begin()->second;
    for (int up = 0; up < 3; ++up) folders.push_back(folder = parent_path(folder));
  }
  for (const auto& folder : folders) {
    std::string path = join_path(folder, "phantom.json");
    if (system_env().kind(path) != FileKind::file) continue;
    Value phantom = parse_json(read_text(system_env(), path), file_name(path)), kept = Value::table();
    for (const auto& [key, value] : phantom.as_table())
      if (key != "scans") kept[key] = value;
    return kept;
  }
  return {};
}

std::string dataset_digest(const Dataset& dataset) {
  std::string all;
  for (const auto& item : dataset.cases) all += item.id + " " + item.patient + " " + item.digest + "\n";
  return digest_of(all);
}

std::string summary_of(const ExperimentSpec& spec, const std::vector<PlannedTrial>& trials, int64_t count) {
  std::vector<std::string> sets, tests;
  auto add = [](std::vector<std::string>& list, const std::string& name) {
    if (std::find(list.begin(), list.end(), name) == list.end()) list.push_back(name);
  };
  const Value* missing = nullptr;
  int64_t for_all_sets = 0;                      // trainings with channel dropout
  for (const auto& trial : trials) {
    add(sets, trial.design.at("left_out").as_text()), add(tests, trial.design.at("test_name").as_text());
    if (const Value* found = trial.design.find("missing_in_turn")) missing = found, ++for_all_sets;
  }
  std::string factors = sets.size() > 1 ? text(sets.size(), " channel sets") : "";
  auto times = [&](const std::string& factor) { factors += (factors.empty() ? "" : " x ") + factor; };
  if (tests.size() > 1) times(text(tests.size(), spec.strategy.folds > 0 ? " folds" : " patients"));
  if (spec.strategy.seeds > 1) times(text(spec.strategy.seeds, " seeds"));
  if (spec.strategy.halving > 0) {
    std::string rungs;
    for (const Rung& rung : rungs_of(spec)) rungs += text(rungs.empty() ? "" : " + ", rung.trials, rungs.empty() ? " configurations" : "", " to step ", int64_t(rung.budget));
    times("(" + rungs + ")");
  } else if (is_search(spec.strategy)) times(text(spec.strategy.trials, " proposals of ", spec.variable.size(), spec.variable.size() == 1 ? " variable" : " variables"));
  else
    for (const auto& variable : spec.variable) times(text(variable_values(variable).size(), " of ", variable.key));
  if (for_all_sets > 0 && for_all_sets < count) factors += text(" + ", for_all_sets, " with channel dropout");
  std::string tested = missing && for_all_sets == count ? text(", each tested with ", missing->as_list().size() + 1, " channel sets") : "";
  return (factors.empty() ? "" : factors + " = ") + text(count, count == 1 ? " trial" : " trials") + tested;
}

// What decides results, without the names of places and how the work is spread. What was settled at the start holds when it is resumed.
Value deciding_part(const ExperimentSpec& spec, const std::string& dataset_digest, const std::vector<std::string>& settled) {
  Value deciding = spec_to_value(spec);
  for (const char* key : {"name", "out", "data", "cases", "workers", "attempts", "lease_seconds"}) deciding[key] = Value();
  if (trains(spec)) deciding["run"]["data"] = Value();
  for (const auto& key : settled) set_dotted(deciding, key, Value());
  deciding["dataset"] = dataset_digest;
  return deciding;
}

// The recorded spec is read anew: what an older version had no word for has its default, as it had then.
void check_same_experiment(const ExperimentRecord& there, const PlannedExperiment& planned) {
  if (there.fingerprint == planned.record.fingerprint) return;
  const Value* digest = there.facts.find("data_digest");
  ExperimentSpec spec = spec_from<ExperimentSpec>(there.spec);
  if (trains(spec)) spec.run = spec_to_value(spec_from<RunSpec>(spec.run));
  const Value recorded = deciding_part(spec, digest ? digest->as_text() : "", planned.settled);
  std::string differs = difference(recorded, planned.deciding);
  if (differs.rfind("dataset was", 0) == 0) differs = "its scans were others";
  if (!differs.empty())
    fail_input("'" + planned.folder + "' holds another experiment: " + differs, "give another `out`, or `tomograd experiment resume` to go on with the one that is there");
}

}  // namespace

std::vector<std::string> without(std::vector<std::string> all, const std::vector<std::string>& taken) {
  std::erase_if(all, [&](const std::string& name) { return std::find(taken.begin(), taken.end(), name) != taken.end(); });
  return all;
}

bool trains(const ExperimentSpec& spec) {
  bool has_run = !spec.run.is_nothing(), has_command = !spec.trial.command.empty();
  if (has_run == has_command) fail_input(has_run ? "has both a run and a [trial] command, expected one of them" : "has neither a run nor a [trial] command", "run = \"run.toml\", or a table [run]");
  return has_run;
}

// A run that is named by its file is read first, so that its fields can be set too.
ExperimentSpec read_experiment_spec(const std::string& spec_path, const std::vector<std::string>& settings) {
  Value table = read_toml_file(spec_path);
  std::string base = parent_path(absolute_path(spec_path));
  auto sets = [](const std::string& setting, const std::string& prefix) { return setting.rfind(prefix, 0) == 0; };
  bool of_run = std::any_of(settings.begin(), settings.end(), [&](const std::string& s) { return sets(s, "run."); });
  if (Value* run = table.is_table() && of_run ? &table["run"] : nullptr; run && run->is_text()) {
    std::string path = join_path(base, run->as_text());
    Value read = read_toml_file(path);
    if (const Value* data = read.find("data"); data && data->is_text() && !data->as_text().empty()) read["data"] = absolute_path(join_path(parent_path(path), data->as_text()));
    table["run"] = read;
  }
  for (const auto& setting : settings) {
    bool is_path = sets(setting, "data=") || sets(setting, "run.data=") || sets(setting, "out=");
    size_t equals = setting.find('=');
    apply_setting(table, is_path ? setting.substr(0, equals + 1) + absolute_path(setting.substr(equals + 1)) : setting);
  }
  return spec_from<ExperimentSpec>(table);
}

std::string store_path(const std::string& folder) { return join_path(folder, "experiment.sqlite"); }

RunSpec trial_run(const Value& run, const Value& settings, const std::string& out) {
  Value table = run;
  for (const auto& [key, value] : settings.as_table()) set_dotted(table, key, value);
  RunSpec spec = spec_from<RunSpec>(table);
  spec.out = out;
  return spec;
}

PlannedExperiment plan_experiment(const std::string& spec_path, const ComputeOptions& compute, const std::vector<std::string>& settings) {
  return with_context(file_name(spec_path), [&] {
    PlannedExperiment planned;
    ExperimentSpec spec = read_experiment_spec(spec_path, settings);
    std::string base = parent_path(absolute_path(spec_path));
    planned.folder = absolute_path(join_path(base, spec.out.empty() ? stem_of(spec_path) : spec.out));
    if (spec.name.empty()) spec.name = stem_of(spec_path);
    const bool has_run = trains(spec);

    check_metric(spec.strategy.metric, has_run);
    Value& facts_value = planned.record.facts;
    DatasetFacts facts;
    std::optional<PatientLabels> labels;
    std::string digest;
    Open open;
    if (has_run) spec.run = resolved_run(spec, base, compute, open);
    std::string data = has_run ? spec.run.at("data").as_text() : spec.data.empty() ? "" : absolute_path(join_path(base, spec.data));
    if (!data.empty()) {
      Dataset dataset = read_dataset(system_env(), data);
      facts.channels = dataset.modalities, facts.patients = dataset.patients();
      digest = dataset_digest(dataset), labels.emplace(dataset);
      facts_value["data"] = data, facts_value["data_digest"] = digest;
      if (Value phantom = phantom_of(dataset); !phantom.is_nothing()) facts_value["phantom"] = phantom;
    } else {
      facts.channels = spec.strategy.channels, facts.patients = spec.strategy.patients;
    }
    if (has_run) {
      RunSpec run = spec_from<RunSpec>(spec.run);
      if (!run.preprocess.channels.empty()) facts.channels = run.preprocess.channels;
      facts.channels = without(facts.channels, run.preprocess.leave_out);
      facts.patients = without(facts.patients, run.validation.patients);
      facts.left_out = run.preprocess.leave_out, facts.seed = run.seed, facts.channel_dropout = run.augment.channel_dropout;
    } else if (compute.seed >= 0) facts.seed = compute.seed;
    // How many trials are proposed at once decides what each is proposed from: settled here, whatever the workers are later.
    if (spec.strategy.kind == "bayesian") spec.strategy.parallel = parallel_proposals(spec);
    planned.trials = plan_trials(spec, facts);
    if (has_run)
      for (const auto& trial : planned.trials)
        with_context(text("trial ", trial.number), [&] {
          RunSpec run = trial_run(spec.run, trial.settings, "");
          labels->check_measured(run, spec.strategy.metric);
          if (trial.design.find("missing_in_turn")) check_dropout(run, spec.strategy.metric);
        });
    planned.count = proposes(spec.strategy) ? trial_count(spec, facts) : int64_t(planned.trials.size());
    planned.summary = summary_of(spec, planned.trials, planned.count);

    record_dataset_facts(facts, facts_value);
    facts_value["work_folder"] = base;
    if (open.threads) planned.settled.push_back("run.threads");
    if (open.precision) planned.settled.push_back("run.precision");
    planned.deciding = deciding_part(spec, digest, planned.settled);
    planned.record.fingerprint = digest_of(to_json(planned.deciding, false));
    spec.out.clear(), spec.data = data;
    planned.record.name = spec.name, planned.record.spec = spec_to_value(spec);
    planned.record.attempts = spec.attempts, planned.record.lease_seconds = spec.lease_seconds;
    return planned;
  });
}

void publish_for_people(const std::string& folder, const Value& resolved_spec) {
  publish_text(system_env(), join_path(folder, "experiment.toml"), "# Resolved by tomograd; the store beside it is what counts.\n" + to_toml(resolved_spec));
}

std::string database_of(const std::string& folder) {
  const std::string path = join_path(folder, "store.address");
  if (system_env().kind(path) != FileKind::file) return "";
  std::string address = read_text(system_env(), path, 4096);
  while (!address.empty() && address.back() == '\n') address.pop_back();
  return address;
}

std::unique_ptr<TrialStore> create_experiment(const PlannedExperiment& planned, bool resume, const std::string& address) {
  Env& env = system_env();
  const std::string known = database_of(planned.folder);
  const bool has_file = env.kind(store_path(planned.folder)) != FileKind::missing, there = has_file || !known.empty();
  if (there && !resume) fail_usage("'" + planned.folder + "' holds an experiment already", "go on with it by --resume, or give another `out`");
  env.make_directories(join_path(planned.folder, "trials"));
  env.make_directories(join_path(planned.folder, "logs"));
  if (!address.empty() && there && address != known) fail_input("'" + planned.folder + "' has its trials in " + (known.empty() ? "a file" : "'" + known + "'") + ", not in '" + address + "'", "leave --store out to go on with it, or give another `out`");
  StoreOptions options;
  options.create = true;
  const std::string database = address.empty() ? known : address;
  auto store = open_trial_store(database.empty() ? store_path(planned.folder) : database, system_clock(), options);
  if (!address.empty() && known.empty()) publish_text(env, join_path(planned.folder, "store.address"), address + "\n");
  if (auto record = store->experiment()) {
    check_same_experiment(*record, planned);
    store->resume();
    remove_stale_temporaries(env, planned.folder, 0);
    return store;
  }
  // Files for people first: once the store holds the trials, everything is there.
  publish_for_people(planned.folder, planned.record.spec);
  Value manifest = Value::table();
  manifest["format"] = "tomograd.manifest/1";
  manifest["version"] = TOMOGRAD_VERSION;
  manifest["kind"] = "experiment";
  manifest["fingerprint"] = planned.record.fingerprint;
  manifest["trials"] = planned.count;
  manifest["facts"] = planned.record.facts;
  manifest["isa"] = isa_name(current_isa());
  const Value* steps = find_dotted(planned.record.spec, "run.max_steps");
  manifest["reproducible"] = steps && steps->is_integer() && steps->as_integer() > 0;
  publish_text(env, join_path(planned.folder, "manifest.json"), to_json(manifest) + "\n");
  store->create(planned.record, planned.trials);
  return store;
}

std::unique_ptr<TrialStore> open_experiment(const std::string& folder) {
  if (system_env().kind(folder) != FileKind::directory) fail_input("'" + folder + "' is no folder of an experiment", "it is the `out` of EXPERIMENT.toml");
  const std::string place = absolute_path(folder), database = database_of(place);
  return open_trial_store(database.empty() ? store_path(place) : database, system_clock());
}

ExperimentRecord record_of(TrialStore& store) {
  auto record = store.experiment();
  if (!record) fail_input("the experiment's store is empty: it was killed before its trials were recorded", "start it again with `tomograd experiment run EXPERIMENT.toml --resume`");
  return *record;
}

}  // namespace tomograd
