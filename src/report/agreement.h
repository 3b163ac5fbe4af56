// How far two ways of measuring the same things agree: in their order, along a line, and in their values. Private to this room.
#pragma once

#include <vector>

namespace tomograd {

struct Agreement {                               // NaN where it cannot be had: fewer than two things, or all alike
  double tau = 0;                                // Kendall's tau-b
  double pearson = 0, spearman = 0;              // correlation of the values and of their ranks, ties with average ranks
  double distance = 0;                           // mean absolute difference
  double excess = 0;                             // mean of b - a
  double chance = 0;                             // share of all orders of so many things that agree with a's at least as well as b's
};

// a and b: values of the same things in the same order, finite.
Agreement agreement(const std::vector<double>& a, const std::vector<double>& b);

}  // namespace tomograd
