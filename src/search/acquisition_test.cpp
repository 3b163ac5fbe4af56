#include "search/acquisition.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>

#include "search/expected_improvement.h"
#include "search/sobol.h"

namespace tomograd {
namespace {

TEST(ExpectedImprovement, LogarithmsAreThoseOfSixtyDigits) {
  std::ifstream in(std::string(TOMOGRAD_SOURCE_DIR) + "/tests/golden/search/improvement.txt");
  ASSERT_TRUE(in);
  double z, improvement, share;
  int lines = 0;
  for (; in >> z >> improvement >> share; ++lines) {
    // One digit is lost to cancellation at -2, where the branches meet.
    EXPECT_NEAR(log_improvement(z), improvement, 1e-14 * (1 + std::abs(improvement))) << z;
    EXPECT_NEAR(log_normal_share(z), share, 1e-14 * (1 + std::abs(share))) << z;
    double slope = 0, by_share = 0;
    log_improvement(z, &slope), log_normal_share(z, &by_share);
    EXPECT_NEAR(slope, std::exp(share - improvement), 1e-12 * std::abs(slope) * (1 + std::abs(improvement))) << z;  // h' = Phi
    EXPECT_NEAR(by_share, std::exp(-0.5 * z * z - 0.91893853320467274 - share), 1e-12 * std::abs(by_share) * (1 + std::abs(share))) << z;
  }
  EXPECT_EQ(lines, 21);
}

Surrogate some_surrogate(bool with_success) {
  Points points{Eigen::MatrixXd(2, 5), {0, 0}};
  points.columns << 0.1, 0.4, 0.8, 0.6, 0.95, 0.2, 0.9, 0.3, 0.55, 0.7;
  Eigen::VectorXd values(5), success(5);
  values << 1.2, -0.4, 0.3, -1, 0.1;
  success << 1, 1, -1, 1, -1;
  Kernel kernel{Eigen::Vector2d(4, 2), 1.3, 0.02};
  Surrogate surrogate{GaussianProcess(points, values, kernel), {}, -0.9, 1.5};
  if (with_success) surrogate.success.emplace(points, success, kernel);
  return surrogate;
}

TEST(Acquisition, SlopeIsThatOfDifferences) {
  for (bool with_success : {false, true}) {
    const Surrogate surrogate = some_surrogate(with_success);
    for (Eigen::Vector2d x : {Eigen::Vector2d(0.5, 0.5), Eigen::Vector2d(0.05, 0.93), Eigen::Vector2d(0.1001, 0.2001)}) {
      Eigen::VectorXd slope(2);
      EXPECT_NEAR(promise(surrogate, x, &slope), promise(surrogate, x), 1e-10);
      for (Eigen::Index j : {0, 1}) {
        Eigen::Vector2d up = x, down = x;
        up[j] += 1e-6, down[j] -= 1e-6;
        EXPECT_NEAR(slope[j], (promise(surrogate, up) - promise(surrogate, down)) / 2e-6, 1e-5 * (1 + std::abs(slope[j])));
      }
    }
  }
}

TEST(Acquisition, PartsMakeThePromise) {
  for (bool with_success : {false, true}) {
    const Surrogate surrogate = some_surrogate(with_success);
    for (Eigen::Vector2d x : {Eigen::Vector2d(0.5, 0.5), Eigen::Vector2d(0.9, 0.35)}) {
      const PromiseParts parts = promise_parts(surrogate, x);
      EXPECT_NEAR(parts.log_improvement + 2 * std::log(parts.success), promise(surrogate, x), 1e-13 * (1 + std::abs(promise(surrogate, x))));
      EXPECT_EQ(parts.objective.mean, surrogate.objective.at(x).mean);
      EXPECT_EQ(parts.success < 1, with_success);
    }
  }
}

TEST(Acquisition, FailuresNearbyPromiseLess) {
  const Eigen::Vector2d failed(0.8, 0.31), fine(0.4, 0.89);
  const Surrogate free = some_surrogate(false), careful = some_surrogate(true);
  EXPECT_LT(promise(careful, failed) - promise(free, failed), std::log(0.25));
  EXPECT_GT(promise(careful, fine) - promise(free, fine), std::log(0.25));
}

TEST(Acquisition, OverExploitingIsWhatTheNoiseAlreadyHides) {
  Points points{Eigen::MatrixXd::Constant(1, 12, 0.5), {0}};
  GaussianProcess process(points, Eigen::VectorXd::Zero(12), Kernel{Eigen::VectorXd::Constant(1, 4), 1, 0.5});
  const Surrogate surrogate{std::move(process), {}};
  // Twelve values of variance 0.5 at one place leave 0.5 / 12 there, a deviation of 0.20 beside half of 0.71.
  EXPECT_TRUE(over_exploiting(surrogate, Eigen::VectorXd::Constant(1, 0.5)));
  EXPECT_FALSE(over_exploiting(surrogate, Eigen::VectorXd::Constant(1, 0.0)));
}

TEST(Sobol, BitsAreThoseOfScipy) {
  std::ifstream in(std::string(TOMOGRAD_SOURCE_DIR) + "/tests/golden/search/sobol.txt");
  ASSERT_TRUE(in);
  for (uint32_t i = 0; i < 32; ++i)
    for (int d = 0; d < 24; ++d) {
      uint32_t bits = 0;
      ASSERT_TRUE(in >> bits);
      EXPECT_EQ(sobol_bits(i ^ i >> 1, d), bits) << i << " " << d;  // SciPy counts in Gray code
    }
}

TEST(Sobol, ScramblingKeepsOnePointPerInterval) {
  for (uint64_t seed : {1, 2}) {
    for (int d : {0, 5, 23}) {
      std::vector<int> hits(64, 0), pairs(64, 0);
      for (uint32_t i = 0; i < 64; ++i) {
        const auto point = sobol_point(i, 24, seed);
        ++hits[size_t(point[size_t(d)] * 64)];
        ++pairs[size_t(point[0] * 8) * 8 + size_t(point[1] * 8)];  // the first two dimensions are a (0, 2)-sequence
      }
      EXPECT_EQ(hits, std::vector<int>(64, 1)) << d;
      EXPECT_EQ(pairs, std::vector<int>(64, 1));
    }
  }
  double mean = 0;                               // of 4096 numbers beyond the known dimensions; its deviation is 0.0045
  for (uint32_t i = 0; i < 4096; ++i) mean += sobol_point(i, 31, 1)[29] / 4096;
  EXPECT_NEAR(mean, 0.5, 0.02);
  EXPECT_NE(sobol_point(3, 4, 1), sobol_point(3, 4, 2));
  EXPECT_EQ(sobol_point(3, 4, 1), sobol_point(3, 4, 1));
}

}  // namespace
}  // namespace tomograd
