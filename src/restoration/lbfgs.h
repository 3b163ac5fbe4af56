// Private to the engine rooms
// L-BFGS over a flat list of tensors (Liu and Nocedal, "On the limited memory BFGS method", Mathematical Programming 45, 1989; Nocedal and Wright,
// "Numerical Optimization", 2006, algorithms 7.4 and 7.5): the direction from the last `history` differences of weights and gradients by the two-loop recursion,
// a step along it that halves until Armijo's condition holds. A pair without positive curvature is not kept (what a strong Wolfe search would ensure costs
// a gradient at each trial point; we need the value alone). A direction that finds no lower value clears the history, and the next one is the gradient.
//
// The function must be the same within a step; between steps it may change a little, as pairs are of two gradients of one function: the second
// gradient is taken at the new weights with the old function.
#pragma once

#include <ATen/core/Tensor.h>

#include <deque>
#include <functional>
#include <vector>

#include "nn/optimizer.h"

namespace tomograd {

constexpr int64_t lbfgs_history = 10;

class Lbfgs {
 public:
  struct State { std::deque<at::Tensor> steps, changes; };  // tensors of a state are never written to, so that copies are cheap
  struct Move { bool moved = false; int64_t evaluations = 0; double value = 0; };

  explicit Lbfgs(NamedTensors parameters, size_t history = lbfgs_history) : parameters_(std::move(parameters)), history_(history) {}
  // One step from where the parameters are, whose value and gradients (their .grad()) are known. `value` computes the function at the parameters,
  // and with `gradients` their gradients too. The first step, along the gradient, is at most `learning_rate` in its largest weight.
  Move step(double learning_rate, double value_here, const std::function<double(bool gradients)>& value);

  const State& state() const { return state_; }
  void load(const State& state) { state_ = state; }

 private:
  at::Tensor gathered(bool gradients) const;     // all weights, or gradients, in one vector of float64
  void scatter(const at::Tensor& weights);
  at::Tensor direction(const at::Tensor& gradient) const;

  NamedTensors parameters_;
  size_t history_;
  State state_;
};

}  // namespace tomograd
