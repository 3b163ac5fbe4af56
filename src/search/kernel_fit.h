// What makes measured values fit for a Gaussian process, and its kernel by maximal marginal likelihood with weak priors.
#pragma once

#include "base/random.h"
#include "search/gaussian_process.h"

namespace tomograd {

// Mean 0, standard deviation 1; all 0 where all are equal.
Eigen::VectorXd standardised(Eigen::VectorXd values);

// How values were bent: standardised, raised to a Yeo-Johnson power (unless they are all alike), standardised again.
struct Bend {
  double mean = 0, deviation = 1, power = 1, bent_mean = 0, bent_deviation = 1;
  bool bent = false;
  double value(double of_bent) const;            // back; not a number where the power reaches nothing
  double slope(double of_bent) const;            // of value()
};

// Standardised, bent by the Yeo-Johnson power (Biometrika 87, 2000) that makes them most like a normal sample, and standardised again: keeps
// the order, takes the weight from a few large values.
Eigen::VectorXd bent_to_normal(const Eigen::VectorXd& values, Bend* bend = nullptr);

// The kernel with the highest posterior for values of about unit variance. Priors are normal in the logarithms: lengths about the square root
// of the number of coordinates (as the distance of random points grows) with a factor of 4.5 either way, signal about 1, noise about 1e-4 with a floor of
// 1e-7. Several starts, drawn from `random`.
Kernel fitted_kernel(const Points& points, const Eigen::VectorXd& values, Random& random);

}  // namespace tomograd
