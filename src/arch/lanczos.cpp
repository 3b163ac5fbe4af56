#include "arch/lanczos.h"

#include <cmath>
#include <numbers>

#include "base/error.h"

namespace tomograd {

double lanczos_kernel(double t, int64_t lobes) {
  double x = std::numbers::pi * t;
  if (x == 0) return 1;
  if (std::abs(t) >= double(lobes)) return 0;
  return double(lobes) * std::sin(x) * std::sin(x / double(lobes)) / (x * x);
}

LanczosFilter lanczos_filter(int64_t lobes, int64_t factor) {
  constexpr int64_t most_lobes = 16, most_factor = 4096;
  if (lobes < 1 || lobes > most_lobes) fail_input(text("a Lanczos filter of ", lobes, " lobes, expected 1 to ", most_lobes));
  if (factor < 1 || factor > most_factor) fail_input(text("a Lanczos filter for a factor of ", factor, ", expected 1 to ", most_factor));
  if (factor == 1) return {{1.0}, 0, 0};
  LanczosFilter filter;
  double sum = 0;
  for (int64_t t = 0; t < 2 * lobes * factor; ++t) {
    sum += filter.taps.emplace_back(lanczos_kernel((double(t) + 0.5) / double(factor) - double(lobes), lobes));
  }
  for (double& tap : filter.taps) tap /= sum;
  int64_t width = int64_t(filter.taps.size());
  filter.before = (width - factor) / 2;
  filter.after = width - 1 - filter.before;
  return filter;
}

}  // namespace tomograd
