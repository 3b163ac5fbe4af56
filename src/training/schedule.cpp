#include "training/schedule.h"

#include <algorithm>
#include <cmath>

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

}  // namespace tomograd
