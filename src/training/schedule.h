// The learning rate over a run, as a function of the position in it (0 = start, 1 = end) and of the step.
#pragma once

#include <cstdint>

#include "spec/run_spec.h"

namespace tomograd {

// Factor on optimizer.learning_rate. poly: max(floor, (1 - position)^power), as MONAI's users and nnU-Net have it;
// steps: factor^(milestones passed); warm-up multiplies by (step + 1) / warmup_steps.
double schedule_factor(const ScheduleSpec& spec, double position, int64_t step);

}  // namespace tomograd
