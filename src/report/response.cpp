#include "report/response.h"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>

#include "report/numbers.h"
#include "search/gaussian_process.h"
#include "search/kernel_fit.h"

namespace tomograd {
namespace {

constexpr int64_t cells_of_range = 32;
constexpr size_t most_points = 200;              // fitting takes time with their cube; evenly by rank

// A place of 0 to 1 as a coordinate of the process: listed values are categories, unset ones rest where no distance is added.
double coordinate(const ImportancePoints& points, size_t v, double at) {
  if (points.values[v] == 0) return std::isfinite(at) ? at : 0.5;
  return std::isfinite(at) ? double(std::min(points.values[v] - 1, int64_t(at * double(points.values[v])))) : -1;
}

}  // namespace

Response response(const ImportancePoints& points, size_t x, size_t y, const std::vector<double>& others) {
  size_t n = points.metric.size(), used = std::min(n, most_points), variables = points.values.size();
  std::vector<size_t> order(n);
  for (size_t i = 0; i < n; ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return points.metric[a] > points.metric[b]; });
  Points taken{Eigen::MatrixXd(Eigen::Index(variables), Eigen::Index(used)), std::vector<char>(variables)};
  Eigen::VectorXd metric = Eigen::VectorXd::Zero(Eigen::Index(used));
  std::vector<double> metrics;
  for (size_t v = 0; v < variables; ++v) taken.category[v] = points.values[v] > 0;
  for (size_t i = 0; i < used; ++i) {
    size_t from = order[used > 1 ? i * (n - 1) / (used - 1) : 0];
    for (size_t v = 0; v < variables; ++v) taken.columns(Eigen::Index(v), Eigen::Index(i)) = coordinate(points, v, points.at[from][v]);
    metric[Eigen::Index(i)] = points.metric[from], metrics.push_back(points.metric[from]);
  }
  double mean = mean_of(metrics), scale = 0;
  for (double m : metrics) scale += (m - mean) * (m - mean) / double(used);
  scale = std::sqrt(scale);
  Eigen::VectorXd values = standardised(metric);
  Random random(1, "report/response");
  Kernel kernel = fitted_kernel(taken, values, random);
  GaussianProcess process(taken, values, kernel);

  Response result;
  result.x = x, result.y = y, result.others = others, result.noise = std::sqrt(kernel.noise) * scale;
  result.columns = points.values[x] > 0 ? points.values[x] : cells_of_range;
  result.rows = points.values[y] > 0 ? points.values[y] : cells_of_range;
  Eigen::MatrixXd many(Eigen::Index(variables), Eigen::Index(result.columns * result.rows));
  for (int64_t row = 0; row < result.rows; ++row)
    for (int64_t column = 0; column < result.columns; ++column) {
      std::vector<double> at = others;
      at[x] = (double(column) + 0.5) / double(result.columns), at[y] = (double(row) + 0.5) / double(result.rows);
      for (size_t v = 0; v < variables; ++v) many(Eigen::Index(v), Eigen::Index(row * result.columns + column)) = coordinate(points, v, at[v]);
    }
  Eigen::VectorXd means, variances;
  process.at(many, means, variances);
  for (Eigen::Index i = 0; i < means.size(); ++i) {
    result.mean.push_back(mean + scale * means[i]);
    result.deviation.push_back(scale * std::sqrt(std::max(0.0, variances[i])));
  }
  return result;
}

}  // namespace tomograd
