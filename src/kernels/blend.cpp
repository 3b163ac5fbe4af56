#include "kernels/blend.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "kernels/cpu_isa.h"

namespace tomograd {

using Add = bool(const LogitRow& row, int64_t classes, int64_t count, float row_weight, const float* weights, float* into, int64_t class_step);
using Take = void(float* sums, int64_t class_step, int64_t classes, int64_t count, float row_total, const float* totals, uint8_t* labels);
namespace isa_avx2 { Add add_probabilities; Take take_labels; }
namespace isa_avx512 { Add add_probabilities; Take take_labels; }
namespace isa_avx512bf16 { Add add_probabilities; Take take_labels; }

bool add_probabilities_reference(const LogitRow& row, int64_t classes, int64_t count, float row_weight, const float* weights, float* into, int64_t class_step) {
  bool finite = true;
  for (int64_t i = 0; i < count; ++i) {
    const float* logit = row.logits + i * row.voxel_stride;
    float largest = logit[0], sum = 0;
    for (int64_t c = 0; c < classes; ++c) {
      finite = finite && std::isfinite(logit[c * row.class_stride]);
      largest = std::max(largest, logit[c * row.class_stride]);
    }
    for (int64_t c = 0; c < classes; ++c) sum += std::exp(logit[c * row.class_stride] - largest);
    for (int64_t c = 1; c < classes; ++c) into[(c - 1) * class_step + i] += row_weight * weights[i] / sum * std::exp(logit[c * row.class_stride] - largest);
  }
  return finite;
}

void take_labels_reference(float* sums, int64_t class_step, int64_t classes, int64_t count, float row_total, const float* totals, uint8_t* labels) {
  for (int64_t i = 0; i < count; ++i) {
    float largest = row_total * totals[i];
    for (int64_t c = 1; c < classes; ++c) largest -= sums[(c - 1) * class_step + i];
    labels[i] = 0;
    for (int64_t c = 1; c < classes; ++c) {
      float& sum = sums[(c - 1) * class_step + i];
      if (sum > largest) largest = sum, labels[i] = uint8_t(c);
      sum = 0;
    }
  }
}

bool add_probabilities(const LogitRow& row, int64_t classes, int64_t count, float row_weight, const float* weights, float* into, int64_t class_step) {
  if (classes < 1 || classes > most_blend_classes) fail_input(text("blending of ", classes, " classes was asked for, must be 1 to ", most_blend_classes));
  switch (current_isa()) {
    case CpuIsa::avx2: return isa_avx2::add_probabilities(row, classes, count, row_weight, weights, into, class_step);
    case CpuIsa::avx512: return isa_avx512::add_probabilities(row, classes, count, row_weight, weights, into, class_step);
    case CpuIsa::avx512bf16:
    case CpuIsa::amx: return isa_avx512bf16::add_probabilities(row, classes, count, row_weight, weights, into, class_step);
    case CpuIsa::plain: break;
  }
  return add_probabilities_reference(row, classes, count, row_weight, weights, into, class_step);
}

void take_labels(float* sums, int64_t class_step, int64_t classes, int64_t count, float row_total, const float* totals, uint8_t* labels) {
  switch (current_isa()) {
    case CpuIsa::avx2: return isa_avx2::take_labels(sums, class_step, classes, count, row_total, totals, labels);
    case CpuIsa::avx512: return isa_avx512::take_labels(sums, class_step, classes, count, row_total, totals, labels);
    case CpuIsa::avx512bf16:
    case CpuIsa::amx: return isa_avx512bf16::take_labels(sums, class_step, classes, count, row_total, totals, labels);
    case CpuIsa::plain: break;
  }
  take_labels_reference(sums, class_step, classes, count, row_total, totals, labels);
}

}  // namespace tomograd
