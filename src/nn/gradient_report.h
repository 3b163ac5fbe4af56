// Where the gradients of a network lie in the range of FP16 (largest 65504, smallest normal 2^-14 = 6.10e-5, smallest subnormal
// 2^-24 = 5.96e-8): per layer a histogram of their exponents, and how many would overflow, lose digits as subnormals, or be
// flushed to zero, as they are and multiplied by the loss scale. Of weights they are looked at when a step has summed them; those of
// activations pass through the narrow format too, and are caught on their way (nn/activation_gradients.h).
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "nn/optimizer.h"
#include "spec/value.h"

namespace tomograd {

// What becomes of a magnitude in FP16, rounded to nearest, ties to even. Zero is normal: nothing happens to it.
enum class HalfFate { normal, subnormal, flushed, overflow };
HalfFate half_fate(double magnitude);

struct HalfCounts { int64_t overflow = 0, subnormal = 0, flushed = 0; };

struct LayerGradients {
  static constexpr int lowest_exponent = -150, exponents = 279;  // all of float32; what lies beyond counts at the ends
  std::string layer;                             // the parameters' name without .weight, .bias, ...; of activations the node's
  int64_t values = 0, zeros = 0, not_finite = 0;
  std::array<int64_t, exponents> histogram{};    // of floor(log2 |g|), unscaled, for what is finite and not zero
  HalfCounts unscaled, scaled;                   // of those
  int64_t counted() const { return values - zeros - not_finite; }
  void add(const LayerGradients& other);         // all but the name
};

struct GradientReport {
  double scale = 1;
  std::vector<LayerGradients> layers;            // of weights
  std::vector<LayerGradients> activations = {};  // where they were watched
};

// Adds a tensor's values, piece by piece. |g| / divisor is a gradient of the scaled loss; divided by `scale` too, one of the loss.
void count_gradient(const at::Tensor& gradient, double divisor, double scale, LayerGradients& into);

// From gradients that backward() of scaled losses left, summed over `accumulated` batches, before Optimizer::step touches them:
// `scaled` is about their mean, `unscaled` about that divided by `scale`. Parameters without a gradient are passed over.
GradientReport gradient_report(const NamedTensors& parameters, int64_t accumulated, double scale);

// {"loss_scale", "layers": [{"layer", "values", "zeros", "not_finite", "unscaled": {"overflow", "subnormal", "flushed" and
// their shares "overflow_share", ...}, "scaled": {...}, "lowest_exponent", "histogram": [...]}]}; shares of what is finite and
// not zero, the histogram without its empty ends. "activations" has the same keys as "layers", and is missing where none were watched.
Value gradient_report_value(const GradientReport& report);

// One sentence about `what` ("gradients of weights"): between which powers of two all of them lie, what FP16 would do to them with and
// without the scale, and the layer that loses most.
std::string gradients_line(const std::string& what, const std::vector<LayerGradients>& layers, double scale);

}  // namespace tomograd
