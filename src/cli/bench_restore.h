// `bench restore`: how near a restoration comes to a truth that it never sees.
#pragma once

#include <string>
#include <vector>

#include "cli/engine.h"

namespace tomograd {

struct RestoreBench {
  std::string task, observed, truth;             // denoise, superres or inpaint; files on the observed and the restored grid. inpaint: missing voxels are NaN
  std::vector<std::string> settings;             // of restore_spec.h
  int64_t every = 10;                            // iterations between looks at the truth
};

// PSNR to the truth (data range 1) of what was observed (superres: of cubic interpolation; inpaint: with the known voxels' mean), of the result, and of the best average
// there was, whenever that was (the oracle); seconds of an iteration without the looks. The fit and its stopping rule get the
// observed volume alone. Error(input) for a truth on another grid than the restored one.
Value bench_restore(const RestoreBench& bench, const ComputeOptions& compute, const Talk& talk);

}  // namespace tomograd
