#include "evaluation/paired_statistics.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "base/error.h"

namespace tomograd {
namespace {

constexpr double pi = 3.141592653589793238462643;
constexpr double nan_value = std::numeric_limits<double>::quiet_NaN();

void check_finite(const std::vector<double>& values, const char* what) {
  for (size_t i = 0; i < values.size(); ++i)
    if (!std::isfinite(values[i])) fail_input(text(what, " number ", i + 1, " is ", values[i], ", must be finite"));
}

// Twice the average ranks of |values|: whole numbers, so that sums of them are exact.
std::vector<int64_t> doubled_ranks(const std::vector<double>& values, double* tie_term) {
  std::vector<size_t> order(values.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return std::abs(values[a]) < std::abs(values[b]); });
  std::vector<int64_t> ranks(values.size());
  for (size_t first = 0; first < order.size();) {
    size_t end = first + 1;
    while (end < order.size() && std::abs(values[order[end]]) == std::abs(values[order[first]])) ++end;
    for (size_t i = first; i < end; ++i) ranks[order[i]] = int64_t(first + 1 + end);
    double t = double(end - first);
    *tie_term += t * t * t - t;
    first = end;
  }
  return ranks;
}

// Distribution of the sum over a random subset of `weights`, each taken with chance 1/2. Up to 50 weights every number is a
// multiple of 2^-50 and thus exact in a double.
std::vector<double> subset_sums(const std::vector<int64_t>& weights) {
  std::vector<double> chance(size_t(std::accumulate(weights.begin(), weights.end(), int64_t{0})) + 1, 0.0);
  chance[0] = 1;
  int64_t reached = 0;
  for (int64_t w : weights) {
    for (int64_t s = reached + w; s >= 0; --s)
      chance[size_t(s)] = 0.5 * ((s <= reached ? chance[size_t(s)] : 0) + (s >= w ? chance[size_t(s - w)] : 0));
    reached += w;
  }
  return chance;
}

}  // namespace

Wilcoxon wilcoxon_signed_rank(const std::vector<double>& differences) {
  check_finite(differences, "difference");
  std::vector<double> d;
  std::copy_if(differences.begin(), differences.end(), std::back_inserter(d), [](double v) { return v != 0; });
  Wilcoxon result;
  result.n = int64_t(d.size());
  double tie_term = 0;
  std::vector<int64_t> ranks = doubled_ranks(d, &tie_term);
  int64_t plus = 0, minus = 0;
  for (size_t i = 0; i < d.size(); ++i) (d[i] > 0 ? plus : minus) += ranks[i];
  result.w_plus = double(plus) / 2;
  result.w_minus = double(minus) / 2;
  if (d.empty()) return result;

  result.exact = d.size() <= 50;
  if (result.exact) {
    std::vector<double> chance = subset_sums(ranks);
    double tail = 0;
    for (int64_t s = 0; s <= std::min(plus, minus); ++s) tail += chance[size_t(s)];
    result.p_two_sided = std::min(1.0, 2 * tail);
  } else {  // no continuity correction
    double n = double(d.size()), variance = n * (n + 1) * (2 * n + 1) / 24 - tie_term / 48;
    double distance = std::abs(result.w_plus - n * (n + 1) / 4) / std::sqrt(variance);
    result.p_two_sided = std::erfc(distance / std::sqrt(2.0));
  }
  return result;
}

double smallest_p(int64_t n) { return n < 1 ? 1 : std::ldexp(2.0, int(-std::min<int64_t>(n, 1000))); }

// The k-th smallest and k-th largest Walsh average enclose the centre of a symmetric distribution with chance
// 1 - 2 P(W+ <= k - 1) (Hollander & Wolfe, section 3.3). The widest interval, k = 1, is what few pairs can offer at most.
Interval hodges_lehmann(const std::vector<double>& differences, double wanted_coverage) {
  check_finite(differences, "difference");
  if (differences.empty()) return {nan_value, nan_value, nan_value, 0};
  int64_t n = int64_t(differences.size());
  std::vector<double> walsh;
  walsh.reserve(size_t(n * (n + 1) / 2));
  for (size_t i = 0; i < differences.size(); ++i)
    for (size_t j = i; j < differences.size(); ++j) walsh.push_back(0.5 * differences[i] + 0.5 * differences[j]);
  std::sort(walsh.begin(), walsh.end());

  std::vector<int64_t> ranks(differences.size());
  std::iota(ranks.begin(), ranks.end(), int64_t{1});
  std::vector<double> chance = subset_sums(ranks);
  size_t k = 1;
  double tail = chance[0];  // P(W+ <= k - 1)
  while (k < walsh.size() / 2 && 1 - 2 * (tail + chance[k]) >= wanted_coverage) tail += chance[k++];

  size_t m = walsh.size();
  double centre = m % 2 ? walsh[m / 2] : 0.5 * walsh[m / 2 - 1] + 0.5 * walsh[m / 2];
  return {centre, walsh[k - 1], walsh[m - k], std::max(0.0, 1 - 2 * tail)};
}

