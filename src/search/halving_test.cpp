#include "search/halving.h"

#include <gtest/gtest.h>

#include <limits>

#include "base/error.h"

namespace tomograd {
namespace {

using State = RungResult::State;

TEST(Halving, RungsOf27TrialsByThirds) {
  const auto rungs = plan_rungs(27, 3, 0.1, 2.7);
  ASSERT_EQ(rungs.size(), 4u);
  const int64_t trials[] = {27, 9, 3, 1};
  const double budget[] = {0.1, 0.3, 0.9, 2.7};
  for (size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(rungs[i].trials, trials[i]);
    EXPECT_NEAR(rungs[i].budget, budget[i], 1e-12);
  }
  EXPECT_NEAR(budget_of(rungs), 27 * 0.1 + 9 * 0.2 + 3 * 0.6 + 1.8, 1e-12);
}

TEST(Halving, AwkwardNumbers) {
  const auto rungs = plan_rungs(11, 2, 100, 1000);      // 125, 250, 500, 1000
  ASSERT_EQ(rungs.size(), 4u);
  EXPECT_EQ(rungs[0].budget, 125);
  EXPECT_EQ(rungs[1].trials, 5);
  EXPECT_EQ(rungs[2].trials, 2);
  EXPECT_EQ(rungs[3].trials, 1);
  const auto few = plan_rungs(3, 3, 1, 81);             // one is left after the first rung: no stop in between
  ASSERT_EQ(few.size(), 2u);
  EXPECT_EQ(few[1].budget, 81);
  EXPECT_EQ(plan_rungs(5, 2, 10, 15).size(), 1u);       // no room for a second rung
  EXPECT_THROW(plan_rungs(0, 2, 1, 2), Error);
  EXPECT_THROW(plan_rungs(4, 1, 1, 2), Error);
  EXPECT_THROW(plan_rungs(4, 2, 0, 2), Error);
  EXPECT_THROW(plan_rungs(4, 2, 3, 2), Error);
}

TEST(Halving, ARungWaitsForAllAndKeepsTheBest) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  std::vector<RungResult> rung = {{4, State::complete, 0.5}, {1, State::complete, 0.7}, {2, State::running, 0.9}, {3, State::complete, 0.5}, {5, State::failed, 0.99}, {6, State::complete, nan}};
  EXPECT_FALSE(promoted(rung, {3, 10}));
  rung[2].state = State::complete;
  EXPECT_EQ(*promoted(rung, {3, 10}), (std::vector<int64_t>{2, 1, 3}));
  EXPECT_EQ(*promoted(rung, {9, 10}), (std::vector<int64_t>{2, 1, 3, 4}));
  std::swap(rung[0], rung[3]), std::swap(rung[1], rung[5]);
  EXPECT_EQ(*promoted(rung, {3, 10}), (std::vector<int64_t>{2, 1, 3})) << "whatever their order";
  EXPECT_TRUE(promoted({{1, State::failed, 0}}, {1, 1})->empty());
}

}  // namespace
}  // namespace tomograd
