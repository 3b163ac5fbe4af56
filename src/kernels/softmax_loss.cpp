#include "kernels/softmax_loss.h"

#include "kernels/cpu_isa.h"

namespace tomograd {

namespace isa_avx2 { extern const SoftmaxLossKernels softmax_loss_kernels; }
namespace isa_avx512 { extern const SoftmaxLossKernels softmax_loss_kernels; }
namespace isa_avx512bf16 { extern const SoftmaxLossKernels softmax_loss_kernels; }

namespace {

constexpr int ignored = 255;

ClassSums sums(const float* p, const float* log_p, const uint8_t* label, int64_t voxels, int c) {
  ClassSums s;
  for (int64_t i = 0; i < voxels; ++i) {
    if (label[i] == ignored) continue;
    s.predicted += p[i];
    if (label[i] != c) continue;
    s.inside += p[i];
    s.truth += 1;
    s.log_truth += log_p[i];
  }
  return s;
}

void add_mix(const float* p, const uint8_t* label, int64_t voxels, int c, float everywhere, float at_truth, float* mix) {
  for (int64_t i = 0; i < voxels; ++i) mix[i] += p[i] * (everywhere + (label[i] == c ? at_truth : 0.0f));
}

void gradient(float* p, const uint8_t* label, int64_t voxels, int c, float everywhere, float at_truth, const float* mix, const float* entropy) {
  for (int64_t i = 0; i < voxels; ++i) {
    float is = label[i] == c ? 1.0f : 0.0f, counted = label[i] == ignored ? 0.0f : 1.0f;
    p[i] = counted * p[i] * (everywhere + is * at_truth - mix[i]) + entropy[i] * (p[i] - is);
  }
}

const SoftmaxLossKernels reference = {sums, add_mix, gradient};

}  // namespace

const SoftmaxLossKernels& softmax_loss_reference() { return reference; }

const SoftmaxLossKernels& softmax_loss_kernels() {
  switch (current_isa()) {
    case CpuIsa::avx2: return isa_avx2::softmax_loss_kernels;
    case CpuIsa::avx512: return isa_avx512::softmax_loss_kernels;
    case CpuIsa::avx512bf16:
    case CpuIsa::amx: return isa_avx512bf16::softmax_loss_kernels;
    case CpuIsa::plain: break;
  }
  return reference;
}

}  // namespace tomograd
