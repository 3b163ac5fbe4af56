// A Gaussian process over mixed points: constant plus Matérn 5/2 with one length per coordinate,
//
//   k(x, x') = constant + signal (1 + sqrt(5 q) + 5/3 q) exp(-sqrt(5 q)),   q = sum_j weight_j d_j(x, x')
//
// where d_j is the squared difference of numbers, and 0 or 1 for equal or different categories (Hamming). Written in the squared
// distance, its slope -5/6 (1 + sqrt(5 q)) exp(-sqrt(5 q)) stays finite where two points meet.
#pragma once

#include <Eigen/Dense>
#include <vector>

namespace tomograd {

// Points are columns. Coordinates of numbers lie in [0, 1]; those of categories are 0, 1, 2, ...
struct Points {
  Eigen::MatrixXd columns;                       // coordinates x points
  std::vector<char> category;                    // per coordinate: 1 = names, 0 = numbers
  Eigen::Index count() const { return columns.cols(); }
  Eigen::Index coordinates() const { return columns.rows(); }
};

struct Kernel {
  Eigen::VectorXd weight;                        // 1 / length^2 of each coordinate
  double signal = 1, noise = 1e-6;               // variances
  static constexpr double constant = 1;          // variance of the unknown mean, of values whose own is about 1
};

struct Posterior {
  double mean = 0, variance = 0;                 // of the function itself, without noise
};
struct PosteriorSlope : Posterior {
  Eigen::VectorXd mean_slope, variance_slope;    // by the coordinates that are numbers; 0 for categories
};

class GaussianProcess {
 public:
  GaussianProcess(Points points, Eigen::VectorXd values, Kernel kernel);

  Posterior at(const Eigen::VectorXd& x) const;
  PosteriorSlope slope_at(const Eigen::VectorXd& x) const;
  // The columns of `many` at once.
  void at(const Eigen::MatrixXd& many, Eigen::VectorXd& means, Eigen::VectorXd& variances) const;

  // One more observation, by one more row of the Cholesky factor: n^2 steps instead of n^3.
  void extend(const Eigen::VectorXd& x, double value);

  const Points& points() const { return points_; }
  const Eigen::VectorXd& values() const { return values_; }
  const Kernel& kernel() const { return kernel_; }
  const Eigen::MatrixXd& factor() const { return factor_; }  // lower triangle L, L L' = K + noise

 private:
  Eigen::MatrixXd covariances(const Eigen::MatrixXd& many) const;  // own points x columns of many
  Points points_;
  Eigen::VectorXd values_, solved_;              // solved_ = (K + noise)^-1 values
  Kernel kernel_;
  Eigen::MatrixXd factor_;
};

// The squared differences d_j of all pairs i < k, pair after pair; pairs x coordinates.
Eigen::MatrixXd pair_distances(const Points& points);

// log p(values | kernel) and its slope by (log weight_1 ... log weight_D, log signal, log noise); Rasmussen & Williams 2006, eq. 5.8 and 5.9.
double log_likelihood(const Eigen::MatrixXd& distances, const Eigen::VectorXd& values, const Kernel& kernel, Eigen::VectorXd* slope);

}  // namespace tomograd