// Finite sums for whole degrees of freedom (Abramowitz & Stegun, 26.7.3 and 26.7.4).
double student_p(double t, int64_t degrees) {
  if (degrees < 1 || std::isnan(t)) return nan_value;
  double angle = std::atan2(std::abs(t), std::sqrt(double(degrees))), sine = std::sin(angle), cosine = std::cos(angle);
  bool odd = degrees % 2 == 1;
  double term = odd ? cosine : 1, sum = degrees == 1 ? 0 : term;
  for (int64_t k = odd ? 2 : 1; k <= degrees - 3; k += 2) sum += term *= double(k) / double(k + 1) * cosine * cosine;
  double inside = odd ? 2 / pi * (angle + sine * sum) : sine * sum;
  return std::max(0.0, 1 - inside);
}

double student_quantile(double chance, int64_t degrees) {
  double low = 0, high = 1;
  while (1 - student_p(high, degrees) < chance && high < 1e15) high *= 2;
  for (int step = 0; step < 200 && low < high; ++step) {
    double middle = 0.5 * (low + high);
    if (middle <= low || middle >= high) break;
    (1 - student_p(middle, degrees) < chance ? low : high) = middle;
  }
  return high;
}

PairedTest paired_test(const std::vector<double>& differences, const std::vector<double>& trainings, double wanted_coverage) {
  check_finite(trainings, "training");
  PairedTest result{hodges_lehmann(differences, wanted_coverage), wilcoxon_signed_rank(differences).p_two_sided};
  if (trainings.empty()) return result;
  if (trainings.size() == 1) {
    result.p = 1;
    return result;
  }
  double count = double(trainings.size()), centre = std::accumulate(trainings.begin(), trainings.end(), 0.0) / count, squares = 0;
  for (double mean : trainings) squares += (mean - centre) * (mean - centre);
  int64_t degrees = int64_t(trainings.size()) - 1;
  double error = std::sqrt(squares / (count - 1) / count), reach = error * student_quantile(wanted_coverage, degrees);
  result.p = std::max(result.p, error > 0 ? student_p(centre / error, degrees) : double(centre == 0));
  result.interval.low = std::min(result.interval.low, centre - reach);
  result.interval.high = std::max(result.interval.high, centre + reach);
  return result;
}

std::vector<double> holm(const std::vector<double>& p) {
  std::vector<size_t> order;
  for (size_t i = 0; i < p.size(); ++i)
    if (!std::isnan(p[i])) order.push_back(i);
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return p[a] < p[b]; });
  std::vector<double> adjusted(p.size(), nan_value);
  double largest = 0;
  for (size_t i = 0; i < order.size(); ++i) {
    largest = std::max(largest, std::min(1.0, double(order.size() - i) * p[order[i]]));
    adjusted[order[i]] = largest;
  }
  return adjusted;
}

double kendall_tau(const std::vector<double>& a, const std::vector<double>& b) {
  if (a.size() != b.size()) fail_input(text("Kendall's tau of ", a.size(), " and ", b.size(), " values, both lists must be equally long"));
  check_finite(a, "value");
  check_finite(b, "value");
  double score = 0, untied_a = 0, untied_b = 0;
  for (size_t i = 0; i < a.size(); ++i)
    for (size_t j = 0; j < i; ++j) {
      double da = double(a[i] > a[j]) - double(a[i] < a[j]), db = double(b[i] > b[j]) - double(b[i] < b[j]);
      score += da * db;
      untied_a += da * da;
      untied_b += db * db;
    }
  return untied_a == 0 || untied_b == 0 ? nan_value : score / std::sqrt(untied_a * untied_b);
}

// Method of moments of the one-way random effects model (Searle, Casella & McCulloch, Variance Components, 3.6), for rows
// of any length.
VarianceParts variance_parts(const std::vector<std::vector<double>>& table) {
  double count = 0, squares_of_counts = 0, sum = 0, patients = 0;
  for (const auto& row : table) {
    check_finite(row, "value");
    if (row.empty()) continue;
    patients += 1;
    count += double(row.size());
    squares_of_counts += double(row.size()) * double(row.size());
    sum += std::accumulate(row.begin(), row.end(), 0.0);
  }
  if (patients == 0) return {nan_value, nan_value};
  double grand = sum / count, between = 0, within = 0;
  for (const auto& row : table) {
    if (row.empty()) continue;
    double mean = std::accumulate(row.begin(), row.end(), 0.0) / double(row.size());
    between += double(row.size()) * (mean - grand) * (mean - grand);
    for (double v : row) within += (v - mean) * (v - mean);
  }
  VarianceParts parts;
  bool repeated = count > patients;
  parts.seed = repeated ? within / (count - patients) : nan_value;
  if (patients < 2) parts.patient = nan_value;
  else {
    double size = (count - squares_of_counts / count) / (patients - 1);
    parts.patient = std::max(0.0, (between / (patients - 1) - (repeated ? parts.seed : 0)) / size);
  }
  return parts;
}

}  // namespace tomograd
