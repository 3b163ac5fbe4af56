#include "cli/plan_question.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>
#include <set>

#include "base/error.h"
#include "base/memory.h"
#include "cli/experiment_folder.h"
#include "dataset/dataset.h"
#include "search/rung_plan.h"
#include "spec/text_formats.h"

namespace tomograd {
namespace {

constexpr double usual_case_bytes = 33.6e6;      // one scan event of the head-and-neck study, 7 modalities
constexpr double usual_value_bytes = 2;          // of a stored voxel

// The run of the experiment; nothing when a trial is any program.
std::optional<RunSpec> run_of(const ExperimentSpec& spec, const std::string& base) {
  if (!trains(spec)) return std::nullopt;
  if (!spec.run.is_text()) return with_context("[run]", [&] { return spec_from<RunSpec>(spec.run); });
  std::string path = join_path(base, spec.run.as_text());
  return with_context(file_name(path), [&] {
    RunSpec run = spec_from<RunSpec>(parse_toml(read_text(system_env(), path, int64_t{1} << 20), file_name(path)));
    if (!run.data.empty()) run.data = join_path(parent_path(path), run.data);
    return run;
  });
}

std::vector<std::string> numbered_patients(const ExperimentSpec& spec) {
  std::vector<std::string> patients = spec.strategy.patients;
  for (int64_t number = 1; int64_t(patients.size()) < spec.cases; ++number) {
    char name[32];
    std::snprintf(name, sizeof name, "patient-%02lld", static_cast<long long>(number));
    if (std::find(patients.begin(), patients.end(), name) == patients.end()) patients.push_back(name);
  }
  return patients;
}

double file_bytes(const std::string& path, const Case& item) {
  if (system_env().kind(path) == FileKind::file) return double(system_env().file_size(path));
  return double(item.geometry.size.voxels()) * usual_value_bytes;  // a store is a folder
}

void count_dataset(AskedExperiment& asked, const Dataset& dataset) {
  PlanQuestion& question = asked.question;
  std::set<std::string> files;
  double voxels = 0;
  for (const auto& item : dataset.cases) {
    voxels += double(item.geometry.size.voxels());
    auto add = [&](const std::string& path) {
      if (!path.empty() && files.insert(path).second) question.dataset_bytes += file_bytes(path, item);
    };
    for (const auto& [modality, path] : item.images) add(path);
    add(item.label), add(item.roi);
  }
  question.network.cases = int64_t(dataset.cases.size());
  question.network.voxels_per_case = dataset.cases.empty() ? 0 : voxels / double(dataset.cases.size());
}

// Channels, classes, patch and batch of a run that has not seen its data.
void fill_in(AskedExperiment& asked, RunSpec& run, int64_t channels, int64_t labels) {
  auto assume = [&](const std::string& what) {
    if (std::find(asked.notes.begin(), asked.notes.end(), what) == asked.notes.end()) asked.notes.push_back(what);
  };
  if (run.model.in_channels == 0) run.model.in_channels = std::max<int64_t>(1, channels);
  if (run.model.out_channels == 0) {
    int64_t classes = run.classes.whole ? 1 : !run.classes.names.empty() ? int64_t(run.classes.names.size()) : labels;
    if (classes == 0) classes = 2, assume("two classes beside the background");
    run.model.out_channels = classes + 1;
  }
  if (run.sampling.patch == cube(0)) {
    run.sampling.patch = run.model.patch == cube(0) ? default_patch(run.model) : run.model.patch;
    assume("the patch, which is fitted to the data, is " + to_string(run.sampling.patch));
  }
  if (run.sampling.batch == 0) run.sampling.batch = 2;
}

// The trial whose network takes most memory: variables may change network, patch or batch.
void take_largest(AskedExperiment& asked, const Value& run, const std::vector<PlannedTrial>& trials, int64_t channels, int64_t labels) {
  std::set<std::string> seen;
  int64_t most = -1;
  for (const auto& trial : trials) {
    Value settings = trial.settings;
    settings["preprocess.leave_out"] = Value(Value::List{}), settings["validation.test_patients"] = Value(Value::List{}), settings["seed"] = int64_t{1};
    if (!seen.insert(to_json(settings, false)).second) continue;
    TrialNetwork network = asked.question.network;
    with_context(text("trial ", trial.number), [&] {
      network.run = trial_run(run, settings, "");
      fill_in(asked, network.run, channels, labels);
      int64_t needs = trial_memory(network).gpu_bytes;
      if (needs > most) most = needs, asked.question.network = network;
    });
  }
}

// Trials of halving that end early, or go on from others, are counted by their steps.
void count_trials(AskedExperiment& asked, const ExperimentSpec& spec, int64_t trials) {
  asked.question.trials = trials;
  if (spec.strategy.halving == 0) return;
  const std::vector<Rung> rungs = rungs_of(spec);
  int64_t planned = 0;
  for (const Rung& rung : rungs) planned += rung.trials;
  asked.question.trials = std::max<int64_t>(1, int64_t(std::ceil(budget_of(rungs) / rungs.back().budget * double(trials) / double(planned))));
  asked.notes.push_back(text("halving: the ", trials, " trials have the steps of ", asked.question.trials, " that run to the end, and these are counted"));
}

// Test cases that a trial predicts, and how often each. cases: of each patient; run: what the trials change.
void count_predictions(AskedExperiment& asked, const ExperimentSpec& spec, const RunSpec& run, const std::vector<PlannedTrial>& trials, int64_t count, const std::map<std::string, int64_t>& cases) {
  TestPredictions& predictions = asked.question.predictions;
  double total = 0, per_case = 0;
  size_t channels = 0;                           // that are missing in turn
  for (size_t i = 0; i < trials.size(); ++i) {
    const Value* named = trials[i].settings.find("validation.test_patients");
    const Value* each = trials[i].settings.find("validation.each_channel");
    int64_t tested = 0;
    auto test = [&](const std::string& patient) { tested += cases.count(patient) ? cases.at(patient) : 0; };
    if (named) std::for_each(named->as_list().begin(), named->as_list().end(), [&](const Value& patient) { test(patient.as_text()); });
    else std::for_each(run.validation.test_patients.begin(), run.validation.test_patients.end(), test);
    int64_t times = 1;
    if (each ? each->as_bool() : run.validation.each_channel) channels = trials[i].design.at("channels").as_list().size(), times += int64_t(channels);
    if (i == 0) predictions.measured_per_case = double(times);
    total += double(tested * times), per_case += double(times);
  }
  predictions.per_case = per_case / double(trials.size());
  if (spec.strategy.halving == 0) predictions.total = int64_t(std::llround(total / double(trials.size()) * double(count)));
  if (channels > 0)
    asked.notes.push_back(text(predictions.per_case == predictions.measured_per_case ? "every trial" : "a trial with channel dropout", " predicts its test cases ", channels + 1, " times, with all channels and without each of ", channels,
                               predictions.total > 0 ? text(": ", predictions.total, " predictions in all") : ""));
}

void ask_with_data(AskedExperiment& asked, const std::string& spec_path, const ComputeOptions& compute, const std::vector<std::string>& settings) {
  PlannedExperiment planned = plan_experiment(spec_path, compute, settings);
  count_trials(asked, spec_from<ExperimentSpec>(planned.record.spec), planned.count);
  Dataset dataset = read_dataset(system_env(), planned.record.facts.at("data").as_text());
  count_dataset(asked, dataset);
  if (!asked.question.training) return;
  const Value& run = planned.record.spec.at("run");
  take_largest(asked, run, planned.trials, int64_t(planned.record.facts.at("channels").as_list().size()), int64_t(dataset.labels.size()));
  std::map<std::string, int64_t> cases;
  for (const auto& item : dataset.cases) ++cases[item.patient];
  count_predictions(asked, spec_from<ExperimentSpec>(planned.record.spec), spec_from<RunSpec>(run), planned.trials, planned.count, cases);
  asked.measurable = trial_run(run, planned.trials.front().settings, "");
}

void ask_without_data(AskedExperiment& asked, ExperimentSpec spec, const std::optional<RunSpec>& run) {
  if (run) spec.run = spec_to_value(*run);
  DatasetFacts facts;
  facts.channels = run && !run->preprocess.channels.empty() ? run->preprocess.channels : spec.strategy.channels;
  facts.patients = numbered_patients(spec);
  if (facts.patients.empty() && run) fail_input("there are no data, and the spec does not say for how many patients to plan", "add cases = 36, or name the data: --set data=dataset.json");
  if (run) {
    facts.left_out = run->preprocess.leave_out, facts.channel_dropout = run->augment.channel_dropout;
    facts.channels = without(facts.channels, run->preprocess.leave_out);
    facts.patients = without(facts.patients, run->validation.patients);
  }
  std::vector<PlannedTrial> trials = plan_trials(spec, facts);
  PlanQuestion& question = asked.question;
  const int64_t count = proposes(spec.strategy) ? trial_count(spec, facts) : int64_t(trials.size());
  count_trials(asked, spec, count);
  question.network.cases = int64_t(facts.patients.size());
  question.dataset_bytes = double(question.network.cases) * usual_case_bytes;
  int64_t channels = std::max<int64_t>(1, int64_t(facts.channels.size()));
  question.network.voxels_per_case = usual_case_bytes / usual_value_bytes / double(channels);
  asked.notes.push_back(text(question.network.cases, " patients with a scan of ", bytes_text(int64_t(usual_case_bytes)), " each: there are no data yet"));
  if (!run) return;
  take_largest(asked, spec_to_value(*run), trials, channels, 0);
  std::map<std::string, int64_t> cases;
  for (const auto& patient : facts.patients) cases[patient] = 1;
  count_predictions(asked, spec, *run, trials, count, cases);
}

std::string name_of(const ExperimentSpec& spec, const std::string& path) {
  if (!spec.name.empty()) return spec.name;
  std::string name = file_name(path);
  return name.ends_with(".toml") ? name.substr(0, name.size() - 5) : name;
}

}  // namespace

AskedExperiment ask_experiment(const std::string& spec_path, const ComputeOptions& compute, const std::vector<std::string>& settings) {
  ExperimentSpec spec = with_context(file_name(spec_path), [&] { return read_experiment_spec(spec_path, settings); });
  std::string base = parent_path(absolute_path(spec_path));
  AskedExperiment asked;
  asked.question.experiment = spec_path, asked.question.settings = settings, asked.question.name = name_of(spec, spec_path);
  std::optional<RunSpec> run = with_context(file_name(spec_path), [&] { return run_of(spec, base); });
  asked.question.training = run.has_value();
  std::string data = !spec.data.empty() ? join_path(base, spec.data) : run ? run->data : "";
  // Data that are named and not there count as not there yet only for a spec that says how many patients to assume.
  bool there = !data.empty() && (spec.cases == 0 || system_env().kind(data) != FileKind::missing);
  if (there) ask_with_data(asked, spec_path, compute, settings);
  else with_context(file_name(spec_path), [&] { ask_without_data(asked, spec, run); });
  if (run && run->ranks > 1) asked.notes.push_back(text("every trial trains with ", run->ranks, " ranks, which share one machine and take a GPU each; measured hours are those of one process divided among them, reached to 0.9 (0.6 to 1)"));
  // What is settled for this machine would be settled anew on another.
  bool varies = std::any_of(spec.variable.begin(), spec.variable.end(), [](const VariableSpec& variable) { return variable.key == "precision"; });
  if (run && !varies) asked.question.network.run.precision = compute.precision != "auto" ? compute.precision : run->precision;
  return asked;
}

}  // namespace tomograd
