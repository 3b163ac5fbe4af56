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
void plain_sum(const UpsampleShape& s, const TapPlane& p, const T* from, T* to) {
  for (int64_t y = 0; y < p.to_y; ++y)
    for (int64_t x = 0; x < p.to_x; ++x)
      for (int64_t c = 0; c < p.channels; ++c) {
        Taps along_y = p.along(s, 1, y), along_x = p.along(s, 2, x);
        double sum = 0;
        for (int a = 0; a < p.along_z.count; ++a)
          for (int b = 0; b < along_y.count; ++b)
            for (int d = 0; d < along_x.count; ++d)
              sum += double(p.along_z.tap[a].weight) * along_y.tap[b].weight * along_x.tap[d].weight *
                     value(from[((p.along_z.tap[a].place * p.from.y + along_y.tap[b].place) * p.from.x + along_x.tap[d].place) * p.from_pitch + c]);
        put(sum, to[(y * p.to_x + x) * p.to_pitch + c]);
      }
}

template <class T>
void plain_forward(const UpsampleShape& s, const T* x, int64_t z, float*, T* y) { plain_sum(s, plane_of_result(s, z), x, y); }
template <class T>
void plain_backward(const UpsampleShape& s, const T* g, int64_t z, float*, T* dx) { plain_sum(s, plane_of_source(s, z), g, dx); }

template <class T>
const UpsampleKernels<T> plain_kernels = {plain_forward<T>, plain_backward<T>};

}  // namespace

template <> const UpsampleKernels<float>& upsample_reference<float>() { return plain_kernels<float>; }
template <> const UpsampleKernels<uint16_t>& upsample_reference<uint16_t>() { return plain_kernels<uint16_t>; }

template <> const UpsampleKernels<float>& upsample_kernels<float>() {
  switch (current_isa()) {
    case CpuIsa::avx2: return isa_avx2::upsample_float;
    case CpuIsa::avx512: return isa_avx512::upsample_float;
    case CpuIsa::avx512bf16:
    case CpuIsa::amx: return isa_avx512bf16::upsample_float;
    case CpuIsa::plain: break;
  }
  return plain_kernels<float>;
}

template <> const UpsampleKernels<uint16_t>& upsample_kernels<uint16_t>() {
  switch (current_isa()) {
    case CpuIsa::avx2: return isa_avx2::upsample_bfloat;
    case CpuIsa::avx512: return isa_avx512::upsample_bfloat;
    case CpuIsa::avx512bf16:
    case CpuIsa::amx: return isa_avx512bf16::upsample_bfloat;
    case CpuIsa::plain: break;
  }
  return plain_kernels<uint16_t>;
}

}  // namespace tomograd
