#include "search/proposal_model.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "base/error.h"

namespace tomograd {
namespace {

constexpr size_t best_points = 5;
// With others running, two of three proposals count improvements from this far above the best value (in deviations of all values), which
// makes them go for the lowest mean: what runs already explores, and improving step by step is what parallel trials are worst at. Median
// regret on Hartmann 6 with 8 workers: without 0.0075 (40 seeds), one of two and one deviation 6.6e-4, two of three 2.0e-4, with three
// deviations 1.7e-4, with ten 2.1e-4, three of four and one deviation 2.8e-4 (60 seeds); one worker 4.7e-5.
constexpr double exploiting_margin = 3;

}  // namespace

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

Surrogate surrogate_of(const SearchSpace& space, const Known& known, Random& random, Bend* bend) {
  const Eigen::Index dims = space.coordinates();
  Points points{columns_of(known.complete, dims), space.categories()};
  const Eigen::VectorXd values = bent_to_normal(Eigen::Map<const Eigen::VectorXd>(known.values.data(), Eigen::Index(known.values.size())), bend);
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

ProposalModel model_of(const SearchSpace& space, const Known& known, int64_t seed, int64_t number) {
  Random random(uint64_t(seed), "search/bayesian", 0, uint64_t(number));
  Bend bend;
  Surrogate surrogate = surrogate_of(space, known, random, &bend);
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
  return {std::move(surrogate), bend, random, std::move(centres), exploits, exploits ? exploiting_margin : 0};
}

}  // namespace tomograd
