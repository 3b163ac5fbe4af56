// From EXPERIMENT.toml to what is asked of src/planning: trials, network, size of the data. With data these are counted; without,
// patients are numbered (`cases`), channels are those the strategy names, and what was assumed is said.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/engine.h"
#include "planning/experiment_plan.h"
#include "spec/run_spec.h"

namespace tomograd {

struct AskedExperiment {
  PlanQuestion question;                         // without time, checkpoints and wishes
  std::optional<RunSpec> measurable;             // a trial that can be tried here; nothing without data, or of any program
  std::vector<std::string> notes;                // what was assumed
};

// Error(input): no data and no `cases`, and all that plan_experiment() refuses.
AskedExperiment ask_experiment(const std::string& spec_path, const ComputeOptions& compute, const std::vector<std::string>& settings);

}  // namespace tomograd
