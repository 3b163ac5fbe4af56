// Hours of a trial on this machine: a few steps of the very spec, twice, so that what happens once (reading, preparing, testing)
// is told apart from what happens at every step.
#pragma once

#include <string>
#include <vector>

#include "cli/engine.h"
#include "planning/trial_cost.h"
#include "planning/trial_memory.h"
#include "spec/run_spec.h"

namespace tomograd {

struct MeasuredHere {
  TrialTime time;
  double fixed_seconds = 0;                      // of what happens once
  int64_t steps = 0;                             // that were made
  std::string machine;                           // what this machine is taken for, in words
};

// `run` needs data and max_steps. here: the catalogue's device that this machine has, nullptr = its processor, whose peak rates are
// assumed from threads and instruction set. Trains in a scratch folder that is gone afterwards.
MeasuredHere measure_trial(const RunSpec& run, const TrialNetwork& network, const TestPredictions& predictions, const DeviceSpec* here, const ComputeOptions& compute, const Talk& talk);

}  // namespace tomograd
