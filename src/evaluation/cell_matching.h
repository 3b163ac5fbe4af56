// Predicted against true cells: the best one-to-one matching of points within a radius, and what it says.
#pragma once

#include <array>
#include <cstdint>
#include <utility>
#include <vector>

namespace tomograd {

using Point = std::array<double, 3>;             // Z, Y, X in um

// As many pairs no further apart than `radius_um` as possible, and of all such matchings the one with the least sum of distances
// (to the picometre). Pairs (index in a, index in b), ascending. Exact: groups of points that have nothing to do with each other
// are matched apart, each by shortest augmenting paths.
std::vector<std::pair<int64_t, int64_t>> match_points(const std::vector<Point>& a, const std::vector<Point>& b, double radius_um);

struct CellScore {
  double radius_um = 0;
  int64_t predicted = 0, actual = 0, matched = 0;
  double mean_distance_um = 0;                   // of the matched; NaN without any
  // No match: 0. Nothing predicted and nothing there: 1.
  double precision() const;
  double recall() const;
  double f1() const;
};
CellScore score_cells(const std::vector<Point>& predicted, const std::vector<Point>& actual, double radius_um);

}  // namespace tomograd
