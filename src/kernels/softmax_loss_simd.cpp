// The kernels of softmax_loss.h for one instruction set: loops over 16 lanes that the compiler makes vectors of.
#include "kernels/softmax_loss.h"

namespace tomograd::TOMOGRAD_ISA {

extern const SoftmaxLossKernels softmax_loss_kernels;

namespace {

constexpr int64_t width = 16;
constexpr int ignored = 255;

ClassSums sums(const float* p, const float* log_p, const uint8_t* label, int64_t voxels, int c) {
  float inside[width] = {}, predicted[width] = {}, logs[width] = {};
  int32_t truth[width] = {};
  int64_t i = 0;
  for (; i + width <= voxels; i += width)
    for (int64_t k = 0; k < width; ++k) {
      int32_t l = label[i + k];
      float v = p[i + k], log_v = log_p[i + k];
      predicted[k] += l == ignored ? 0.0f : v;
      inside[k] += l == c ? v : 0.0f;
      logs[k] += l == c ? log_v : 0.0f;
      truth[k] += l == c;
    }
  for (; i < voxels; ++i) {
    int32_t l = label[i];
    predicted[0] += l == ignored ? 0.0f : p[i];
    inside[0] += l == c ? p[i] : 0.0f;
    logs[0] += l == c ? log_p[i] : 0.0f;
    truth[0] += l == c;
  }
  ClassSums s;
  for (int64_t k = 0; k < width; ++k) s.inside += inside[k], s.predicted += predicted[k], s.truth += truth[k], s.log_truth += logs[k];
  return s;
}

void add_mix(const float* __restrict p, const uint8_t* __restrict label, int64_t voxels, int c, float everywhere, float at_truth, float* __restrict mix) {
  for (int64_t i = 0; i < voxels; ++i) {
    int32_t l = label[i];
    mix[i] += p[i] * (everywhere + (l == c ? at_truth : 0.0f));
  }
}

void gradient(float* __restrict p, const uint8_t* __restrict label, int64_t voxels, int c, float everywhere, float at_truth, const float* __restrict mix,
              const float* __restrict entropy) {
  for (int64_t i = 0; i < voxels; ++i) {
    int32_t l = label[i];
    float is = l == c ? 1.0f : 0.0f, counted = l == ignored ? 0.0f : 1.0f;
    p[i] = counted * p[i] * (everywhere + is * at_truth - mix[i]) + entropy[i] * (p[i] - is);
  }
}

}  // namespace

const SoftmaxLossKernels softmax_loss_kernels = {sums, add_mix, gradient};

}  // namespace tomograd::TOMOGRAD_ISA
