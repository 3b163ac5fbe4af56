#include "search/lbfgs.h"

#include <cmath>
#include <deque>
#include <vector>

namespace tomograd {
namespace {

constexpr size_t memory = 8;
constexpr int most_halvings = 20;
constexpr double sufficient = 1e-4;

struct Pair {
  Eigen::VectorXd step, change;                  // of x and of the gradient
  double inverse_product = 0;
};

// -H g on the free variables, 0 on the others.
Eigen::VectorXd direction(const std::deque<Pair>& pairs, const Eigen::VectorXd& gradient, const Eigen::ArrayXd& free) {
  Eigen::VectorXd q = (gradient.array() * free).matrix();
  std::vector<double> a(pairs.size());
  for (size_t i = pairs.size(); i-- > 0;) {
    a[i] = pairs[i].inverse_product * pairs[i].step.dot(q);
    q -= a[i] * pairs[i].change;
  }
  if (!pairs.empty()) q *= 1 / (pairs.back().inverse_product * pairs.back().change.squaredNorm());
  for (size_t i = 0; i < pairs.size(); ++i) q += pairs[i].step * (a[i] - pairs[i].inverse_product * pairs[i].change.dot(q));
  return (-q.array() * free).matrix();
}

}  // namespace

BoxMinimum minimise(const SmoothFunction& function, Eigen::VectorXd start, const BoxSearch& search) {
  const auto inside = [&](const Eigen::VectorXd& x) { return Eigen::VectorXd(x.cwiseMax(search.low).cwiseMin(search.high)); };
  BoxMinimum best{inside(start), 0, 1};
  Eigen::VectorXd gradient = Eigen::VectorXd::Zero(start.size()), next_gradient = gradient;
  best.value = function(best.at, gradient);
  std::deque<Pair> pairs;
  for (int step = 0; step < search.most_steps; ++step) {
    Eigen::ArrayXd free(start.size());
    for (Eigen::Index i = 0; i < start.size(); ++i)
      free[i] = (best.at[i] <= search.low[i] && gradient[i] > 0) || (best.at[i] >= search.high[i] && gradient[i] < 0) ? 0 : 1;
    if ((gradient.array() * free).abs().maxCoeff() < search.tolerance) break;
    Eigen::VectorXd way = direction(pairs, gradient, free);
    if (!(way.dot(gradient) < 0)) pairs.clear(), way = (-gradient.array() * free).matrix();
    // Without curvature known yet, a step of a tenth of the box at most.
    double length = pairs.empty() ? std::min(1.0, 0.1 / (way.array().abs() / (search.high - search.low).array().max(1e-300)).maxCoeff()) : 1.0;
    Eigen::VectorXd next;
    double value = 0;
    bool lower = false;
    for (int halving = 0; halving < most_halvings && !lower; ++halving, length *= 0.4) {
      next = inside(best.at + length * way);
      value = function(next, next_gradient);
      ++best.evaluations;
      lower = std::isfinite(value) && value <= best.value + sufficient * gradient.dot(next - best.at);
    }
    if (!lower) {
      if (pairs.empty()) break;
      pairs.clear();                             // once more along the gradient itself
      continue;
    }
    Pair pair{next - best.at, next_gradient - gradient, 0};
    double product = pair.step.dot(pair.change), decrease = best.value - value;
    if (product > 1e-12 * pair.change.squaredNorm()) {
      pair.inverse_product = 1 / product;
      pairs.push_back(std::move(pair));
      if (pairs.size() > memory) pairs.pop_front();
    }
    best.at = next, best.value = value;
    gradient.swap(next_gradient);
    if (decrease < search.tolerance * 1e-3 * (1 + std::abs(value))) break;
  }
  return best;
}

}  // namespace tomograd
