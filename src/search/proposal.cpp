#include "search/proposal.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "base/error.h"
#include "search/maximise.h"
#include "search/proposal_model.h"
#include "search/sobol.h"

namespace tomograd {
namespace {

constexpr int candidates_anywhere = 500, candidates_near = 500;
// "-plus": the variance is multiplied by the number of the trial, then by ten each time, at most five times.
constexpr int most_inflations = 5;

// Half of them anywhere in the region, half around the best points at every scale.
Eigen::MatrixXd candidates_of(const SearchSpace& space, const std::vector<Eigen::VectorXd>& centres, Random& random) {
  Eigen::MatrixXd candidates(space.coordinates(), candidates_anywhere + candidates_near);
  std::vector<double> uniform(size_t(space.coordinates()));
  for (int i = 0; i < candidates_anywhere; ++i) {
    for (double& u : uniform) u = random.uniform();
    candidates.col(i) = space.from_uniform(uniform);
  }
  for (int i = 0; i < candidates_near; ++i) {
    const auto& centre = centres[size_t(random.below(int64_t(centres.size())))];
    candidates.col(candidates_anywhere + i) = space.perturbed(centre, std::pow(10, random.uniform(-3, -0.5)), random);
  }
  return candidates;
}

Eigen::VectorXd modelled(const SearchSpace& space, const Known& known, int64_t seed, int64_t number) {
  const Eigen::Index dims = space.coordinates();
  ProposalModel model = model_of(space, known, seed, number);
  Surrogate& surrogate = model.surrogate;
  surrogate.best += model.margin;
  std::vector<Eigen::VectorXd> all = known.complete;
  all.insert(all.end(), known.failed.begin(), known.failed.end());
  all.insert(all.end(), known.pending.begin(), known.pending.end());
  const Eigen::MatrixXd tried = columns_of(all, dims), candidates = candidates_of(space, model.centres, model.random);
  const Region everywhere{Eigen::VectorXd::Zero(dims), Eigen::VectorXd::Ones(dims)};
  Promise promise = most_promising(surrogate, space, candidates, everywhere, tried);
  for (int i = 0; !model.exploits && i < most_inflations && over_exploiting(surrogate, promise.at); ++i) {
    surrogate.inflation *= i == 0 ? double(number) : 10;
    promise = most_promising(surrogate, space, candidates, everywhere, tried);
  }
  return promise.at;
}

}  // namespace

bool is_search(const StrategySpec& strategy) { return strategy.kind == "random" || strategy.kind == "bayesian"; }

bool proposes(const StrategySpec& strategy) { return is_search(strategy) || strategy.halving > 0; }

int64_t parallel_proposals(const ExperimentSpec& spec) { return spec.strategy.parallel > 0 ? spec.strategy.parallel : spec.workers; }

int64_t quasi_random_trials(const std::vector<VariableSpec>& variables) { return std::clamp<int64_t>(2 * int64_t(variables.size()), 4, 20); }

std::optional<Value::Table> propose(const ExperimentSpec& spec, int64_t seed, int64_t number, const std::vector<Observation>& told) {
  const StrategySpec& strategy = spec.strategy;
  if (!is_search(strategy)) fail_input("strategy.kind is '" + strategy.kind + "', whose trials are planned at once and not proposed");
  if (number < 1) fail_input(text("trials count from 1, asked for ", number));
  const SearchSpace space(spec.variable);
  const int dims = int(space.coordinates());
  if (strategy.kind == "random") {
    Random random(uint64_t(seed), "search/random", 0, uint64_t(number));
    std::vector<double> uniform;
    for (int j = 0; j < dims; ++j) uniform.push_back(random.uniform());
    return space.settings(space.from_uniform(uniform));
  }
  const auto quasi_random = [&] { return space.settings(space.from_uniform(sobol_point(uint32_t(number - 1), dims, uint64_t(seed)))); };
  if (number <= quasi_random_trials(spec.variable)) return quasi_random();
  const std::optional<Known> known = known_before(space, strategy, parallel_proposals(spec), number, told);
  if (!known) return std::nullopt;
  if (int64_t(known->complete.size()) < least_results) return quasi_random();
  return space.settings(modelled(space, *known, seed, number));
}

std::optional<int64_t> best_by_mean(const ExperimentSpec& spec, int64_t seed, const std::vector<Observation>& told) {
  std::map<int64_t, const Observation*> complete;
  for (const auto& observation : told)
    if (observation.outcome == ObservationState::complete && std::isfinite(observation.value)) complete.emplace(observation.number, &observation);
  if (complete.empty()) return std::nullopt;
  const SearchSpace space(spec.variable);
  Known known;
  std::vector<int64_t> numbers;
  for (const auto& [number, observation] : complete) {
    known.complete.push_back(with_context(text("trial ", number), [&] { return space.point(observation->settings); }));
    known.values.push_back(-observation->value);
    numbers.push_back(number);
  }
  Eigen::VectorXd means = Eigen::Map<const Eigen::VectorXd>(known.values.data(), Eigen::Index(known.values.size())), variances;
  if (int64_t(numbers.size()) >= least_results) {
    Random random(uint64_t(seed), "search/best", 0, uint64_t(numbers.back()));
    const Surrogate surrogate = surrogate_of(space, known, random);
    surrogate.objective.at(surrogate.objective.points().columns, means, variances);
  }
  Eigen::Index best = 0;
  means.minCoeff(&best);
  return numbers[size_t(best)];
}

}  // namespace tomograd
