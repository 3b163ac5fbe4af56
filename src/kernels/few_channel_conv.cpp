#include "kernels/few_channel_conv.h"

#include "kernels/cpu_isa.h"

namespace tomograd {

namespace isa_avx2 { extern const FewChannelKernels few_channel_kernels; }
namespace isa_avx512 { extern const FewChannelKernels few_channel_kernels; }
namespace isa_avx512bf16 { extern const FewChannelKernels few_channel_kernels; }

namespace {

void forward(const FewChannelShape& s, const float* padded, const float* weight, const float* bias, int64_t z, float* out) {
  int64_t plane = (s.size.y + 2) * s.row, volume = (s.size.z + 2) * plane;
  for (int64_t o = 0; o < s.out; ++o)
    for (int64_t y = 0; y < s.size.y; ++y)
      for (int64_t x = 0; x < s.size.x; ++x) {
        double sum = bias ? bias[o] : 0;
        for (int64_t i = 0; i < s.in; ++i)
          for (int64_t tap = 0; tap < 27; ++tap)
            sum += double(weight[(o * s.in + i) * 27 + tap]) * padded[i * volume + (z + tap / 9) * plane + (y + tap / 3 % 3) * s.row + x + tap % 3];
        out[o * s.between_outputs() + (z * s.size.y + y) * s.size.x + x] = float(sum);
      }
}

void weight_gradient(const FewChannelShape& s, const float* padded, const float* g, int64_t z, float* dw) {
  int64_t plane = (s.size.y + 2) * s.row, volume = (s.size.z + 2) * plane;
  for (int64_t o = 0; o < s.out; ++o)
    for (int64_t i = 0; i < s.in; ++i)
      for (int64_t tap = 0; tap < 27; ++tap) {
        double sum = 0;
        for (int64_t y = 0; y < s.size.y; ++y)
          for (int64_t x = 0; x < s.size.x; ++x)
            sum += double(g[((o * s.size.z + z) * s.size.y + y) * s.row + x]) * padded[i * volume + (z + tap / 9) * plane + (y + tap / 3 % 3) * s.row + x + tap % 3];
        dw[(o * s.in + i) * 27 + tap] = float(sum);
      }
}

const FewChannelKernels reference = {forward, weight_gradient};

}  // namespace

const FewChannelKernels& few_channel_reference() { return reference; }

const FewChannelKernels& few_channel_kernels() {
  switch (current_isa()) {
    case CpuIsa::avx2: return isa_avx2::few_channel_kernels;
    case CpuIsa::avx512: return isa_avx512::few_channel_kernels;
    case CpuIsa::avx512bf16:
    case CpuIsa::amx: return isa_avx512bf16::few_channel_kernels;
    case CpuIsa::plain: break;
  }
  return reference;
}

}  // namespace tomograd
