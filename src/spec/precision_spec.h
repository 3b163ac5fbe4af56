// Loss scaling: how gradients are kept inside the range of a narrow number format (nn/loss_scaler.h), and how often a run
// writes down where they lie in it (nn/gradient_report.h).
#pragma once

#include <cstdint>
#include <string>

#include "spec/field.h"

namespace tomograd {

struct LossScaleSpec {
  std::string kind = "none";
  double value = 0;
  int64_t interval = 0;
  int64_t report_every = 0;
  template <class V> void visit(V&& v) {
    v(kind, "kind", "what the loss is multiplied by before its gradient is taken, and the gradient divided by afterwards: nothing, a constant, or a number that is halved when a gradient overflows and doubled when long none did; dynamic starts at 2^16 and doubles after 2000 steps (torch.amp, apex.amp), dynamic_2e32 at 2^32 after 1000 (apex FP16_Optimizer). f16 wants one of them; f32 and bf16 have the range and need none", one_of({"none", "constant", "dynamic", "dynamic_2e32"}));
    v(value, "value", "the constant, or the first of a dynamic scale; 0 = 2^16, and 2^32 for dynamic_2e32", between(0, 0x1p127));
    v(interval, "interval", "steps without overflow after which a dynamic scale is doubled; 0 = 2000, and 1000 for dynamic_2e32", at_least(0, "steps"));
    v(report_every, "report_every", "steps between reports of how large the gradients of each layer's weights and activations are, against the range of f16, in precision.jsonl and precision.svg; 0 = none", at_least(0, "steps"));
  }
};

}  // namespace tomograd
