#include "restoration/lbfgs.h"

#include <torch/torch.h>

#include <cmath>

#include "base/error.h"

namespace tomograd {
namespace {

constexpr double sufficient_decrease = 1e-4;     // Armijo's constant, as in Nocedal and Wright
constexpr int most_halvings = 12;
constexpr double least_curvature = 1e-10;        // of a pair, as a share of its squares

double dot_of(const at::Tensor& a, const at::Tensor& b) { return a.dot(b).item<double>(); }

}  // namespace

at::Tensor Lbfgs::gathered(bool gradients) const {
  std::vector<at::Tensor> parts;
  for (const auto& [name, tensor] : parameters_) {
    if (gradients && !tensor.grad().defined()) fail_failure(text("parameter ", name, " has no gradient"));
    parts.push_back((gradients ? tensor.grad() : tensor).detach().to(at::kDouble).reshape(-1));
  }
  return at::cat(parts);
}

void Lbfgs::scatter(const at::Tensor& weights) {
  int64_t first = 0;
  for (auto& [name, tensor] : parameters_) {
    tensor.detach().copy_(weights.narrow(0, first, tensor.numel()).view(tensor.sizes()));
    first += tensor.numel();
  }
}

at::Tensor Lbfgs::direction(const at::Tensor& gradient) const {
  at::Tensor q = -gradient;
  size_t n = state_.steps.size();
  std::vector<double> alpha(n);
  for (size_t i = n; i-- > 0;) {
    alpha[i] = dot_of(state_.steps[i], q) / dot_of(state_.steps[i], state_.changes[i]);
    q.sub_(state_.changes[i], alpha[i]);
  }
  if (n > 0) q.mul_(dot_of(state_.steps[n - 1], state_.changes[n - 1]) / dot_of(state_.changes[n - 1], state_.changes[n - 1]));
  for (size_t i = 0; i < n; ++i) q.add_(state_.steps[i], alpha[i] - dot_of(state_.changes[i], q) / dot_of(state_.steps[i], state_.changes[i]));
  return q;
}

Lbfgs::Move Lbfgs::step(double learning_rate, double value_here, const std::function<double(bool gradients)>& value) {
  torch::NoGradGuard no_grad;
  at::Tensor here = gathered(false), gradient = gathered(true), along = direction(gradient);
  double slope = dot_of(along, gradient), largest = along.abs().max().item<double>();
  Move move;
  move.value = value_here;
  if (!std::isfinite(slope) || !std::isfinite(value_here) || largest == 0) return move;
  if (slope >= 0) {                              // the function changed too much since the pairs were kept
    state_ = {};
    along = -gradient, slope = -dot_of(gradient, gradient), largest = gradient.abs().max().item<double>();
  }
  double length = state_.steps.empty() ? std::min(1.0, learning_rate / largest) : 1.0;
  for (int halving = 0; halving <= most_halvings; ++halving, length /= 2) {
    scatter(here + along * length);
    bool gradients = halving == 0;                // the full step is nearly always taken
    double there = value(gradients);
    ++move.evaluations;
    if (!std::isfinite(there) || there > value_here + sufficient_decrease * length * slope) continue;
    move.moved = true, move.value = there;
    if (!gradients) value(true), ++move.evaluations;
    break;
  }
  if (!move.moved) {
    scatter(here);
    state_ = {};
    return move;
  }
  at::Tensor step = gathered(false) - here, change = gathered(true) - gradient;
  if (dot_of(step, change) > least_curvature * std::sqrt(dot_of(step, step) * dot_of(change, change))) {
    state_.steps.push_back(step), state_.changes.push_back(change);
    if (state_.steps.size() > history_) state_.steps.pop_front(), state_.changes.pop_front();
  }
  return move;
}

}  // namespace tomograd
