// A picture of a run's last report of its gradients (precision.jsonl, nn/gradient_report.h): the shares of their exponents, of weights
// and of activations, against the range of FP16, as they are and multiplied by the loss scale.
#pragma once

#include <memory>
#include <string>

#include "base/env.h"
#include "pictures/chart.h"
#include "spec/value.h"

namespace tomograd {

std::unique_ptr<Figure> precision_figure(const Value& report);  // one line of precision.jsonl

// Writes RUN/precision.svg from RUN/precision.jsonl; nothing where a run reports nothing.
void draw_precision(Env& env, const std::string& run);

}  // namespace tomograd
