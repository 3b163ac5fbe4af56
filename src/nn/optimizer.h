// Optimisers over a flat list of named tensors, in place and without autograd: SGD with Nesterov momentum, Adam, AdamW (as
// libtorch defines them) and DeepMedic's RMSProp (Kamnitsas 2017 and its code):
//   a = 0.9 a + 0.1 g^2;  s = lr g / sqrt(a + 1e-4);  v' = m v - s;  p += m v' - s.
#pragma once

#include <ATen/core/ATen_fwd.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "spec/run_spec.h"

namespace tomograd {

using NamedTensors = std::vector<std::pair<std::string, at::Tensor>>;

class Optimizer {
 public:
  // l1, l2: l1 * sum|w| + l2 * sum w^2 over convolution weights ("*.weight" of five axes), added to the gradient.
  Optimizer(const OptimizerSpec& spec, NamedTensors parameters, double l1 = 0, double l2 = 0);
  ~Optimizer();
  Optimizer(Optimizer&&) noexcept;

  // Updates the parameters from their gradients (all of them must have one, in float32: narrower ones have lost what a loss
  // scale was to save), which were summed over `accumulated` batches of losses times `loss_scale` (loss_scaler.h), and are
  // divided by both first. Returns the norm of the gradient before clipping. A gradient that is not finite changes nothing
  // and is returned as it is, NaN or infinity.
  double step(double learning_rate, int64_t accumulated = 1, double loss_scale = 1);
  void zero_gradients();

  // Moments, step count and the exponential average of weights, by names "optimizer.<kind of state>.<parameter>".
  NamedTensors state();
  void load(const std::map<std::string, at::Tensor>& tensors);   // every name of state() must be there

  // The average w' = d w' + (1 - d) w with d = min(average, (1 + t) / (10 + t)) after step t; the parameters themselves when
  // the spec asks for none. Names are the parameters'.
  NamedTensors averaged();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tomograd
