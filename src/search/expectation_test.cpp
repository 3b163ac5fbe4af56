#include "search/expectation.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "search/expected_improvement.h"
#include "search/kernel_fit.h"
#include "search/search_space.h"
#include "spec/text_formats.h"

namespace tomograd {
namespace {

ExperimentSpec two_variables(int64_t parallel = 1) {
  ExperimentSpec spec;
  spec.strategy.kind = "bayesian", spec.strategy.parallel = parallel, spec.strategy.trials = 40;
  const Value parsed = parse_toml(R"(variable = [{key = "rate", range = [1e-4, 1e-1], scale = "log"}, {key = "width", range = [0, 2]}])", "test");
  for (const auto& table : parsed.at("variable").as_list()) spec.variable.push_back(spec_from<VariableSpec>(table));
  return spec;
}

double hill(const Value& s) { return 0.8 - 0.1 * std::pow(std::log10(s.at("rate").as_number()) + 2.3, 2) - 0.2 * std::pow(s.at("width").as_number() - 0.7, 2); }

std::vector<Observation> proposed(const ExperimentSpec& spec, int64_t seed, int64_t n) {
  std::vector<Observation> told;
  for (int64_t i = 1; i <= n; ++i) {
    Observation next{i, Value(*propose(spec, seed, i, told)), ObservationState::complete, 0};
    next.value = hill(next.settings);
    told.push_back(std::move(next));
  }
  return told;
}

TEST(Bend, GoesBackToTheValues) {
  for (double tail : {0.3, 4.0, 60.0}) {
    Eigen::VectorXd values(7);
    values << -1, -0.2, 0.1, 0.4, 0.5, 0.7, tail;
    Bend bend;
    const Eigen::VectorXd bent = bent_to_normal(values, &bend);
    EXPECT_EQ(bent, bent_to_normal(values));
    for (Eigen::Index i = 0; i < bent.size(); ++i) {
      EXPECT_NEAR(bend.value(bent[i]), values[i], 1e-11 * (1 + std::abs(tail))) << tail;
      EXPECT_NEAR(bend.slope(bent[i]), (bend.value(bent[i] + 1e-6) - bend.value(bent[i] - 1e-6)) / 2e-6, 1e-5 * bend.slope(bent[i])) << tail;
    }
  }
  Bend flat;
  bent_to_normal(Eigen::VectorXd::Constant(4, 3.5), &flat);
  EXPECT_EQ(flat.value(0), 3.5);
}

// The same numbers from the room's own parts: kernel, process and improvement put together here once more.
TEST(Expectation, IsWhatTheSearchHadWhenItProposed) {
  const ExperimentSpec spec = two_variables();
  const int64_t n = 14, seed = 7;
  const std::vector<Observation> told = proposed(spec, seed, n);
  const SearchSpace space(spec.variable);
  Points points{Eigen::MatrixXd(2, n - 1), space.categories()};
  Eigen::VectorXd values(n - 1);
  for (Eigen::Index i = 0; i < n - 1; ++i) points.columns.col(i) = space.point(told[size_t(i)].settings), values[i] = -told[size_t(i)].value;
  const Eigen::VectorXd bent = bent_to_normal(values);
  Random random(uint64_t(seed), "search/bayesian", 0, uint64_t(n));
  const Kernel kernel = fitted_kernel(points, bent, random);
  const GaussianProcess process(points, bent, kernel);
  Eigen::VectorXd means, variances;
  process.at(points.columns, means, variances);
  const Posterior at = process.at(space.point(told.back().settings));
  const double s = std::sqrt(at.variance), z = (means.minCoeff() - at.mean) / s;

  const auto found = expectation(spec, seed, n, told.back().settings, told);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->results, n - 1);
  EXPECT_EQ(found->model_mean, -at.mean);
  EXPECT_EQ(found->model_deviation, s);
  EXPECT_EQ(found->model_best, -means.minCoeff());
  EXPECT_NEAR(found->log_improvement, std::log(s) + log_improvement(z), 1e-9 * (1 + std::abs(found->log_improvement)));   // the search adds 1e-18 to the variance
  EXPECT_EQ(found->success, 1);
  EXPECT_FALSE(found->exploits);
  // In the metric's own units the mean lies where the hill is, within what the model itself thinks possible.
  EXPECT_NEAR(found->mean, hill(told.back().settings), 6 * found->deviation + 1e-3);
  EXPECT_LE(found->best, 0.8 + 1e-2);
  EXPECT_NEAR(found->improvement / found->deviation, std::exp(found->log_improvement) / s, 1e-9 * found->improvement / found->deviation);
}

TEST(Expectation, OfOneThatIsProposedNoNeighbourPromisesMore) {
  const ExperimentSpec spec = two_variables();
  const std::vector<Observation> told = proposed(spec, 3, 11);
  const Value next(*propose(spec, 3, 12, told));
  const double chosen = expectation(spec, 3, 12, next, told)->log_improvement;
  for (double factor : {0.8, 1.25})
    for (const char* key : {"rate", "width"}) {
      Value other = next;
      other[key] = std::clamp(next.at(key).as_number() * factor, key[0] == 'r' ? 1e-4 : 0.0, key[0] == 'r' ? 1e-1 : 2.0);
      EXPECT_LE(expectation(spec, 3, 12, other, told)->log_improvement, chosen + 1e-9) << key << factor;
    }
}

TEST(Expectation, OfParallelTrialsKnowsWhatTheProposalKnew) {
  const ExperimentSpec spec = two_variables(3);
  std::vector<Observation> told = proposed(spec, 5, 12);
  const Value settings = told.back().settings;
  const auto before = expectation(spec, 5, 12, settings, told);
  ASSERT_TRUE(before);
  EXPECT_EQ(before->results, 9);
  told[10].value = 99, told[9].outcome = ObservationState::pending;     // of those it did not wait for
  const auto after = expectation(spec, 5, 12, settings, told);
  EXPECT_EQ(after->log_improvement, before->log_improvement);
  EXPECT_EQ(after->mean, before->mean);
  told[8].outcome = ObservationState::pending;
  EXPECT_FALSE(expectation(spec, 5, 12, settings, told));
}

TEST(Expectation, IsNothingBeforeThereIsAModel) {
  ExperimentSpec spec = two_variables();
  const std::vector<Observation> told = proposed(spec, 5, 5);
  EXPECT_FALSE(expectation(spec, 5, 4, told[3].settings, told));
  EXPECT_TRUE(expectation(spec, 5, 5, told[4].settings, told));
  EXPECT_THROW(expectation(spec, 5, 0, told[4].settings, told), Error);
  spec.strategy.kind = "random";
  EXPECT_THROW(expectation(spec, 5, 5, told[4].settings, told), Error);
}

TEST(Expectation, FailuresLowerTheChanceOfSuccess) {
  const ExperimentSpec spec = two_variables();
  std::vector<Observation> told = proposed(spec, 9, 12);
  for (auto& one : told)
    if (one.settings.at("width").as_number() > 1.2) one.outcome = ObservationState::failed;
  Value wide = told[11].settings, narrow = wide;
  wide["width"] = 1.9, narrow["width"] = 0.6;
  const auto far = expectation(spec, 9, 12, wide, told), near = expectation(spec, 9, 12, narrow, told);
  EXPECT_LT(far->success, 0.5);
  EXPECT_GT(near->success, 0.5);
}

}  // namespace
}  // namespace tomograd
