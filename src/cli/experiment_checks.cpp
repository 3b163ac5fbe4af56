#include "cli/experiment_checks.h"

#include <algorithm>

#include "base/error.h"
#include "base/log.h"
#include "base/parallel.h"
#include "cli/ranked_trial.h"
#include "experiments/metrics.h"
#include "report/numbers.h"

namespace tomograd {
namespace {

constexpr const char* who_is_tested = "set strategy.folds (sweep) or strategy.leave_patients (leave-one-out, channel-dropout), or name validation.test_patients or validation.patients in the run";

}  // namespace

void check_metric(const std::string& metric, bool training) {
  static const std::vector<std::string> lower = {"hd95_mm", "assd_mm", "volume_error", "final_loss", "loss", "validation_loss", "seconds", "seconds_per_step", "peak_bytes"};
  if (std::find(lower.begin(), lower.end(), metric) != lower.end())
    fail_input("strategy.metric is '" + metric + "', which is better when lower, but the ranking takes higher as better",
               training ? "rank by 'dice'; `experiment results --json` has " + metric + " of each trial beside it" : "let the program report its negative under another name");
  if (!training || metric == "dice" || metric == "patches_per_second") return;
  std::string near = nearest_name(metric, {"dice", "patches_per_second"});
  fail_input("strategy.metric is '" + metric + "', which a training run does not report", near.empty() ? "it reports 'dice' and 'patches_per_second'" : "did you mean '" + near + "'?");
}

void check_dropout(const RunSpec& run, const std::string& metric) {
  if (metric == "patches_per_second") fail_input("strategy.metric is 'patches_per_second', which no missing channel changes", "rank by 'dice'");
  if (!run.augment.enabled) fail_input("channel dropout trains with channels dropped at random, but the run has augment.enabled = false", "set it to true; chances of single steps, such as augment.rotate, may be 0");
  if (run.augment.channel_dropout == 0) fail_input("channel dropout trains with channels dropped at random, but augment.channel_dropout is 0", "give a share such as 0.25, or leave it to the strategy");
  if (run.validation.test_patients.empty()) fail_input("channel dropout tests with each channel missing, but the trial tests nobody", who_is_tested);
}

void check_rank_gpus(const ExperimentSpec& spec, int64_t gpus_of_a_worker) {
  const int64_t ranks = most_ranks(spec);
  if (ranks > 1 && gpus_of_a_worker > 0 && gpus_of_a_worker < ranks) fail_usage(text("--gpus is ", gpus_of_a_worker, ", and a trial of ", ranks, " ranks takes a GPU for each"), text("--gpus ", ranks, ", or fewer run.ranks"));
}

void warn_of_crowd(const ExperimentSpec& spec, int64_t workers) {
  const int64_t ranks = most_ranks(spec), cores = workers * most_cores(spec);
  if (ranks > 1 && cores > available_threads())
    warn(text(workers, workers == 1 ? " worker" : " workers", " with trials of ", ranks, " ranks take ", cores, " cores, and this machine has ", available_threads(), ": ranks wait for each other; fewer --workers, run.ranks or run.threads are faster"));
}

PatientLabels::PatientLabels(const Dataset& dataset) {
  for (const auto& item : dataset.cases) labelled_[item.patient] |= !item.label.empty();
}

void PatientLabels::check_measured(const RunSpec& run, const std::string& metric) const {
  if (metric == "patches_per_second") return;
  const ValidationSpec& held = run.validation;
  if (held.test_patients.empty() && held.patients.empty() && held.fraction == 0) fail_input("the trial tests and validates on nobody, so it would have no '" + metric + "'", who_is_tested);
  for (const auto& patient : held.test_patients)
    if (auto found = labelled_.find(patient); found != labelled_.end() && !found->second)
      fail_input("no scan of the test patient '" + patient + "' has a label, so the trial would have no '" + metric + "'",
                 "name its label with `tomograd import --label`, leave it out of the dataset, or choose patients with strategy.patients");
}

void require_metric(const Value& metrics, const RunSpec& run, const std::string& metric) {
  if (trial_metric(metrics, metric)) return;
  const Value* test = metrics.find("test");
  if (test && test->is_list() && !test->as_list().empty()) {
    for (const auto& test_case : test->as_list())
      if (!test_case.find(metric)) fail_input("the run reports no '" + metric + "' for case '" + test_case.at("case").as_text() + "'", "strategy.metric names what the run reports");
    warn("the truth of the test cases holds none of the classes, so there is no '" + metric + "' to report");
    return;
  }
  const auto& patients = run.validation.test_patients;
  if (!patients.empty()) fail_input("no scan of the test patients (" + names_text(patients) + ") has a label, so there is no '" + metric + "'", "name labels with `tomograd import --label`");
  if (!run.validation.patients.empty() || run.validation.fraction > 0) fail_input("no validation case has a label, so there is no '" + metric + "'", "name labels with `tomograd import --label`");
  fail_input("the run tested and validated on nobody, so there is no '" + metric + "'", who_is_tested);
}

}  // namespace tomograd
