// How much a point promises: the logarithm of its expected improvement times the squared probability that a trial there does not fail. Squared,
// because the best settings often lie where trials begin to fail (a patch that only just fits the memory): the plain product bets on the far side of that
// border, and a failure there says nothing of the objective.
#pragma once

#include <Eigen/Dense>
#include <optional>

#include "search/gaussian_process.h"

namespace tomograd {

struct Surrogate {
  GaussianProcess objective;                     // smaller is better
  std::optional<GaussianProcess> success;        // 1 = complete, -1 = failed; absent while nothing failed
  double best = 0;                               // that improvements are counted from: the lowest posterior mean of the observed points
  double inflation = 1;                          // of the objective's variance
};

// log(EI) + 2 log P(success); far from any hope still a number with a slope. The gradient by the coordinates that are numbers, if wanted.
double promise(const Surrogate& surrogate, const Eigen::VectorXd& x, Eigen::VectorXd* slope = nullptr);
Eigen::VectorXd promises(const Surrogate& surrogate, const Eigen::MatrixXd& many);

// The same, for people: what the model says of a point, and the two factors of its promise.
struct PromiseParts {
  Posterior objective;
  double log_improvement = 0;                    // log(EI)
  double success = 1;                            // probability that a trial there does not fail
};
PromiseParts promise_parts(const Surrogate& surrogate, const Eigen::VectorXd& x);

// MATLAB's "-plus" rule (Bull, JMLR 12, 2011): true when the point is over-exploited, its own standard deviation below half of the noise's.
bool over_exploiting(const Surrogate& surrogate, const Eigen::VectorXd& x);

}  // namespace tomograd
