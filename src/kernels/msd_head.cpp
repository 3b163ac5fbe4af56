#include "kernels/msd_head.h"

#include <bit>

#include "kernels/cpu_isa.h"

namespace tomograd {

namespace isa_avx2 { extern const MsdHeadKernels msd_head_kernels; }
namespace isa_avx512 { extern const MsdHeadKernels msd_head_kernels; }
namespace isa_avx512bf16 { extern const MsdHeadKernels msd_head_kernels; }

namespace {

template <class Value>
void forward_of(const MsdLayout& layout, const MsdHead& head, int64_t z, float* out, Value&& value) {
  for (int64_t k = 0; k < head.classes; ++k)
    for (int64_t y = 0; y < layout.size.y; ++y)
      for (int64_t x = 0; x < layout.size.x; ++x) {
        double sum = head.bias[k];
        for (int64_t c = 0; c < head.channels; ++c) sum += double(head.weight[k * head.channels + c]) * value(c, y, x);
        out[((k * layout.size.z + z) * layout.size.y + y) * layout.size.x + x] = float(sum);
      }
}

void forward(const MsdLayout& layout, const MsdHead& head, const float* stack, int64_t z, float* out) {
  forward_of(layout, head, z, out, [&](int64_t c, int64_t y, int64_t x) { return stack[layout.at(c, z, y, x)]; });
}

void forward_bf16(const MsdLayout& layout, const MsdHead& head, const float* pairs, int64_t z, float* out) {
  forward_of(layout, head, z, out, [&](int64_t c, int64_t y, int64_t x) {
    uint32_t pair = std::bit_cast<uint32_t>(pairs[layout.at(c / 2, z, y, x)]);
    return from_bf16(uint16_t(c % 2 ? pair >> 16 : pair));
  });
}

void backward(const MsdLayout& layout, const MsdHead& head, const float* stack, const float* g, int64_t z, float* grad, float* weight_sums, float* bias_sums) {
  auto above = [&](int64_t k, int64_t y, int64_t x) { return double(g[((k * layout.size.z + z) * layout.size.y + y) * layout.size.x + x]); };
  for (int64_t k = 0; k < head.classes; ++k) {
    double bias = 0;
    for (int64_t c = 0; c < head.channels; ++c) {
      double weight = 0;
      for (int64_t y = 0; y < layout.size.y; ++y)
        for (int64_t x = 0; x < layout.size.x; ++x) weight += above(k, y, x) * stack[layout.at(c, z, y, x)];
      weight_sums[k * head.channels + c] = float(weight);
    }
    for (int64_t y = 0; y < layout.size.y; ++y)
      for (int64_t x = 0; x < layout.size.x; ++x) bias += above(k, y, x);
    bias_sums[k] = float(bias);
  }
  for (int64_t c = 0; c < head.channels; ++c)
    for (int64_t y = 0; y < layout.size.y; ++y)
      for (int64_t x = 0; x < layout.size.x; ++x) {
        double sum = 0;
        for (int64_t k = 0; k < head.classes; ++k) sum += above(k, y, x) * head.weight[k * head.channels + c];
        grad[layout.at(c, z, y, x)] = float(sum);
      }
}

const MsdHeadKernels reference = {forward, forward_bf16, backward};

}  // namespace

const MsdHeadKernels& msd_head_reference() { return reference; }

const MsdHeadKernels& msd_head_kernels() {
  switch (current_isa()) {
    case CpuIsa::avx2: return isa_avx2::msd_head_kernels;
    case CpuIsa::avx512: return isa_avx512::msd_head_kernels;
    case CpuIsa::avx512bf16:
    case CpuIsa::amx: return isa_avx512bf16::msd_head_kernels;
    case CpuIsa::plain: break;
  }
  return reference;
}

}  // namespace tomograd
