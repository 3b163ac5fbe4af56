// The largest sampling.batch with which a run fits into memory, found by making steps of it. Private to the engine rooms.
#pragma once

#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "spec/run_spec.h"
#include "training/time_balance.h"

namespace tomograd {

class Rehearsal;

// The largest n of 1..most with fits(n), taking it that what does not fit does not fit larger either; 0 when not even 1 does. Asked in
// doubling sizes up to the first that does not fit, then halfway between the two bounds: about 2 log2(n) times.
int64_t largest_that_fits(int64_t most, const std::function<bool(int64_t)>& fits);

struct BatchTrial {
  int64_t batch = 0;
  int64_t predicted_bytes = 0;                   // training/memory_plan.h, before anything is allocated
  int64_t peak_bytes = 0;                        // measured, of the process while it made steps; 0 = refused by the prediction
  int64_t needed_bytes = 0;                      // peak_bytes and what the run's queue of patches may take besides
  EpochSpread patches_per_second;                // over its steps, from a batch in memory
  bool fits = false;
};

// `limit_bytes` is for the whole process, `most` the largest size of interest. Each size that is not refused makes one step and then one
// to five that are timed; `tried` is told about each. Trials are in the order in which they were made.
std::vector<BatchTrial> try_batches(Rehearsal& run, int64_t limit_bytes, int64_t most, const std::function<void(const BatchTrial&)>& tried, const std::stop_token& stop);

// key=value for --set that make `run` (resolved) train with this batch: the batch, more room for patches made ahead where it needs it,
// and, unless the run says itself how its learning rate is scaled, the rule for its optimiser: linear for sgd, sqrt for the others.
std::vector<std::string> batch_settings(const RunSpec& run, int64_t batch);
double batch_learning_rate(const RunSpec& run, int64_t batch);   // the rate that these settings give, before the schedule

}  // namespace tomograd
