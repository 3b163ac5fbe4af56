#include "training/schedule.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace tomograd {

double schedule_factor(const ScheduleSpec& spec, double position, int64_t step) {
  position = std::clamp(position, 0.0, 1.0);
  double factor = 1;
  if (spec.kind == "poly") factor = std::max(spec.floor, std::pow(1 - position, spec.power));
  if (spec.kind == "cosine") factor = spec.floor + (1 - spec.floor) * 0.5 * (1 + std::cos(3.141592653589793 * position));
  if (spec.kind == "steps")
    for (double milestone : spec.milestones)
      if (position >= milestone) factor *= spec.factor;
  if (spec.warmup_steps > 0) factor *= std::min(1.0, double(step + 1) / double(spec.warmup_steps));
  return factor;
}

double scaled_learning_rate(const OptimizerSpec& spec, int64_t patches) {
  double factor = double(patches) / double(spec.scaled_from);
  if (spec.batch_scaling == "linear") return spec.learning_rate * factor;
  if (spec.batch_scaling == "sqrt") return spec.learning_rate * std::sqrt(factor);
  return spec.learning_rate;
}

std::string batch_scaling_warning(const OptimizerSpec& optimizer, const ScheduleSpec& schedule, int64_t patches) {
  if (optimizer.batch_scaling != "linear" || patches <= optimizer.scaled_from || schedule.warmup_steps > 0) return "";
  return text("optimizer.batch_scaling is 'linear' and raises the learning rate from ", optimizer.learning_rate, " to ", scaled_learning_rate(optimizer, patches), " for ", patches,
              " patches a step, and schedule.warmup_steps is 0: linear scaling is known to need a warm-up (Goyal et al. 2017), such as schedule.warmup_steps = the steps of a few epochs");
}

}  // namespace tomograd
