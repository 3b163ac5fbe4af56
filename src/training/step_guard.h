// Judges the steps of a run: which were skipped because the loss or its gradient was not finite, when that is how a loss scale
// finds its place (nn/loss_scaler.h), and when it means that the run has come apart.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "nn/activation_gradients.h"
#include "nn/loss_scaler.h"
#include "nn/optimizer.h"
#include "spec/run_spec.h"
#include "training/metrics_log.h"

namespace tomograd {

class StepGuard {
 public:
  // Tells where the loss scale and the number format do not go together.
  explicit StepGuard(const RunSpec& resolved);

  const LossScaler& scaler() const { return scaler_; }
  // Before the first forward pass of a step that will be reported, every loss_scale.report_every steps; nothing before any other.
  std::optional<ActivationGradients> watch(int64_t step, Network& network) const;
  // Before Optimizer::step of such a step: a line of precision.jsonl, and the same in sentences.
  void report(int64_t step, const NamedTensors& parameters, const std::optional<ActivationGradients>& watched, MetricsLog& log) const;
  // After Optimizer::step: the mean loss of the step, without the scale, and the norm of its gradient, as the optimiser returned
  // it. Tells of a skipped step. Error(failure) after 20 in a row, where those do not count that a smaller scale may still
  // cure: the loss is finite, and the scale is above 1 and falls.
  void judge(int64_t step, double loss, double norm);
  // The scale that the step just judged was computed with, for metrics.jsonl; nothing when scaling is off.
  void add_metrics(std::vector<std::pair<std::string, double>>& values) const;

  // For checkpoints and the manifest: the scaler's state, and skipped steps in a row.
  Value state() const;
  void restore(const Value* state);              // nullptr: of a run that an older version began

 private:
  LossScaleSpec spec_;
  int64_t accumulated_ = 1, skipped_in_a_row_ = 0;
  LossScaler scaler_;
  double used_ = 1;
};

}  // namespace tomograd
