#include "cli/ranked_trial.h"

#include <algorithm>

#include "base/env.h"
#include "base/scratch_folder.h"
#include "cli/train_ranks.h"
#include "spec/text_formats.h"

namespace tomograd {
namespace {

// The largest whole number that a field of the run has, or that a variable gives it.
int64_t most_of(const ExperimentSpec& spec, const std::string& key) {
  int64_t most = 1;
  auto look = [&](const Value& value) {
    if (value.is_integer()) most = std::max(most, value.as_integer());
  };
  if (const Value* given = spec.run.is_table() ? spec.run.find(key) : nullptr) look(*given);
  for (const auto& variable : spec.variable) {
    if (variable.key != key) continue;
    for (double end : variable.range) most = std::max(most, int64_t(end));
    if (variable.values.is_list()) std::for_each(variable.values.as_list().begin(), variable.values.as_list().end(), look);
  }
  return most;
}

}  // namespace

Value train_in_ranks(const RunSpec& run, const ComputeOptions& compute, bool resume, const std::string& predictions, TrialReporter& reporter) {
  ScratchFolder folder("the ranks of a trial");
  const std::string spec = join_path(folder.path(), "run.toml");
  publish_text(local_env(), spec, to_toml(spec_to_value(with_compute(run, compute))));
  RankStart start;
  start.arguments = {"tomograd", "train", spec, "--json", "--predictions", predictions};
  if (resume) start.arguments.push_back("--resume");
  if (compute.max_memory_bytes > 0) start.arguments.insert(start.arguments.end(), {"--max-memory", std::to_string(compute.max_memory_bytes / run.ranks)});
  start.output = join_path(folder.path(), "result.json");
  start.progress = [&](double share) { reporter.progress(share); };
  start.killed = [&] { reporter.lost(); };
  start_ranks(run.ranks, reporter.stop(), start);
  return parse_json(read_text(local_env(), start.output), "what rank 0 printed");
}

int64_t most_ranks(const ExperimentSpec& spec) { return most_of(spec, "ranks"); }
int64_t most_cores(const ExperimentSpec& spec) { return most_of(spec, "ranks") * most_of(spec, "threads"); }

}  // namespace tomograd
