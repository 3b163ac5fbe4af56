#include "kernels/upsample_linear.h"

#include <bit>
#include <cstddef>  // size_t

#include "kernels/cpu_isa.h"
#include "kernels/upsample_linear_taps.h"

namespace tomograd {

namespace isa_avx2 { extern const UpsampleKernels<float> upsample_float; extern const UpsampleKernels<uint16_t> upsample_bfloat; }
namespace isa_avx512 { extern const UpsampleKernels<float> upsample_float; extern const UpsampleKernels<uint16_t> upsample_bfloat; }
namespace isa_avx512bf16 { extern const UpsampleKernels<float> upsample_float; extern const UpsampleKernels<uint16_t> upsample_bfloat; }

namespace {

float value(float v) { return v; }
float value(uint16_t v) { return std::bit_cast<float>(uint32_t{v} << 16); }
void put(double v, float& into) { into = float(v); }
void put(double v, uint16_t& into) {
  uint32_t bits = std::bit_cast<uint32_t>(float(v));
  into = v != v ? uint16_t{0x7FC0} : uint16_t((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
}

template <class T>
void plain_forward(const UpsampleShape& s, const T* x, int64_t z, float*, T* y) {
  Taps along_z = sources_of(z, s.from.z, !s.planes);
  for (int64_t oy = 0; oy < s.to.y; ++oy)
    for (int64_t ox = 0; ox < s.to.x; ++ox)
      for (int64_t c = 0; c < s.channels; ++c) {
        Taps along_y = sources_of(oy, s.from.y, true), along_x = sources_of(ox, s.from.x, true);
        double sum = 0;
        for (int a = 0; a < along_z.count; ++a)
          for (int b = 0; b < along_y.count; ++b)
            for (int d = 0; d < along_x.count; ++d)
              sum += double(along_z.tap[a].weight) * along_y.tap[b].weight * along_x.tap[d].weight *
                     value(x[((along_z.tap[a].place * s.from.y + along_y.tap[b].place) * s.from.x + along_x.tap[d].place) * s.channels + c]);
        put(sum, y[(oy * s.to.x + ox) * s.pitch + c]);
      }
}

template <class T>
void plain_backward(const UpsampleShape& s, const T* g, int64_t z, float*, T* dx) {
  Taps along_z = results_of(z, s.from.z, s.to.z, !s.planes);
  for (int64_t iy = 0; iy < s.from.y; ++iy)
    for (int64_t ix = 0; ix < s.from.x; ++ix)
      for (int64_t c = 0; c < s.channels; ++c) {
        Taps along_y = results_of(iy, s.from.y, s.to.y, true), along_x = results_of(ix, s.from.x, s.to.x, true);
        double sum = 0;
        for (int a = 0; a < along_z.count; ++a)
          for (int b = 0; b < along_y.count; ++b)
            for (int d = 0; d < along_x.count; ++d)
              sum += double(along_z.tap[a].weight) * along_y.tap[b].weight * along_x.tap[d].weight *
                     value(g[((along_z.tap[a].place * s.to.y + along_y.tap[b].place) * s.to.x + along_x.tap[d].place) * s.pitch + c]);
        put(sum, dx[(iy * s.from.x + ix) * s.channels + c]);
      }
}

template <class T>
const UpsampleKernels<T> plain_kernels = {plain_forward<T>, plain_backward<T>};

}  // namespace

template <> const UpsampleKernels<float>& upsample_reference<float>() { return plain_kernels<float>; }
template <> const UpsampleKernels<uint16_t>& upsample_reference<uint16_t>() { return plain_kernels<uint16_t>; }

template <> const UpsampleKernels<float>& upsample_kernels<float>() {
  switch (current_isa()) {
    case CpuIsa::avx2: return isa_avx2::upsample_float;
    case CpuIsa::avx512: return isa_avx512::upsample_float;
    case CpuIsa::avx512bf16: return isa_avx512bf16::upsample_float;
    case CpuIsa::plain: break;
  }
  return plain_kernels<float>;
}

template <> const UpsampleKernels<uint16_t>& upsample_kernels<uint16_t>() {
  switch (current_isa()) {
    case CpuIsa::avx2: return isa_avx2::upsample_bfloat;
    case CpuIsa::avx512: return isa_avx512::upsample_bfloat;
    case CpuIsa::avx512bf16: return isa_avx512bf16::upsample_bfloat;
    case CpuIsa::plain: break;
  }
  return plain_kernels<uint16_t>;
}

}  // namespace tomograd
