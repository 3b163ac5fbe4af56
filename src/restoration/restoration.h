// One volume restored from itself: scaled, fitted (fit.h) until a rule says stop, blended, scaled back.
#pragma once

#include <functional>
#include <stop_token>
#include <string>

#include "base/clock.h"
#include "nn/network.h"
#include "restoration/intensity_scale.h"
#include "restoration/restore_plan.h"
#include "volume/volume.h"

namespace tomograd {

struct RestoreIteration {
  int64_t iteration = 0, of = 0;                 // 1, 2, ...
  double psnr = 0;                               // of this iteration's output to the observed voxels, dB
  double criterion = 0;                          // what the stopping rule watches; NaN where none
  double seconds = 0;                            // of fitting, so far
  bool accepted = true;
};

struct RestoreHooks {
  std::stop_token stop = {};
  // After each iteration. `average` makes the result as it would be if the fit ended here (its rule's best is not asked): a bench compares it with the truth,
  // which the stopping rule never sees. Nothing that this does changes the fit.
  std::function<void(const RestoreIteration& at, const std::function<Volume()>& average)> watch = {};
  Clock* clock = nullptr;                        // nullptr = the system's
};

struct Restoration {
  Volume volume;                                 // float, on plan.restored
  std::string stopped_by;                        // "holdout", "variance": the rule; "iterations", "seconds": a limit; "stop": somebody
  int64_t iterations = 0, result_at = 0;         // iterations made, and the one whose average is the result
  int64_t taken_back = 0;                        // steps that were undone
  double psnr_input = 0;                         // of the result, as the scanner would see it, to the known observed voxels; dB, range = the scale's
  double seconds = 0;
  double sigma = 0;                              // rician: of the noise, in the units of the file; else 0
  IntensityScale scale;
};

// `known` empty: every voxel is; otherwise 0 marks a voxel to be filled, whose value does not count and may be NaN. Error(input) for
// voxels that are not finite, a constant volume, or noise that cannot be estimated. On a stop request the result is what there is.
Restoration restore(const RestoreSpec& spec, const RestorePlan& plan, const Volume& observed, const Buffer<uint8_t>& known, Precision precision, const RestoreHooks& hooks = {});

// How long an iteration of the plan takes, measured on a field of at most 48 voxels a side and scaled by voxels.
struct IterationTime { double seconds = 0; Extent measured_on; };
IterationTime measure_iteration(const RestoreSpec& spec, const RestorePlan& plan, Precision precision);

}  // namespace tomograd
