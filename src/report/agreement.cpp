#include "report/agreement.h"

#include <algorithm>
#include <cmath>

#include "evaluation/paired_statistics.h"
#include "report/numbers.h"

namespace tomograd {
namespace {

double correlation(const std::vector<double>& a, const std::vector<double>& b) {
  double mean_a = mean_of(a), mean_b = mean_of(b), both = 0, of_a = 0, of_b = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    both += (a[i] - mean_a) * (b[i] - mean_b);
    of_a += (a[i] - mean_a) * (a[i] - mean_a), of_b += (b[i] - mean_b) * (b[i] - mean_b);
  }
  return of_a > 0 && of_b > 0 ? both / std::sqrt(of_a * of_b) : nothing;
}

std::vector<double> ranks(const std::vector<double>& values) {
  std::vector<double> result;
  for (double v : values) {
    double below = double(std::count_if(values.begin(), values.end(), [&](double w) { return w < v; })), equal = double(std::count(values.begin(), values.end(), v));
    result.push_back(below + (equal + 1) / 2);
  }
  return result;
}

// Orders of n things by their number of inversions against a fixed order (Mahonian numbers): the i-th thing, put anywhere among the i - 1
// before it, adds 0 to i - 1 of them. tau = 1 - 4 inversions / (n (n - 1)). With ties there is no such list of orders.
double share_of_orders(const std::vector<double>& a, const std::vector<double>& b) {
  size_t n = a.size(), inversions = 0;
  for (size_t i = 0; i < n; ++i)
    for (size_t j = 0; j < i; ++j) {
      if (a[i] == a[j] || b[i] == b[j]) return nothing;
      inversions += (a[i] < a[j]) != (b[i] < b[j]);
    }
  std::vector<double> share = {1};
  for (size_t i = 2; i <= n; ++i) {
    std::vector<double> next(share.size() + i - 1);
    for (size_t k = 0; k < share.size(); ++k)
      for (size_t added = 0; added < i; ++added) next[k + added] += share[k] / double(i);
    share = std::move(next);
  }
  double sum = 0;
  for (size_t k = 0; k <= inversions; ++k) sum += share[k];
  return sum;
}

}  // namespace

Agreement agreement(const std::vector<double>& a, const std::vector<double>& b) {
  if (a.size() < 2) return {nothing, nothing, nothing, nothing, nothing, nothing};
  std::vector<double> apart, more;
  for (size_t i = 0; i < a.size(); ++i) apart.push_back(std::abs(b[i] - a[i])), more.push_back(b[i] - a[i]);
  return {kendall_tau(a, b), correlation(a, b), correlation(ranks(a), ranks(b)), mean_of(apart), mean_of(more), share_of_orders(a, b)};
}

}  // namespace tomograd
