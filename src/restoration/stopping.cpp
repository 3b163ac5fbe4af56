#include "restoration/stopping.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace tomograd {

StopAdvice StopRule::tell(double value) {
  ++told_;
  if (spec_.rule == "none" || told_ < spec_.window) return StopAdvice::go_on;
  if (std::isfinite(value) && (best_at_ == 0 || value < best_)) {
    best_ = value, best_at_ = told_;
    return StopAdvice::best;
  }
  int64_t since = told_ - std::max(best_at_, spec_.window);
  return since >= spec_.patience ? StopAdvice::stop : StopAdvice::go_on;
}

double update_average(const float* x, float* average, int64_t n, double share) {
  constexpr int64_t part_voxels = 16384;         // a constant, so that threads do not matter
  std::vector<double> parts(size_t(ceil_div(n, part_voxels)));
  at::parallel_for(0, int64_t(parts.size()), 1, [&](int64_t begin, int64_t end) {
    for (int64_t part = begin; part < end; ++part) {
      double squares = 0;
      for (int64_t i = part * part_voxels; i < std::min(n, (part + 1) * part_voxels); ++i) {
        float moved = share == 1 ? 0 : x[i] - average[i];
        squares += double(moved) * double(moved);
        average[i] = share == 1 ? x[i] : average[i] + float(share) * moved;
      }
      parts[size_t(part)] = squares;
    }
  });
  double sum = 0;
  for (double part : parts) sum += part;
  return sum / double(std::max<int64_t>(1, n));
}

}  // namespace tomograd
