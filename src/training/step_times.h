// Where the time of a training run goes, measured: five short epochs with loading and five without, in turn, so that what the
// machine does meanwhile falls on both. Private to the engine rooms.
#pragma once

#include <cstdint>
#include <functional>
#include <stop_token>
#include <vector>

#include "training/rehearsal.h"
#include "training/time_balance.h"

namespace tomograd {

struct EpochTimes {                              // seconds of a step on average over an epoch
  StepSeconds with_loading;                      // batches from the patch queue with the run's workers
  StepSeconds without_loading;                   // one batch from memory
  double make = 0;                               // making the patches of a step in one thread, nothing else running
};

struct StepTimes {
  int64_t steps = 0;                             // of an epoch
  std::vector<EpochTimes> epochs;
  std::vector<double> read_seconds;              // of each training case
  int64_t cached_blocks = 0, decoded_blocks = 0; // asked of block stores while patches were made; both 0 without stores
};

// `steps` of an epoch, 0 = as many as take about a second and a half. Each epoch with loading begins with an empty queue and two
// uncounted steps; the queue holds only what keeps its workers busy, since a few steps could otherwise live on what was made ahead
// and would not show that the workers are too slow. `progress` is told the share that is done. Error(stopped) between steps.
StepTimes measure_step_times(Rehearsal& run, int64_t steps, const std::function<void(double share)>& progress, const std::stop_token& stop);

}  // namespace tomograd
