// Whether the trials of an experiment can report its metric: known from the spec and the dataset, so said before hours of
// training and not after them.
#pragma once

#include <map>
#include <string>

#include "dataset/dataset.h"
#include "spec/experiment_spec.h"
#include "spec/run_spec.h"
#include "spec/value.h"

namespace tomograd {

// Rankings, verdicts and "best" take higher as better; Error(input) for metrics that are known to be better when lower, and,
// when trials are training runs, for what these do not report.
void check_metric(const std::string& metric, bool training);

// Error(input) when a run cannot be tested with channels missing, or is not trained for it.
void check_dropout(const RunSpec& run, const std::string& metric);

// Whether trials of several ranks have where to run. Error(usage) for GPUs that are fewer than ranks; a warning for cores, which is
// slow and no more.
void check_rank_gpus(const ExperimentSpec& spec, int64_t gpus_of_a_worker);
void warn_of_crowd(const ExperimentSpec& spec, int64_t workers);

class PatientLabels {
 public:
  explicit PatientLabels(const Dataset& dataset);
  // Error(input) when a run tests and validates on nobody, or tests on a patient without a label.
  void check_measured(const RunSpec& run, const std::string& metric) const;

 private:
  std::map<std::string, bool> labelled_;         // patient -> some case has a label
};

// Why a finished training reports no such metric, as Error(input); returns when it does report it, or when all its test cases
// lack the classes in their truth, so that there is no value to report.
void require_metric(const Value& metrics, const RunSpec& run, const std::string& metric);

}  // namespace tomograd
