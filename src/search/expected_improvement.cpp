#include "search/expected_improvement.h"

#include <cmath>

namespace tomograd {
namespace {

constexpr double log_sqrt_two_pi = 0.91893853320467274178;

// C in Phi(-t) / phi(t) = 1 / (t + C), the continued fraction 1 / (t + 2 / (t + 3 / ...)); from t = 2 on 80 terms are exact.
// 1 - t / (t + C) = C / (t + C) then has no cancellation.
double mills_rest(double t) {
  double tail = t;
  for (int k = 80; k >= 2; --k) tail = t + k / tail;
  return 1 / tail;
}

}  // namespace

double normal_density(double z) { return std::exp(-0.5 * z * z - log_sqrt_two_pi); }
double normal_share(double z) { return 0.5 * std::erfc(-z * M_SQRT1_2); }

double log_improvement(double z, double* slope) {
  if (z > -2) {
    double share = normal_share(z), improvement = normal_density(z) + z * share;
    if (slope) *slope = share / improvement;
    return std::log(improvement);
  }
  double t = -z, rest = mills_rest(t);
  if (slope) *slope = 1 / rest;                  // Phi / h = (1 / (t + C)) / (C / (t + C))
  return -0.5 * t * t - log_sqrt_two_pi + std::log(rest / (t + rest));
}

double log_normal_share(double z, double* slope) {
  if (z > -2) {
    double share = normal_share(z);
    if (slope) *slope = normal_density(z) / share;
    return std::log(share);
  }
  double t = -z, rest = mills_rest(t);
  if (slope) *slope = t + rest;
  return -0.5 * t * t - log_sqrt_two_pi - std::log(t + rest);
}

}  // namespace tomograd
