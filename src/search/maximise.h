// The point of the search space that promises most: many candidates at once, then a climb from the best of them by gradients in the numbers and
// by steps to neighbours in everything discrete, in turns.
#pragma once

#include <functional>

#include "search/acquisition.h"
#include "search/search_space.h"

namespace tomograd {

struct Region {
  Eigen::VectorXd low, high;                     // bounds of the coordinates that are numbers
};

struct Promise {
  Eigen::VectorXd at;
  double value = 0;
};

// Points that were tried are passed over wherever there is another one. Candidates: columns, snapped.
Promise most_promising(const Surrogate& surrogate, const SearchSpace& space, const Eigen::MatrixXd& candidates, const Region& region, const Eigen::MatrixXd& tried);

// Whether x is one of the columns, up to 1e-9 in every coordinate.
bool contains(const Eigen::MatrixXd& columns, const Eigen::VectorXd& x);

}  // namespace tomograd
