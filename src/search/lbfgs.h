// Minimising a smooth function of a few variables in a box: L-BFGS with the two-loop recursion (Nocedal & Wright, Numerical
// Optimization, 2nd ed., algorithm 7.4), steps projected onto the box, backtracking until the decrease is sufficient. A variable that
// rests on a bound and is pushed against it is left out of the step.
#pragma once

#include <Eigen/Dense>
#include <functional>

namespace tomograd {

struct BoxMinimum {
  Eigen::VectorXd at;
  double value = 0;
  int evaluations = 0;
};

// Value at x, and its gradient (already of the right size). A value that is no finite number counts as a step too far.
using SmoothFunction = std::function<double(const Eigen::VectorXd& x, Eigen::VectorXd& gradient)>;

struct BoxSearch {
  Eigen::VectorXd low, high;
  int most_steps = 50;
  double tolerance = 1e-6;                       // of the largest entry of the projected gradient, and of the relative decrease
};

// From `start` (moved into the box); the best point found, never worse than the start.
BoxMinimum minimise(const SmoothFunction& function, Eigen::VectorXd start, const BoxSearch& search);

}  // namespace tomograd
