// How long workers were busy with trials, from the store's events: what a machine that is paid by the hour was paid for,
// attempts that failed or were lost included.
#pragma once

#include <cstdint>
#include <vector>

#include "experiments/trial_store.h"

namespace tomograd {

struct PaidTime {
  std::vector<double> finished_seconds;          // of each attempt that ended
  std::vector<double> running_seconds;           // of each that runs, until now
};

PaidTime paid_time(const std::vector<StoreEvent>& events, int64_t now_unix_milliseconds);

}  // namespace tomograd
