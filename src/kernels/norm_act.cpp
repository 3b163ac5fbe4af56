#include "kernels/norm_act.h"

#include <bit>
#include <cstddef>  // size_t
#include <vector>

#include "kernels/cpu_isa.h"

namespace tomograd {

namespace isa_avx2 { extern const NormActKernels<float> norm_act_float; extern const NormActKernels<uint16_t> norm_act_bfloat; }
namespace isa_avx512 { extern const NormActKernels<float> norm_act_float; extern const NormActKernels<uint16_t> norm_act_bfloat; }
namespace isa_avx512bf16 { extern const NormActKernels<float> norm_act_float; extern const NormActKernels<uint16_t> norm_act_bfloat; }

namespace {

float read(float v) { return v; }
float read(uint16_t v) { return std::bit_cast<float>(uint32_t{v} << 16); }
void write(float v, float& into) { into = v; }
void write(float v, uint16_t& into) {
  uint32_t bits = std::bit_cast<uint32_t>(v);
  into = v != v ? uint16_t{0x7FC0} : uint16_t((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
}

template <class T>
void sums(const T* x, int64_t values, int64_t period, const float* origin, float* sum, float* squares) {
  std::vector<double> total(size_t(2 * period), 0.0);
  for (int64_t i = 0; i < values; ++i) {
    double d = read(x[i]) - origin[i % period];
    total[size_t(i % period)] += d;
    total[size_t(period + i % period)] += d * d;
  }
  for (int64_t p = 0; p < period; ++p) sum[p] = float(total[size_t(p)]), squares[p] = float(total[size_t(period + p)]);
}

template <class T>
void apply(const T* x, int64_t values, int64_t period, NormActCoefficients c, const T* residual, T* y) {
  for (int64_t i = 0; i < values; ++i) {
    int64_t p = i % period;
    float z = c.a[p] * read(x[i]) + c.b[p], act = z > 0 ? z : c.slope[p] * z;
    write(residual ? act + read(residual[i]) : act, y[i]);
  }
}

template <class T>
void gradient_sums(const T* x, const T* g, int64_t values, int64_t period, NormActCoefficients c, const float* mean, float* first, float* second, float* third) {
  std::vector<double> total(size_t(3 * period), 0.0);
  for (int64_t i = 0; i < values; ++i) {
    int64_t p = i % period;
    float z = c.a[p] * read(x[i]) + c.b[p], dz = z > 0 ? read(g[i]) : c.slope[p] * read(g[i]);
    total[size_t(p)] += dz;
    total[size_t(period + p)] += double(dz) * (read(x[i]) - mean[p]);
    if (!(z > 0)) total[size_t(2 * period + p)] += double(read(g[i])) * z;
  }
  for (int64_t p = 0; p < period; ++p) first[p] = float(total[size_t(p)]), second[p] = float(total[size_t(period + p)]), third[p] = float(total[size_t(2 * period + p)]);
}

template <class T>
void gradient(const T* x, const T* g, int64_t values, int64_t period, NormActCoefficients c, NormActSlopes s, T* dx) {
  for (int64_t i = 0; i < values; ++i) {
    int64_t p = i % period;
    float v = read(x[i]), z = c.a[p] * v + c.b[p], dz = z > 0 ? read(g[i]) : c.slope[p] * read(g[i]);
    write(s.a[p] * dz + (s.u[p] + s.v[p] * v), dx[i]);
  }
}

template <class T>
const NormActKernels<T> reference = {sums<T>, apply<T>, gradient_sums<T>, gradient<T>};

}  // namespace

template <> const NormActKernels<float>& norm_act_reference<float>() { return reference<float>; }
template <> const NormActKernels<uint16_t>& norm_act_reference<uint16_t>() { return reference<uint16_t>; }

template <> const NormActKernels<float>& norm_act_kernels<float>() {
  switch (current_isa()) {
    case CpuIsa::avx2: return isa_avx2::norm_act_float;
    case CpuIsa::avx512: return isa_avx512::norm_act_float;
    case CpuIsa::avx512bf16:
    case CpuIsa::amx: return isa_avx512bf16::norm_act_float;
    case CpuIsa::plain: break;
  }
  return reference<float>;
}

template <> const NormActKernels<uint16_t>& norm_act_kernels<uint16_t>() {
  switch (current_isa()) {
    case CpuIsa::avx2: return isa_avx2::norm_act_bfloat;
    case CpuIsa::avx512: return isa_avx512::norm_act_bfloat;
    case CpuIsa::avx512bf16:
    case CpuIsa::amx: return isa_avx512bf16::norm_act_bfloat;
    case CpuIsa::plain: break;
  }
  return reference<uint16_t>;
}

}  // namespace tomograd
