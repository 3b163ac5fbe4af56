// `experiment new`: an experiment spec to start from, written for a dataset and a time that one is ready to spend.
#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "cli/experiment_verbs.h"
#include "dataset/dataset.h"
#include "search/trial_plan.h"
#include "spec/text_formats.h"

namespace tomograd {
namespace {

// The largest patch up to 64 voxels a side that every scan holds, in multiples of 8 so that three down-samplings fit.
Extent patch_for(const Dataset& dataset) {
  Extent smallest = cube(64);
  for (const auto& item : dataset.cases)
    for (int axis = 0; axis < 3; ++axis) smallest[axis] = std::min(smallest[axis], item.geometry.size[axis]);
  for (int axis = 0; axis < 3; ++axis) smallest[axis] = std::max<int64_t>(8, smallest[axis] / 8 * 8);
  return smallest;
}

// A network that a laptop trains in minutes; [run] of the file is there to be edited.
Value small_run(const Dataset& dataset) {
  Value run = Value::table();
  run["model"]["kind"] = "unet";
  run["model"]["family"] = "residual";
  run["model"]["channels"] = Value(Value::List{8, 16, 32});
  run["model"]["residual_units"] = 1;
  Extent patch = patch_for(dataset);
  run["sampling"]["patch"] = Value(Value::List{patch.z, patch.y, patch.x});
  run["sampling"]["batch"] = 2;
  run["predict"]["tile"] = Value(Value::List{patch.z, patch.y, patch.x});
  run["predict"]["overlap"] = 0.25;
  return run;
}

Value strategy_table(const NewOptions& options, double margin) {
  Value strategy = Value::table();
  strategy["kind"] = "leave-one-out";
  if (!options.channels.empty()) strategy["channels"] = Value::list_of(options.channels);
  if (options.folds > 0) strategy["folds"] = options.folds;
  strategy["seeds"] = options.seeds;
  strategy["margin"] = margin;
  return strategy;
}

}  // namespace

void experiment_new(const NewOptions& options, const Output& out) {
  Env& env = system_env();
  if (env.kind(options.file) != FileKind::missing) fail_usage("'" + options.file + "' is there already", "give another name, or remove it");
  std::string base = parent_path(absolute_path(options.file));
  Dataset dataset = read_dataset(env, options.data);
  ExperimentSpec spec;
  spec.name = options.name;
  spec.workers = options.workers;
  spec.strategy.seeds = options.seeds, spec.strategy.folds = options.folds, spec.strategy.channels = options.channels;
  Value run = small_run(dataset);
  if (!options.run.empty()) run = parse_toml(read_text(env, options.run, int64_t{1} << 20), file_name(options.run));
  for (const auto& setting : options.settings) apply_setting(run, setting);
  run["data"] = relative_path(absolute_path(options.data), base);
  RunSpec checked = with_context("[run]", [&] { return spec_from<RunSpec>(run); });

  DatasetFacts facts{checked.preprocess.channels.empty() ? dataset.modalities : checked.preprocess.channels, dataset.patients(), checked.preprocess.leave_out, checked.seed};
  int64_t trials = int64_t(plan_trials(spec, facts).size());
  if (options.minutes > 0) {
    // Training time of all trials together; predicting the test cases comes on top.
    run["max_steps"] = 0;
    run["max_seconds"] = std::max(1.0, std::round(options.minutes * 60 * double(options.workers) / double(trials) * 10) / 10);
  } else if (checked.max_steps == 0 && checked.max_seconds == 0) {
    run["max_steps"] = 1000;
  }

  Value table = Value::table();
  table["format"] = "tomograd.experiment/1";
  if (!options.name.empty()) table["name"] = options.name;
  if (!options.out.empty()) table["out"] = options.out;
  table["workers"] = options.workers;
  table["strategy"] = strategy_table(options, spec.strategy.margin);
  table["run"] = run;
  env.make_directories(base);
  publish_text(env, options.file, to_toml(table));

  Value result = Value::table();
  result["file"] = options.file, result["trials"] = trials;
  double seconds = run.find("max_seconds") ? run.at("max_seconds").as_number() : 0, all = seconds * double(trials) / double(options.workers);
  result["max_seconds_per_trial"] = seconds, result["training_seconds"] = all;
  out.result("experiment_new", result);
  out.line(text("Wrote ", options.file, ": leave-one-out over ", facts.channels.size(), " channels and ", facts.patients.size(), " patients, ", trials, " trials",
                seconds > 0 ? text(" of ", seconds, " s training each, ", duration_text(all), " in all.") : "."));
  out.line("Start it with: tomograd experiment run " + options.file);
}

}  // namespace tomograd
