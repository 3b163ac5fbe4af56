#include "search/maximise.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "search/lbfgs.h"

namespace tomograd {
namespace {

constexpr int climbs = 6, most_turns = 6;
constexpr double apart = 0.02;                   // starts of climbs, per root of the number of coordinates
constexpr double never = -std::numeric_limits<double>::infinity();

class Climb {
 public:
  Climb(const Surrogate& surrogate, const SearchSpace& space, const Region& region, const Eigen::MatrixXd& tried) : surrogate_(surrogate), space_(space), region_(region), tried_(tried) {
    for (Eigen::Index j = 0; j < space.coordinates(); ++j) (space.is_real(j) ? reals_ : discrete_) += 1;
  }

  Promise from(Promise start) const {
    for (int turn = 0; turn < most_turns; ++turn) {
      if (reals_ > 0) slide(start);
      if (discrete_ == 0 || !step(start)) break;
    }
    return start;
  }

 private:
  // Along the real coordinates, the discrete ones fixed.
  void slide(Promise& at) const {
    BoxSearch search{at.at, at.at, 40, 1e-7};
    bool any = false;
    for (Eigen::Index j = 0; j < at.at.size(); ++j) {
      Eigen::VectorXd probe = at.at;
      probe[j] = 0.25;
      if (!space_.is_real(j) || space_.snapped(probe)[j] != 0.25) continue;  // what is left out goes back to its rest
      search.low[j] = std::min(region_.low[j], at.at[j]), search.high[j] = std::max(region_.high[j], at.at[j]);
      any = any || search.low[j] < search.high[j];
    }
    if (!any) return;
    const SmoothFunction against = [&](const Eigen::VectorXd& x, Eigen::VectorXd& slope) {
      const double value = promise(surrogate_, x, &slope);
      slope = -slope;
      return -value;
    };
    BoxMinimum found = minimise(against, at.at, search);
    Eigen::VectorXd end = space_.snapped(std::move(found.at));
    if (-found.value > at.value && !contains(tried_, end)) at = {std::move(end), -found.value};
  }

  // To the best neighbour, if it is better.
  bool step(Promise& at) const {
    const std::vector<Eigen::VectorXd> around = space_.neighbours(at.at);
    if (around.empty()) return false;
    Eigen::MatrixXd many(at.at.size(), Eigen::Index(around.size()));
    for (size_t i = 0; i < around.size(); ++i) many.col(Eigen::Index(i)) = around[i];
    const Eigen::VectorXd values = promises(surrogate_, many);
    bool better = false;
    for (size_t i = 0; i < around.size(); ++i)
      if (values[Eigen::Index(i)] > at.value && !contains(tried_, around[i])) at = {around[i], values[Eigen::Index(i)]}, better = true;
    return better;
  }

  const Surrogate& surrogate_;
  const SearchSpace& space_;
  const Region& region_;
  const Eigen::MatrixXd& tried_;
  int reals_ = 0, discrete_ = 0;
};

}  // namespace

bool contains(const Eigen::MatrixXd& columns, const Eigen::VectorXd& x) {
  for (Eigen::Index i = 0; i < columns.cols(); ++i)
    if ((columns.col(i) - x).lpNorm<Eigen::Infinity>() < 1e-9) return true;
  return false;
}

Promise most_promising(const Surrogate& surrogate, const SearchSpace& space, const Eigen::MatrixXd& candidates, const Region& region, const Eigen::MatrixXd& tried) {
  const Eigen::VectorXd values = promises(surrogate, candidates);
  std::vector<Eigen::Index> order(size_t(candidates.cols()));
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](Eigen::Index a, Eigen::Index b) { return values[a] > values[b]; });
  const Climb climb(surrogate, space, region, tried);
  const double distance = apart * std::sqrt(double(candidates.rows()));
  Promise best{candidates.col(order[0]), never};
  std::vector<Eigen::Index> begun;
  for (Eigen::Index i : order) {
    if (begun.size() == climbs) break;
    const Eigen::VectorXd start = candidates.col(i);
    if (std::any_of(begun.begin(), begun.end(), [&](Eigen::Index other) { return (candidates.col(other) - start).norm() < distance; }) || contains(tried, start)) continue;
    begun.push_back(i);
    Promise end = climb.from({start, values[i]});
    if (end.value > best.value) best = std::move(end);
  }
  return best;
}

}  // namespace tomograd
