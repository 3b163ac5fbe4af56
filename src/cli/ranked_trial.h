// A trial of an experiment that several processes train together: the worker starts them as `train --ranks` does, hands on what they
// report and takes their result; it trains nothing itself, so a rank that dies takes no worker with it.
#pragma once

#include <string>

#include "cli/engine.h"
#include "experiments/lifecycle.h"
#include "spec/experiment_spec.h"

namespace tomograd {

// The object that `train --json` prints. Error as the ranks have it; a rank that was killed from outside is told to `reporter` first.
// compute.max_memory_bytes is that of all ranks together.
Value train_in_ranks(const RunSpec& run, const ComputeOptions& compute, bool resume, const std::string& predictions, TrialReporter& reporter);

// Of any trial of the experiment, whose variables may set them: ranks, and the processor cores that these take together.
int64_t most_ranks(const ExperimentSpec& spec);
int64_t most_cores(const ExperimentSpec& spec);

}  // namespace tomograd
