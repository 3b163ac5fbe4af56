#include "search/proposal.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "base/error.h"
#include "search/kernel_fit.h"
#include "search/maximise.h"
#include "search/sobol.h"

namespace tomograd {
namespace {

constexpr int candidates_anywhere = 500, candidates_near = 500, best_points = 5;
constexpr int64_t least_results = 3;
// "-plus": the variance is multiplied by the number of the trial, then by ten each time, at most five times.
constexpr int most_inflations = 5;
// With others running, two of three proposals count improvements from this far above the best value (in deviations of all values), which
// makes them go for the lowest mean: what runs already explores, and improving step by step is what parallel trials are worst at. Median
// regret on Hartmann 6 with 8 workers: without 0.0075 (40 seeds), one of two and one deviation 6.6e-4, two of three 2.0e-4, with three
// deviations 1.7e-4, with ten 2.1e-4, three of four and one deviation 2.8e-4 (60 seeds); one worker 4.7e-5.
constexpr double exploiting_margin = 3;

struct Known {                                   // what the trials before say
  std::vector<Eigen::VectorXd> complete, failed, pending;
  std::vector<double> values;                    // of the complete ones, smaller is better
};

// Nothing when a trial that is needed has no outcome, or was never told.
std::optional<Known> known_before(const SearchSpace& space, const StrategySpec& strategy, int64_t parallel, int64_t number, const std::vector<Observation>& told) {
  std::map<int64_t, const Observation*> before;
  for (const auto& observation : told)
    if (observation.number >= 1 && observation.number < number && !before.emplace(observation.number, &observation).second)
      fail_input(text("trial ", observation.number, " is told twice"));
  if (!strategy.greedy && int64_t(before.size()) != number - 1) return std::nullopt;
  Known known;
  for (const auto& [n, observation] : before) {
    const bool usable = strategy.greedy || n <= number - parallel;
    ObservationState outcome = usable ? observation->outcome : ObservationState::pending;
    if (usable && outcome == ObservationState::pending && !strategy.greedy) return std::nullopt;
    if (outcome == ObservationState::complete && !std::isfinite(observation->value)) outcome = ObservationState::failed;
    Eigen::VectorXd point = with_context(text("trial ", n), [&] { return space.point(observation->settings); });
    (outcome == ObservationState::complete ? known.complete : outcome == ObservationState::failed ? known.failed : known.pending).push_back(std::move(point));
    if (outcome == ObservationState::complete) known.values.push_back(-observation->value);
  }
  return known;
}

Eigen::MatrixXd columns_of(const std::vector<Eigen::VectorXd>& points, Eigen::Index rows) {
  Eigen::MatrixXd columns(rows, Eigen::Index(points.size()));
  for (size_t i = 0; i < points.size(); ++i) columns.col(Eigen::Index(i)) = points[i];
  return columns;
}

Surrogate surrogate_of(const SearchSpace& space, const Known& known, Random& random) {
  const Eigen::Index dims = space.coordinates();
  Points points{columns_of(known.complete, dims), space.categories()};
  const Eigen::VectorXd values = bent_to_normal(Eigen::Map<const Eigen::VectorXd>(known.values.data(), Eigen::Index(known.values.size())));
  Kernel kernel = fitted_kernel(points, values, random);
  Surrogate surrogate{GaussianProcess(std::move(points), values, std::move(kernel)), {}};
  if (!known.failed.empty()) {
    std::vector<Eigen::VectorXd> ended = known.complete;
    ended.insert(ended.end(), known.failed.begin(), known.failed.end());
    Eigen::VectorXd success = Eigen::VectorXd::Ones(Eigen::Index(ended.size()));
    success.tail(Eigen::Index(known.failed.size())).setConstant(-1);
    Points all{columns_of(ended, dims), space.categories()};
    Kernel of_success = fitted_kernel(all, success, random);
    surrogate.success.emplace(std::move(all), success, std::move(of_success));
  }
  return surrogate;
}

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
  Random random(uint64_t(seed), "search/bayesian", 0, uint64_t(number));
  Surrogate surrogate = surrogate_of(space, known, random);
  Eigen::VectorXd means, variances;
  surrogate.objective.at(surrogate.objective.points().columns, means, variances);
  surrogate.best = means.minCoeff();
  std::vector<size_t> order(known.complete.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return means[Eigen::Index(a)] < means[Eigen::Index(b)]; });
  std::vector<Eigen::VectorXd> centres;
  for (size_t i : order)
    if (centres.size() < best_points) centres.push_back(known.complete[i]);
  // A running trial is taken to come out as its mean says (the "believer"): what it will improve is improved, its surroundings become certain
  // and promise nothing more.
  for (const auto& point : known.pending) {
    const double mean = surrogate.objective.at(point).mean;
    surrogate.objective.extend(point, mean);
    surrogate.best = std::min(surrogate.best, mean);
  }
  const bool exploits = !known.pending.empty() && number % 3 != 0;
  if (exploits) surrogate.best += exploiting_margin;

  std::vector<Eigen::VectorXd> all = known.complete;
  all.insert(all.end(), known.failed.begin(), known.failed.end());
  all.insert(all.end(), known.pending.begin(), known.pending.end());
  const Eigen::MatrixXd tried = columns_of(all, dims), candidates = candidates_of(space, centres, random);
  const Region everywhere{Eigen::VectorXd::Zero(dims), Eigen::VectorXd::Ones(dims)};
  Promise promise = most_promising(surrogate, space, candidates, everywhere, tried);
  for (int i = 0; !exploits && i < most_inflations && over_exploiting(surrogate, promise.at); ++i) {
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
