#include "nn/loss_scaler.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.h"

namespace tomograd {

LossScaleRule loss_scale_rule(const LossScaleSpec& spec) {
  LossScaleRule rule;
  rule.least = std::numeric_limits<float>::min();  // its reciprocal is a number too
  rule.most = std::numeric_limits<float>::max();
  if (spec.kind == "none") return rule;
  bool from_2e32 = spec.kind == "dynamic_2e32";
  rule.first = double(float(spec.value > 0 ? spec.value : from_2e32 ? 0x1p32 : 0x1p16));
  if (spec.kind == "constant") return rule;
  if (!from_2e32 && spec.kind != "dynamic") fail_input(text("loss_scale.kind is '", spec.kind, "'"), "none, constant, dynamic or dynamic_2e32");
  if (from_2e32) rule.least = 1;
  rule.interval = spec.interval > 0 ? spec.interval : from_2e32 ? 1000 : 2000;
  return rule;
}

LossScaler::LossScaler(const LossScaleSpec& spec) : LossScaler(loss_scale_rule(spec)) {}

LossScaler::LossScaler(const LossScaleRule& rule) : rule_(rule), scale_(std::max(rule.first, rule.least)) {}

bool LossScaler::may_be_too_large() const { return rule_.interval > 0 && scale_ > std::max(1.0, rule_.least); }

at::Tensor LossScaler::scaled(const at::Tensor& loss) const { return scale_ == 1 ? loss : loss * scale_; }

void LossScaler::update(bool finite) {
  if (!finite) ++skipped_;
  if (rule_.interval == 0) return;
  if (!finite) {
    scale_ = std::max(scale_ * rule_.backoff, rule_.least);
    good_steps_ = 0;
  } else if (++good_steps_ == rule_.interval) {
    if (scale_ * rule_.growth <= rule_.most) scale_ *= rule_.growth;
    good_steps_ = 0;
  }
}

Value LossScaler::state() const {
  Value state = Value::table();
  state["scale"] = scale_;
  state["good_steps"] = good_steps_;
  state["skipped"] = skipped_;
  return state;
}

void LossScaler::restore(const Value& state) {
  double scale = state.at("scale").as_number();
  int64_t good_steps = state.at("good_steps").as_integer(), skipped = state.at("skipped").as_integer();
  if (!(scale >= rule_.least && scale <= rule_.most)) fail_input(text("a loss scale of ", scale, " is none that this run can have"));
  if (good_steps < 0 || skipped < 0) fail_input(text("the loss scale's state has ", good_steps, " good and ", skipped, " skipped steps"));
  scale_ = scale, good_steps_ = good_steps, skipped_ = skipped;
}

}  // namespace tomograd
