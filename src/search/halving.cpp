#include "search/halving.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace tomograd {

std::vector<Rung> plan_rungs(int64_t trials, int64_t keep, double least_budget, double most_budget) {
  if (trials < 1) fail_input(text("successive halving of ", trials, " trials, expected at least 1"));
  if (keep < 2) fail_input(text("each rung would keep one trial of ", keep, ", expected 2 or more"));
  if (!(least_budget > 0 && least_budget <= most_budget) || !std::isfinite(most_budget)) fail_input(text("budgets from ", least_budget, " to ", most_budget, ", expected 0 < smallest <= largest"));
  int64_t levels = 1;
  // A hair of slack: 1 * 3 * 3 * 3 must reach 27 whatever the rounding of fractions.
  for (double budget = most_budget; budget / double(keep) >= least_budget * (1 - 1e-9); budget /= double(keep)) ++levels;
  std::vector<Rung> rungs;
  for (int64_t left = trials; levels > 0; --levels, left = std::max<int64_t>(1, left / keep)) {
    rungs.push_back({left, most_budget / std::pow(double(keep), double(levels - 1))});
    if (left == 1 && levels > 1) {               // nothing left to compare: straight to the end
      rungs.back().budget = most_budget;
      break;
    }
  }
  return rungs;
}

double budget_of(const std::vector<Rung>& rungs) {
  double sum = 0, before = 0;
  for (const Rung& rung : rungs) {
    sum += double(rung.trials) * (rung.budget - before);
    before = rung.budget;
  }
  return sum;
}

std::optional<std::vector<int64_t>> promoted(const std::vector<RungResult>& rung, const Rung& next) {
  std::vector<RungResult> complete;
  for (const auto& result : rung) {
    if (result.state == RungResult::State::running) return std::nullopt;
    if (result.state == RungResult::State::complete && std::isfinite(result.value)) complete.push_back(result);
  }
  std::sort(complete.begin(), complete.end(), [](const RungResult& a, const RungResult& b) { return a.value != b.value ? a.value > b.value : a.number < b.number; });
  std::vector<int64_t> numbers;
  for (const auto& result : complete)
    if (int64_t(numbers.size()) < next.trials) numbers.push_back(result.number);
  return numbers;
}

}  // namespace tomograd
