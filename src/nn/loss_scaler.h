// Loss scaling (Micikevicius et al. 2018, "Mixed precision training", section 3.2). FP16 ends at 2^-24, and many gradients are
// smaller. Multiplying the loss multiplies all gradients, so that they pass through the narrow format inside its range; they
// arrive at the float32 weights, where they are divided again, once, before penalties and clipping (Optimizer::step).
//
//                                     first   overflow    doubles after   bounds
//   dynamic       torch.amp, apex.amp 2^16    halves      2000 good steps float32's own, as torch
//   dynamic_2e32  apex FP16_Optimizer 2^32    halves      1000            never below 1
//
// A step whose gradient is not finite changes no weight, halves the scale and starts the count anew; that this happens some
// times at the beginning is how a dynamic scale finds its place. Multiplying by a power of two is exact, so such a scale changes
// nothing in a format that has the range (float32, bfloat16) but for numbers below 2^-126.
#pragma once

#include <ATen/core/ATen_fwd.h>

#include <cstdint>

#include "spec/precision_spec.h"
#include "spec/value.h"

namespace tomograd {

struct LossScaleRule {
  double first = 1, growth = 2, backoff = 0.5;
  double least = 0, most = 0;                    // of the scale
  int64_t interval = 0;                          // good steps until it grows; 0 = it stays as it is, whatever happens
};

// `spec` as numbers; the scale is a float32 number, as the loss that it multiplies.
LossScaleRule loss_scale_rule(const LossScaleSpec& spec);

class LossScaler {
 public:
  explicit LossScaler(const LossScaleSpec& spec);
  explicit LossScaler(const LossScaleRule& rule);

  double scale() const { return scale_; }
  int64_t good_steps() const { return good_steps_; }   // since the last overflow or growth
  int64_t skipped() const { return skipped_; }         // steps whose gradient was not finite, from the start
  // Whether an overflow may be the scale's doing, which a smaller one would cure: it changes, and is above 1 still.
  bool may_be_too_large() const;

  // The loss to call backward() on; the same tensor when the scale is 1.
  at::Tensor scaled(const at::Tensor& loss) const;
  // After a step: whether all gradients were finite.
  void update(bool finite);

  // {"scale", "good_steps", "skipped"}; restore() goes on where state() was taken, to the bit. Error(input) for a damaged one.
  Value state() const;
  void restore(const Value& state);

 private:
  LossScaleRule rule_;
  double scale_ = 1;
  int64_t good_steps_ = 0, skipped_ = 0;
};

}  // namespace tomograd
