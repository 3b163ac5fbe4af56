#include "training/step_guard.h"

#include <cmath>

#include "base/error.h"
#include "base/log.h"
#include "nn/gradient_report.h"

namespace tomograd {
namespace {

constexpr int64_t most_skipped_in_a_row = 20;

}  // namespace

StepGuard::StepGuard(const RunSpec& resolved) : spec_(resolved.loss_scale), accumulated_(resolved.optimizer.accumulate), scaler_(spec_), used_(scaler_.scale()) {
  bool on = spec_.kind != "none", narrow = resolved.precision == "f16";
  if (narrow && !on) warn("gradients below 2^-24 are lost in f16: loss_scale.kind = \"dynamic\" keeps them");
  if (!narrow && on) info(resolved.precision + " has the range for all gradients: the loss scale is used, and changes nothing but numbers below 2^-126");
}

std::optional<ActivationGradients> StepGuard::watch(int64_t step, Network& network) const {
  if (spec_.report_every == 0 || step % spec_.report_every != 0) return std::nullopt;
  return std::optional<ActivationGradients>(std::in_place, network, scaler_.scale());
}

void StepGuard::report(int64_t step, const NamedTensors& parameters, const std::optional<ActivationGradients>& watched, MetricsLog& log) const {
  if (!watched) return;
  GradientReport report = gradient_report(parameters, accumulated_, scaler_.scale());
  report.activations = watched->layers();
  log.precision(step, gradient_report_value(report));
  info(text("step ", step, ": ", gradients_line("gradients of weights", report.layers, report.scale)));
  info(text("step ", step, ": ", gradients_line("gradients of activations", report.activations, report.scale)));
}

void StepGuard::judge(int64_t step, double loss, double norm) {
  bool finite = std::isfinite(norm), curable = std::isfinite(loss) && scaler_.may_be_too_large();
  used_ = scaler_.scale();
  scaler_.update(finite);
  if (finite && std::isfinite(loss)) {
    skipped_in_a_row_ = 0;
  } else if (curable) {
    info(text("step ", step, " was skipped: its gradient overflowed at a loss scale of ", used_, ", the next has ", scaler_.scale()));
  } else {
    if (++skipped_in_a_row_ >= most_skipped_in_a_row) fail_failure(text("the loss or its gradient was not finite in ", most_skipped_in_a_row, " steps in a row, last at step ", step), "lower optimizer.learning_rate, or use --precision f32");
    warn(text("step ", step, " was skipped: its loss is ", loss, ", its gradient's norm ", norm));
  }
}

void StepGuard::add_metrics(std::vector<std::pair<std::string, double>>& values) const {
  if (spec_.kind != "none") values.push_back({"loss_scale", used_});
}

Value StepGuard::state() const {
  Value state = scaler_.state();
  state["skipped_in_a_row"] = skipped_in_a_row_;
  return state;
}

void StepGuard::restore(const Value* state) {
  if (!state) return;
  scaler_.restore(*state);
  skipped_in_a_row_ = state->at("skipped_in_a_row").as_integer();
}

}  // namespace tomograd
