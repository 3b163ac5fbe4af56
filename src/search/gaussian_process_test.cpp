#include "search/gaussian_process.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>

#include "base/random.h"
#include "search/kernel_fit.h"
#include "search/lbfgs.h"

namespace tomograd {
namespace {

Points random_points(Eigen::Index dims, Eigen::Index n, std::vector<char> category, Random& random) {
  Points points{Eigen::MatrixXd(dims, n), std::move(category)};
  for (Eigen::Index i = 0; i < n; ++i)
    for (Eigen::Index j = 0; j < dims; ++j) points.columns(j, i) = points.category[size_t(j)] ? double(random.below(3)) : random.uniform();
  return points;
}

Eigen::VectorXd random_values(Eigen::Index n, Random& random) {
  Eigen::VectorXd values(n);
  for (double& v : values) v = random.normal();
  return values;
}

Kernel some_kernel(Eigen::Index dims, double noise) {
  Kernel kernel{Eigen::VectorXd(dims), 1.7, noise};
  for (Eigen::Index j = 0; j < dims; ++j) kernel.weight[j] = 0.5 + 2.3 * double(j);
  return kernel;
}

TEST(GaussianProcess, LikelihoodAndPosteriorAreThoseOfScikitLearn) {
  std::ifstream in(std::string(TOMOGRAD_SOURCE_DIR) + "/tests/golden/search/gaussian_process.txt");
  ASSERT_TRUE(in);
  Eigen::Index dims, n, queries;
  int cases = 0;
  for (; in >> dims >> n >> queries; ++cases) {
    Kernel kernel{Eigen::VectorXd(dims), 0, 0};
    for (double& w : kernel.weight) in >> w, w = 1 / (w * w);
    in >> kernel.signal >> kernel.noise;
    Points points{Eigen::MatrixXd(dims, n), std::vector<char>(size_t(dims), 0)};
    for (Eigen::Index i = 0; i < n; ++i)
      for (Eigen::Index j = 0; j < dims; ++j) in >> points.columns(j, i);
    Eigen::VectorXd values(n), query(dims);
    for (double& v : values) in >> v;
    // The condition of K is about n (1 + signal) / noise, and every figure loses that much of a double's digits.
    const double tolerance = 100 * 2.2e-16 * double(n) * (1 + kernel.signal) / kernel.noise;
    double likelihood, mean, variance;
    in >> likelihood;
    EXPECT_NEAR(log_likelihood(pair_distances(points), values, kernel, nullptr), likelihood, tolerance * std::abs(likelihood));
    GaussianProcess process(points, values, kernel);
    for (Eigen::Index q = 0; q < queries; ++q) {
      for (double& v : query) in >> v;
      in >> mean >> variance;
      EXPECT_NEAR(process.at(query).mean, mean, tolerance * (1 + std::abs(mean)));
      EXPECT_NEAR(process.at(query).variance, variance, tolerance);
    }
  }
  EXPECT_EQ(cases, 3);
}

TEST(GaussianProcess, TheLikelihoodsSlopeIsThatOfDifferences) {
  Random random(3, "test");
  const Points points = random_points(4, 23, {0, 1, 0, 1}, random);
  const Eigen::VectorXd values = random_values(23, random);
  const Eigen::MatrixXd distances = pair_distances(points);
  const Kernel kernel = some_kernel(4, 0.05);
  Eigen::VectorXd slope;
  log_likelihood(distances, values, kernel, &slope);
  const double h = 1e-5;                         // error of the central difference about h^2 and 1e-13 / h
  for (Eigen::Index i = 0; i < 6; ++i) {
    const auto moved = [&](double by) {
      Kernel other = kernel;
      (i < 4 ? other.weight[i] : i == 4 ? other.signal : other.noise) *= std::exp(by);
      return log_likelihood(distances, values, other, nullptr);
    };
    EXPECT_NEAR(slope[i], (moved(h) - moved(-h)) / (2 * h), 1e-6 * (1 + std::abs(slope[i]))) << i;
  }
}

TEST(GaussianProcess, ThePosteriorsSlopeIsThatOfDifferencesAndFiniteAtAPoint) {
  Random random(4, "test");
  const Points points = random_points(3, 19, {0, 1, 0}, random);
  GaussianProcess process(points, random_values(19, random), some_kernel(3, 0.01));
  Eigen::VectorXd x(3);
  x << 0.31, 2, 0.64;
  const PosteriorSlope at = process.slope_at(x);
  EXPECT_NEAR(at.mean, process.at(x).mean, 1e-12);
  EXPECT_NEAR(at.variance, process.at(x).variance, 1e-12);
  EXPECT_EQ(at.mean_slope[1], 0);
  for (Eigen::Index j : {0, 2}) {
    Eigen::VectorXd up = x, down = x;
    up[j] += 1e-5, down[j] -= 1e-5;
    EXPECT_NEAR(at.mean_slope[j], (process.at(up).mean - process.at(down).mean) / 2e-5, 1e-6);
    EXPECT_NEAR(at.variance_slope[j], (process.at(up).variance - process.at(down).variance) / 2e-5, 1e-6);
  }
  EXPECT_TRUE(process.slope_at(points.columns.col(5)).mean_slope.allFinite());
}

TEST(GaussianProcess, AnExtendedFactorIsTheFullOne) {
  Random random(5, "test");
  const Points all = random_points(3, 29, {0, 0, 1}, random);
  const Eigen::VectorXd values = random_values(29, random);
  const Kernel kernel = some_kernel(3, 1e-4);
  Points some{all.columns.leftCols(22), all.category};
  GaussianProcess grown(some, values.head(22), kernel), whole(all, values, kernel);
  for (Eigen::Index i = 22; i < 29; ++i) grown.extend(all.columns.col(i), values[i]);
  // Both are backward stable: they differ by the condition of K, about 29 * 2.7 / 1e-4, times some units of the last place.
  EXPECT_LT((grown.factor() - whole.factor()).cwiseAbs().maxCoeff(), 1e-9);
  const Eigen::VectorXd x = Eigen::Vector3d(0.4, 0.7, 1);
  EXPECT_NEAR(grown.at(x).mean, whole.at(x).mean, 1e-8);
  EXPECT_NEAR(grown.at(x).variance, whole.at(x).variance, 1e-8);
}

TEST(GaussianProcess, EqualCategoriesCorrelateMoreThanDifferentOnes) {
  Points points{Eigen::MatrixXd(2, 2), {1, 0}};
  points.columns << 0, 2, 0.5, 0.5;              // category 0 at 1, category 2 at -1
  GaussianProcess process(points, Eigen::Vector2d(1, -1), some_kernel(2, 1e-3));
  EXPECT_GT(process.at(Eigen::Vector2d(0, 0.4)).mean, 0.5);
  EXPECT_LT(process.at(Eigen::Vector2d(2, 0.4)).mean, -0.5);
  EXPECT_NEAR(process.at(Eigen::Vector2d(1, 0.5)).mean, 0, 1e-12) << "as far from 0 as from 2, whatever the order of their numbers";
}

TEST(KernelFit, FindsTheNoiseAndTheCoordinateThatMatters) {
  Random random(6, "test");
  const Points points = random_points(2, 80, {0, 0}, random);
  Eigen::VectorXd values(80);
  for (Eigen::Index i = 0; i < 80; ++i) values[i] = std::sin(7 * points.columns(0, i)) + 0.3 * random.normal();
  values = standardised(values);                 // variance of sin(7 u) is about 0.5, that of the noise 0.09
  const Kernel kernel = fitted_kernel(points, values, random);
  EXPECT_GT(kernel.weight[0], 20 * kernel.weight[1]);
  EXPECT_GT(kernel.noise, 0.05);                 // its share is 0.09 / 0.59 = 0.15; the estimate's own error is 16 % of that
  EXPECT_LT(kernel.noise, 0.35);
}

TEST(KernelFit, BendingKeepsTheOrderAndTamesATail) {
  Eigen::VectorXd values(40);
  for (Eigen::Index i = 0; i < 40; ++i) values[i] = std::exp(0.2 * double(i));
  const Eigen::VectorXd bent = bent_to_normal(values);
  for (Eigen::Index i = 1; i < 40; ++i) EXPECT_GT(bent[i], bent[i - 1]);
  EXPECT_LT(bent.maxCoeff(), 0.7 * standardised(values).maxCoeff());
  EXPECT_EQ(bent_to_normal(Eigen::VectorXd::Constant(7, 3.5)).cwiseAbs().maxCoeff(), 0);
}

TEST(Lbfgs, FindsTheCornerAndTheValley) {
  const SmoothFunction banana = [](const Eigen::VectorXd& x, Eigen::VectorXd& slope) {
    const double a = 1 - x[0], b = x[1] - x[0] * x[0];
    slope << -2 * a - 400 * x[0] * b, 200 * b;
    return a * a + 100 * b * b;
  };
  BoxSearch search{Eigen::Vector2d(-2, -2), Eigen::Vector2d(2, 2), 200, 1e-9};
  EXPECT_LT((minimise(banana, Eigen::Vector2d(-1.2, 1), search).at - Eigen::Vector2d(1, 1)).norm(), 1e-5);
  search.high = Eigen::Vector2d(0.5, 2);         // the minimum of the valley within x <= 0.5 is (0.5, 0.25)
  EXPECT_LT((minimise(banana, Eigen::Vector2d(-1.2, 1), search).at - Eigen::Vector2d(0.5, 0.25)).norm(), 1e-5);
}

}  // namespace
}  // namespace tomograd
