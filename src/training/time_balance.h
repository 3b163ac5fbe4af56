// From seconds that were measured to what bounds a run and which setting would help. Free of torch and of clocks.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace tomograd {

constexpr int64_t measured_epochs = 5;

struct EpochSpread {                             // over epochs; the deviation is the sample's, 0 for fewer than two values
  double mean = 0, deviation = 0, least = 0, most = 0;
};
EpochSpread spread_over(const std::vector<double>& values);

struct TimeBalance {
  // Seconds of a step: as the run makes it, and from patches that are in memory already.
  EpochSpread step, without_loading;
  EpochSpread wait_share;                        // of a step, waiting for patches; 0 to 1
  double make = 0;                               // of one thread that makes the patches of a step
  double update = 0;                             // of updating the weights
  // Seconds of the whole run: reading the scans first, then the steps that the spec asks for.
  double reading = 0, training = 0;
  int64_t workers = 0, threads = 0, processors = 1;  // that make patches; that compute; that the machine has
  double decoded_share = 0;                      // of the blocks asked of block stores, those that were not in the cache; 0 without stores
  int64_t cache_megabytes = 0;                   // of that cache
  bool slow_precision = false;                   // another number format computes faster here
  std::string fastest_precision = {};
};

struct TimeFinding {
  std::string bound;                             // loading, shared processors, reading, update, network
  std::string explanation;                       // one or two sentences with the numbers
  std::vector<std::string> settings;             // key=value for --set that should help, the best first; may be empty
};

// loading: more than `noticeable` of a step is spent waiting, and more than its spread over the epochs explains. shared processors:
// patches arrive in time, but a step takes noticeably longer than without making them. reading: longer than half of the training.
// update: at least a quarter of the step's computing. Else the network's own arithmetic.
constexpr double noticeable = 0.05;
constexpr double unsteady = 0.25;                // of computing alone, deviation over mean: the explanation says that the machine was busy
TimeFinding where_time_goes(const TimeBalance& balance);

}  // namespace tomograd
