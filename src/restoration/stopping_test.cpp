#include "restoration/stopping.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "base/random.h"

namespace tomograd {
namespace {

PriorStopSpec rule(const std::string& name, int64_t window, int64_t patience) {
  PriorStopSpec spec;
  spec.rule = name, spec.window = window, spec.patience = patience;
  return spec;
}

TEST(StopRule, KeepsTheSmallestAndStopsWhenNoneIsSmallerForLong) {
  StopRule stop(rule("holdout", 10, 30));
  int64_t stopped = 0;
  for (int64_t i = 1; i <= 500 && stopped == 0; ++i)
    if (stop.tell(1 + std::pow(double(i - 100) / 100, 2)) == StopAdvice::stop) stopped = i;  // a valley at 100
  EXPECT_EQ(stop.best_at(), 100);
  EXPECT_EQ(stop.best(), 1);
  EXPECT_EQ(stopped, 130);
}

TEST(StopRule, IgnoresWhatComesBeforeItsWindowAndWhatIsNotFinite) {
  StopRule stop(rule("variance", 20, 10));
  for (int64_t i = 1; i < 20; ++i) EXPECT_EQ(stop.tell(0), StopAdvice::go_on);
  EXPECT_EQ(stop.tell(std::numeric_limits<double>::quiet_NaN()), StopAdvice::go_on);
  EXPECT_EQ(stop.best_at(), 0);
  EXPECT_EQ(stop.tell(5), StopAdvice::best);
  EXPECT_EQ(stop.tell(6), StopAdvice::go_on);
  EXPECT_EQ(stop.best_at(), 21);
}

TEST(StopRule, NoneNeverStops) {
  StopRule stop(rule("none", 1, 1));
  for (int64_t i = 1; i < 50; ++i) EXPECT_EQ(stop.tell(double(i)), StopAdvice::go_on);
}

// Outputs that are a constant plus noise: the mean's variance falls to a / (2 - a) of the noise's, and the distance to it is 1 + a / (2 - a).
TEST(UpdateAverage, IsTheExponentialMean) {
  int64_t n = 40000;
  std::vector<float> average(static_cast<size_t>(n)), x(static_cast<size_t>(n));
  double moved = 0, a = 0.1;
  for (int64_t t = 0; t < 100; ++t) {
    Random random(1, "test", 0, uint64_t(t));
    for (float& value : x) value = float(2 + random.normal());
    moved = update_average(x.data(), average.data(), n, t == 0 ? 1 : a);
    if (t == 0) {
      EXPECT_EQ(moved, 0);
      EXPECT_EQ(average, x);
    }
  }
  double squares = 0;
  for (float value : average) squares += double(value - 2) * double(value - 2);
  EXPECT_NEAR(squares / double(n), a / (2 - a), 5 * a / (2 - a) * std::sqrt(2.0 / double(n)));
  EXPECT_NEAR(moved, 1 + a / (2 - a), 5 * std::sqrt(2.0 / double(n)) * 1.1);
}

}  // namespace
}  // namespace tomograd
