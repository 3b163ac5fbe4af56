#include "search/gaussian_process.h"

#include <cmath>
#include <limits>

namespace tomograd {
namespace {

constexpr double log_two_pi = 1.8378770664093454836;

// Matérn 5/2 of q = squared scaled distance, and its slope by q.
Eigen::ArrayXd matern(const Eigen::ArrayXd& q, Eigen::ArrayXd* slope) {
  Eigen::ArrayXd r = (5 * q).sqrt(), fall = (-r).exp();
  if (slope) *slope = (-5.0 / 6) * (1 + r) * fall;
  return (1 + r + (5.0 / 3) * q) * fall;
}

}  // namespace

GaussianProcess::GaussianProcess(Points points, Eigen::VectorXd values, Kernel kernel) : points_(std::move(points)), values_(std::move(values)), kernel_(std::move(kernel)) {
  Eigen::MatrixXd k = covariances(points_.columns);
  k.diagonal().array() += kernel_.noise;
  factor_ = k.llt().matrixL();
  solved_ = factor_.triangularView<Eigen::Lower>().solve(values_);
  factor_.triangularView<Eigen::Lower>().adjoint().solveInPlace(solved_);
}

Eigen::MatrixXd GaussianProcess::covariances(const Eigen::MatrixXd& many) const {
  const Eigen::Index n = points_.count(), dims = points_.coordinates();
  Eigen::MatrixXd result(n, many.cols());
  Eigen::ArrayXd q(n);
  const Eigen::MatrixXd rows = points_.columns.transpose();
  for (Eigen::Index c = 0; c < many.cols(); ++c) {
    q.setZero();
    for (Eigen::Index j = 0; j < dims; ++j) {
      const double x = many(j, c);
      if (points_.category[size_t(j)]) q += kernel_.weight[j] * (rows.col(j).array() != x).cast<double>();
      else q += kernel_.weight[j] * (rows.col(j).array() - x).square();
    }
    result.col(c) = Kernel::constant + kernel_.signal * matern(q, nullptr);
  }
  return result;
}

Posterior GaussianProcess::at(const Eigen::VectorXd& x) const {
  Eigen::VectorXd means, variances;
  at(Eigen::MatrixXd(x), means, variances);
  return {means[0], variances[0]};
}

void GaussianProcess::at(const Eigen::MatrixXd& many, Eigen::VectorXd& means, Eigen::VectorXd& variances) const {
  Eigen::MatrixXd k = covariances(many);
  means = k.transpose() * solved_;
  factor_.triangularView<Eigen::Lower>().solveInPlace(k);
  variances = (Kernel::constant + kernel_.signal - k.colwise().squaredNorm().array()).max(0).matrix().transpose();
}

PosteriorSlope GaussianProcess::slope_at(const Eigen::VectorXd& x) const {
  const Eigen::Index n = points_.count(), dims = points_.coordinates();
  Eigen::ArrayXd q(n), slope;
  for (Eigen::Index i = 0; i < n; ++i) {
    double sum = 0;
    for (Eigen::Index j = 0; j < dims; ++j) {
      const double d = points_.columns(j, i) - x[j];
      sum += kernel_.weight[j] * (points_.category[size_t(j)] ? double(d != 0) : d * d);
    }
    q[i] = sum;
  }
  Eigen::VectorXd k = (Kernel::constant + kernel_.signal * matern(q, &slope)).matrix();
  Eigen::VectorXd half = factor_.triangularView<Eigen::Lower>().solve(k);
  PosteriorSlope result;
  result.mean = k.dot(solved_);
  result.variance = std::max(0.0, Kernel::constant + kernel_.signal - half.squaredNorm());
  factor_.triangularView<Eigen::Lower>().adjoint().solveInPlace(half);
  slope *= 2 * kernel_.signal;
  Eigen::VectorXd by_mean = (slope * solved_.array()).matrix(), by_variance = (-2 * slope * half.array()).matrix();
  result.mean_slope = Eigen::VectorXd::Zero(dims), result.variance_slope = Eigen::VectorXd::Zero(dims);
  for (Eigen::Index j = 0; j < dims; ++j) {
    if (points_.category[size_t(j)]) continue;
    const Eigen::VectorXd away = (x[j] - points_.columns.row(j).array()).matrix().transpose();
    result.mean_slope[j] = kernel_.weight[j] * away.dot(by_mean);
    result.variance_slope[j] = kernel_.weight[j] * away.dot(by_variance);
  }
  return result;
}

void GaussianProcess::extend(const Eigen::VectorXd& x, double value) {
  const Eigen::Index n = points_.count();
  Eigen::VectorXd row = covariances(Eigen::MatrixXd(x)).col(0);
  factor_.triangularView<Eigen::Lower>().solveInPlace(row);
  const double rest = Kernel::constant + kernel_.signal + kernel_.noise - row.squaredNorm();
  factor_.conservativeResize(n + 1, n + 1);
  factor_.col(n).head(n).setZero();
  factor_.row(n).head(n) = row.transpose();
  factor_(n, n) = std::sqrt(std::max(rest, 0.5 * kernel_.noise));  // rounding alone can take it below the noise
  points_.columns.conservativeResize(Eigen::NoChange, n + 1);
  points_.columns.col(n) = x;
  values_.conservativeResize(n + 1);
  values_[n] = value;
  solved_ = factor_.triangularView<Eigen::Lower>().solve(values_);
  factor_.triangularView<Eigen::Lower>().adjoint().solveInPlace(solved_);
}

Eigen::MatrixXd pair_distances(const Points& points) {
  const Eigen::Index n = points.count(), dims = points.coordinates();
  Eigen::MatrixXd distances(n * (n - 1) / 2, dims);
  for (Eigen::Index j = 0; j < dims; ++j) {
    Eigen::Index pair = 0;
    for (Eigen::Index i = 0; i < n; ++i)
      for (Eigen::Index k = i + 1; k < n; ++k, ++pair) {
        const double d = points.columns(j, i) - points.columns(j, k);
        distances(pair, j) = points.category[size_t(j)] ? double(d != 0) : d * d;
      }
  }
  return distances;
}

double log_likelihood(const Eigen::MatrixXd& distances, const Eigen::VectorXd& values, const Kernel& kernel, Eigen::VectorXd* slope) {
  const Eigen::Index n = values.size(), dims = distances.cols();
  Eigen::ArrayXd by_distance, k = matern((distances * kernel.weight).array(), slope ? &by_distance : nullptr);
  Eigen::MatrixXd covariance(n, n);
  for (Eigen::Index i = 0, pair = 0; i < n; pair += n - 1 - i, ++i) {
    covariance(i, i) = Kernel::constant + kernel.signal + kernel.noise;
    covariance.col(i).tail(n - 1 - i) = (Kernel::constant + kernel.signal * k.segment(pair, n - 1 - i)).matrix();
  }
  Eigen::LLT<Eigen::MatrixXd> llt(covariance.selfadjointView<Eigen::Lower>());
  if (llt.info() != Eigen::Success) return -std::numeric_limits<double>::infinity();
  Eigen::VectorXd solved = llt.solve(values);
  double result = -0.5 * values.dot(solved) - llt.matrixLLT().diagonal().array().log().sum() - 0.5 * double(n) * log_two_pi;
  if (!slope) return result;
  // (a a' - K^-1) / 2, of which only the lower triangle is used
  Eigen::MatrixXd inverse = Eigen::MatrixXd::Identity(n, n);
  llt.matrixL().solveInPlace(inverse);
  Eigen::MatrixXd g = Eigen::MatrixXd::Zero(n, n);
  g.selfadjointView<Eigen::Lower>().rankUpdate(inverse.adjoint(), -1.0);
  g.selfadjointView<Eigen::Lower>().rankUpdate(solved);
  Eigen::VectorXd pairs(distances.rows());
  for (Eigen::Index i = 0, pair = 0; i < n; pair += n - 1 - i, ++i) pairs.segment(pair, n - 1 - i) = g.col(i).tail(n - 1 - i);
  slope->resize(dims + 2);
  const double trace = 0.5 * g.diagonal().sum();
  (*slope)[dims] = kernel.signal * (pairs.dot(k.matrix()) + trace);
  (*slope)[dims + 1] = kernel.noise * trace;
  pairs = (pairs.array() * by_distance * kernel.signal).matrix();
  slope->head(dims) = (distances.transpose() * pairs).cwiseProduct(kernel.weight);
  return result;
}

}  // namespace tomograd
