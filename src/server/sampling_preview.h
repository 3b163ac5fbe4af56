// Where the patches of a run would fall: the training cases' labels are prepared as the run would prepare them, and the run's own sampler draws
// its first epoch. Private to this room; done in the process that decodes, as it reads whole label volumes.
#pragma once

#include <string>

#include "base/env.h"
#include "spec/value.h"

namespace tomograd {

// dataset: path. asked: {"run": run spec, "patches": how many places to list, "cases": most cases to read}. With fewer cases than the run has,
// the places are not the run's own ("all_cases" is false) but drawn in the same way. Error(input): what training would refuse too, and a patch
// of 0,0,0, which training fits to the images.
Value sampling_preview(Env& env, const std::string& dataset, const Value& asked);

}  // namespace tomograd
