#include "sampling/shares.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace tomograd {
namespace {

// Shares of the classes that can be drawn at all.
std::vector<double> reachable(std::vector<double> weights, const std::vector<bool>& exists) {
  double foreground = 0, kept = 0;
  for (size_t c = 1; c < weights.size(); ++c) {
    foreground += weights[c];
    if (exists[c]) kept += weights[c];
    else weights[c] = 0;
  }
  if (kept > 0)
    for (size_t c = 1; c < weights.size(); ++c) weights[c] *= foreground / kept;
  else weights[0] += foreground;
  if (!exists[0]) weights[0] = 0;  // largest remainder scales what is left to the total
  return weights;
}

}  // namespace

std::vector<int64_t> largest_remainder(int64_t total, const std::vector<double>& weights, Random& random) {
  const size_t n = weights.size();
  std::vector<int64_t> parts(n, 0);
  const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
  std::vector<uint64_t> chance(n);
  for (auto& c : chance) c = random.bits64();
  if (!(sum > 0)) return parts;
  std::vector<int64_t> remainder(n, -1);         // in units of 2^-32, so that equal shares stay equal through rounding
  int64_t left = total;
  for (size_t i = 0; i < n; ++i) {
    if (weights[i] <= 0) continue;
    double exact = double(total) * weights[i] / sum;
    parts[i] = int64_t(std::floor(exact + 0x1p-33));
    remainder[i] = std::max<int64_t>(0, std::llround((exact - double(parts[i])) * 0x1p32));
    left -= parts[i];
  }
  std::vector<size_t> order;
  for (size_t i = 0; i < n; ++i)
    if (remainder[i] >= 0) order.push_back(i);
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return remainder[a] != remainder[b] ? remainder[a] > remainder[b] : chance[a] != chance[b] ? chance[a] < chance[b] : a < b; });
  for (size_t i = 0; left > 0; i = (i + 1) % order.size(), --left) ++parts[order[i]];
  return parts;
}

EpochPlan plan_epoch(int64_t patches, const std::vector<double>& weights, const std::vector<double>& case_weights,
                     const std::vector<std::vector<int64_t>>& available, Random& random) {
  const size_t classes = weights.size(), cases = case_weights.size();
  auto has = [&](size_t k, size_t c) { return case_weights[k] > 0 && available[k][c] > 0; };
  std::vector<bool> exists(classes, false);
  for (size_t k = 0; k < cases; ++k)
    for (size_t c = 0; c < classes; ++c)
      if (has(k, c)) exists[c] = true;

  EpochPlan plan;
  plan.of_class = largest_remainder(patches, reachable(weights, exists), random);
  plan.counts.assign(cases, std::vector<int64_t>(classes, 0));
  const std::vector<int64_t> wanted = largest_remainder(patches, case_weights, random);
  std::vector<int64_t> taken(cases, 0);
  auto spread = [&](size_t c, const std::vector<double>& among) {
    auto parts = largest_remainder(plan.of_class[c], among, random);
    for (size_t k = 0; k < cases; ++k) plan.counts[k][c] = parts[k], taken[k] += parts[k];
  };
  for (size_t c = 1; c < classes; ++c) {
    std::vector<double> among(cases, 0);
    for (size_t k = 0; k < cases; ++k)
      if (has(k, c)) among[k] = case_weights[k];
    spread(c, among);
  }
  std::vector<double> room(cases, 0), plain(cases, 0);
  for (size_t k = 0; k < cases; ++k)
    if (has(k, 0)) room[k] = double(std::max<int64_t>(0, wanted[k] - taken[k])), plain[k] = case_weights[k];
  spread(0, std::accumulate(room.begin(), room.end(), 0.0) > 0 ? room : plain);
  return plan;
}

}  // namespace tomograd
