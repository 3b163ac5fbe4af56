#include "search/acquisition.h"

#include <cmath>

#include "search/expected_improvement.h"

namespace tomograd {
namespace {

constexpr double least_variance = 1e-18;         // keeps log(s) finite where a point was measured without noise
constexpr double exploration_ratio = 0.5;

double log_expected_improvement(const Surrogate& surrogate, const Posterior& at, double* by_mean = nullptr, double* by_variance = nullptr) {
  const double s = std::sqrt(surrogate.inflation * at.variance + least_variance), z = (surrogate.best - at.mean) / s;
  double by_z = 0;
  const double h = log_improvement(z, &by_z);
  if (by_mean) *by_mean = -by_z / s;
  if (by_variance) *by_variance = (1 - z * by_z) / (2 * s * s) * surrogate.inflation;
  return std::log(s) + h;
}

// 2 log P(a success above 0), as for a probit model.
double log_success_squared(const GaussianProcess& success, const Posterior& at, double* by_mean = nullptr, double* by_variance = nullptr) {
  const double variance = at.variance + success.kernel().noise, s = std::sqrt(variance), z = at.mean / s;
  double by_z = 0;
  const double share = log_normal_share(z, &by_z);
  if (by_mean) *by_mean = 2 * by_z / s;
  if (by_variance) *by_variance = -by_z * z / variance;
  return 2 * share;
}

}  // namespace

double promise(const Surrogate& surrogate, const Eigen::VectorXd& x, Eigen::VectorXd* slope) {
  if (!slope) return promises(surrogate, Eigen::MatrixXd(x))[0];
  double by_mean = 0, by_variance = 0;
  const PosteriorSlope at = surrogate.objective.slope_at(x);
  double result = log_expected_improvement(surrogate, at, &by_mean, &by_variance);
  *slope = by_mean * at.mean_slope + by_variance * at.variance_slope;
  if (surrogate.success) {
    const PosteriorSlope success = surrogate.success->slope_at(x);
    result += log_success_squared(*surrogate.success, success, &by_mean, &by_variance);
    *slope += by_mean * success.mean_slope + by_variance * success.variance_slope;
  }
  return result;
}

Eigen::VectorXd promises(const Surrogate& surrogate, const Eigen::MatrixXd& many) {
  Eigen::VectorXd means, variances, result(many.cols());
  surrogate.objective.at(many, means, variances);
  for (Eigen::Index i = 0; i < many.cols(); ++i) result[i] = log_expected_improvement(surrogate, {means[i], variances[i]});
  if (surrogate.success) {
    surrogate.success->at(many, means, variances);
    for (Eigen::Index i = 0; i < many.cols(); ++i) result[i] += log_success_squared(*surrogate.success, {means[i], variances[i]});
  }
  return result;
}

PromiseParts promise_parts(const Surrogate& surrogate, const Eigen::VectorXd& x) {
  PromiseParts parts;
  parts.objective = surrogate.objective.at(x);
  parts.log_improvement = log_expected_improvement(surrogate, parts.objective);
  if (surrogate.success) parts.success = std::exp(log_success_squared(*surrogate.success, surrogate.success->at(x)) / 2);
  return parts;
}

bool over_exploiting(const Surrogate& surrogate, const Eigen::VectorXd& x) {
  return std::sqrt(surrogate.objective.at(x).variance) < exploration_ratio * std::sqrt(surrogate.objective.kernel().noise);
}

}  // namespace tomograd
