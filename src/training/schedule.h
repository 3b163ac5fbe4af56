// The learning rate over a run, as a function of the position in it (0 = start, 1 = end), of the step, and of the patches of a step.
#pragma once

#include <cstdint>
#include <string>

#include "spec/run_spec.h"

namespace tomograd {

// Factor on optimizer.learning_rate. poly: max(floor, (1 - position)^power), as MONAI's users and nnU-Net have it;
// steps: factor^(milestones passed); warm-up multiplies by (step + 1) / warmup_steps.
double schedule_factor(const ScheduleSpec& spec, double position, int64_t step);

// Learning rate before the schedule for steps of `patches` patches (sampling.batch * optimizer.accumulate, at least 1), k = patches /
// scaled_from. linear: k times learning_rate, for SGD (Goyal et al. 2017, arXiv 1706.02677, section 2.1); sqrt: sqrt(k) times, for
// optimisers that divide by the gradient's own size (Malladi et al. 2022, arXiv 2205.10287); none: as it is given.
double scaled_learning_rate(const OptimizerSpec& spec, int64_t patches);

// What is to be said about a rate that was scaled up linearly and begins without warm-up, which Goyal et al. (section 2.2) found to
// be needed; "" = nothing. The schedule is left as the spec has it.
std::string batch_scaling_warning(const OptimizerSpec& optimizer, const ScheduleSpec& schedule, int64_t patches);

}  // namespace tomograd
