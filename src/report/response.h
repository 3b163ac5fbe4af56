// The metric as a function of two variables: what a Gaussian process that is fitted to the trials expects, the other variables
// at the values of the best configuration.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "report/importance.h"

namespace tomograd {

struct Response {
  size_t x = 0, y = 0;                           // which variables
  int64_t columns = 0, rows = 0;                 // cells; listed values have one each
  std::vector<double> mean, deviation;           // [row][column], at the cells' centres; deviation: of the function, without noise
  double noise = 0;                              // standard deviation of one trial about the function
  std::vector<double> others;                    // [variable] where the other variables stand, 0 to 1
};

// x and y: places in points.values; others: the point they are read at.
Response response(const ImportancePoints& points, size_t x, size_t y, const std::vector<double>& others);

constexpr int64_t least_points_for_response = 8;

}  // namespace tomograd
