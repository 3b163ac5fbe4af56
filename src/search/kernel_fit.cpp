#include "search/kernel_fit.h"

#include <cmath>
#include <limits>

#include "search/lbfgs.h"

namespace tomograd {
namespace {

struct Prior {  // normal, of a logarithm
  double mean, deviation, low, high;
};
// The wide prior of the weights matters most: along a coordinate that does nothing, and over a landscape that is a cone from afar, lengths must be free
// to grow to many times the box.
constexpr double weight_deviation = 3, least_weight = -10, most_weight = 8;
constexpr Prior signal_prior{0, 1, -4, 5}, noise_prior{-9, 2, -16.1, 0};  // exp(-16.1) = 1e-7
constexpr int starts = 2, most_steps = 30;

double yeo_johnson(double v, double power) {
  if (v >= 0) return std::abs(power) < 1e-8 ? std::log1p(v) : (std::pow(1 + v, power) - 1) / power;
  const double other = 2 - power;
  return std::abs(other) < 1e-8 ? -std::log1p(-v) : -(std::pow(1 - v, other) - 1) / other;
}

double inverse_yeo_johnson(double bent, double power) {
  if (bent >= 0) return std::abs(power) < 1e-8 ? std::expm1(bent) : std::pow(1 + power * bent, 1 / power) - 1;
  const double other = 2 - power;
  return std::abs(other) < 1e-8 ? -std::expm1(-bent) : 1 - std::pow(1 - other * bent, 1 / other);
}

struct MeanAndDeviation {
  explicit MeanAndDeviation(const Eigen::VectorXd& values) : mean(values.mean()), deviation(std::sqrt((values.array() - mean).matrix().squaredNorm() / double(values.size()))) {
    if (!(deviation > 0)) deviation = 1;
  }
  double mean, deviation;
};

Kernel kernel_of(const Eigen::VectorXd& logarithms) {
  const Eigen::Index dims = logarithms.size() - 2;
  return {logarithms.head(dims).array().exp().matrix(), std::exp(logarithms[dims]), std::exp(logarithms[dims + 1])};
}

}  // namespace

Eigen::VectorXd standardised(Eigen::VectorXd values) {
  values.array() -= values.mean();
  const double deviation = std::sqrt(values.squaredNorm() / double(values.size()));
  if (deviation > 0) values /= deviation;
  return values;
}

double Bend::value(double of_bent) const {
  const double plain = bent ? inverse_yeo_johnson(bent_mean + bent_deviation * of_bent, power) : of_bent;
  return mean + deviation * plain;
}

double Bend::slope(double of_bent) const {
  if (!bent) return deviation;
  const double plain = (value(of_bent) - mean) / deviation;
  return deviation * bent_deviation * std::pow(1 + std::abs(plain), plain >= 0 ? 1 - power : power - 1);
}

Eigen::VectorXd bent_to_normal(const Eigen::VectorXd& values, Bend* bend) {
  const Eigen::VectorXd plain = standardised(values);
  Bend found;
  const MeanAndDeviation given(values);
  found.mean = given.mean, found.deviation = given.deviation;
  if (bend) *bend = found;
  const double n = double(plain.size());
  double stretch = 0;                            // log of the Jacobian per unit of power - 1
  for (double v : plain) stretch += v >= 0 ? std::log1p(v) : -std::log1p(-v);
  Eigen::VectorXd best = plain;
  double highest = -std::numeric_limits<double>::infinity();
  for (int i = -80; i <= 120; ++i) {
    const double power = 0.05 * i;
    const Eigen::VectorXd bent = plain.unaryExpr([&](double v) { return yeo_johnson(v, power); });
    const double variance = (bent.array() - bent.mean()).square().mean();
    if (!(variance > 0)) return plain;
    const double likelihood = -0.5 * n * std::log(variance) + (power - 1) * stretch - 0.5 * std::pow((power - 1) / 3, 2);
    if (likelihood > highest) highest = likelihood, best = bent, found.power = power;
  }
  const MeanAndDeviation again(best);
  found.bent = true, found.bent_mean = again.mean, found.bent_deviation = again.deviation;
  if (bend) *bend = found;
  return standardised(std::move(best));
}

Kernel fitted_kernel(const Points& points, const Eigen::VectorXd& values, Random& random) {
  const Eigen::Index dims = points.coordinates();
  const Eigen::MatrixXd distances = pair_distances(points);
  std::vector<Prior> priors(size_t(dims), {-std::log(double(dims)), weight_deviation, least_weight, most_weight});
  priors.push_back(signal_prior);
  priors.push_back(noise_prior);
  BoxSearch search{Eigen::VectorXd(dims + 2), Eigen::VectorXd(dims + 2), most_steps, 1e-3};
  for (size_t i = 0; i < priors.size(); ++i) search.low[Eigen::Index(i)] = priors[i].low, search.high[Eigen::Index(i)] = priors[i].high;

  const SmoothFunction against = [&](const Eigen::VectorXd& at, Eigen::VectorXd& slope) {
    double posterior = log_likelihood(distances, values, kernel_of(at), &slope);
    if (!std::isfinite(posterior)) return std::numeric_limits<double>::infinity();
    for (Eigen::Index i = 0; i < at.size(); ++i) {
      const Prior& prior = priors[size_t(i)];
      const double z = (at[i] - prior.mean) / prior.deviation;
      posterior -= 0.5 * z * z, slope[i] -= z / prior.deviation;
    }
    slope = -slope;
    return -posterior;
  };
  BoxMinimum best;
  for (int start = 0; start < starts; ++start) {
    Eigen::VectorXd at(dims + 2);                // first a lively function without noise, then any with some
    for (Eigen::Index j = 0; j < dims; ++j) at[j] = priors[0].mean + (start == 0 ? 1 : random.normal());
    at[dims] = signal_prior.mean;
    at[dims + 1] = start % 2 == 0 ? noise_prior.mean : -3;
    BoxMinimum found = minimise(against, at, search);
    if (start == 0 || found.value < best.value) best = std::move(found);
  }
  return kernel_of(best.at);
}

}  // namespace tomograd
