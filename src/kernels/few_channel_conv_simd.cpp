// The kernels of few_channel_conv.h for one instruction set.
#include "kernels/few_channel_conv.h"

#include <immintrin.h>

namespace tomograd::TOMOGRAD_ISA {

extern const FewChannelKernels few_channel_kernels;

namespace {

#if defined(TOMOGRAD_ISA_avx2)
struct Floats { __m256 low, high; };
inline Floats load(const float* p) { return {_mm256_loadu_ps(p), _mm256_loadu_ps(p + 8)}; }
inline Floats all(float v) { return {_mm256_set1_ps(v), _mm256_set1_ps(v)}; }
inline void store(float* p, Floats v) { _mm256_storeu_ps(p, v.low), _mm256_storeu_ps(p + 8, v.high); }
inline Floats fused(Floats a, Floats b, Floats c) { return {_mm256_fmadd_ps(a.low, b.low, c.low), _mm256_fmadd_ps(a.high, b.high, c.high)}; }
#else
typedef __m512 Floats;
inline Floats load(const float* p) { return _mm512_loadu_ps(p); }
inline Floats all(float v) { return _mm512_set1_ps(v); }
inline void store(float* p, Floats v) { _mm512_storeu_ps(p, v); }
inline Floats fused(Floats a, Floats b, Floats c) { return _mm512_fmadd_ps(a, b, c); }
#endif
constexpr int64_t width = 16;

// `group` outputs from o0 on.
template <int group>
void forward_group(const FewChannelShape& s, const float* padded, const float* weight, const float* bias, int64_t z, int64_t o0, float* out) {
  const int64_t plane = (s.size.y + 2) * s.row, volume = (s.size.z + 2) * plane, step = s.between_outputs();
  for (int64_t y = 0; y < s.size.y; ++y)
    for (int64_t x = 0; x < s.size.x; x += width) {
      Floats sum[group];
      for (int o = 0; o < group; ++o) sum[o] = all(bias ? bias[o0 + o] : 0.0f);
      for (int64_t i = 0; i < s.in; ++i) {
        const float* from = padded + i * volume + z * plane + y * s.row + x;
        const float* w = weight + (o0 * s.in + i) * 27;
        for (int dz = 0; dz < 3; ++dz)
          for (int dy = 0; dy < 3; ++dy)
            for (int dx = 0; dx < 3; ++dx) {
              Floats v = load(from + dz * plane + dy * s.row + dx);
              for (int o = 0; o < group; ++o) sum[o] = fused(all(w[o * s.in * 27 + dz * 9 + dy * 3 + dx]), v, sum[o]);
            }
      }
      for (int o = 0; o < group; ++o) {
        float* to = out + (o0 + o) * step + (z * s.size.y + y) * s.size.x + x;
        if (x + width <= s.size.x) {
          store(to, sum[o]);
        } else {
          float last[width];
          store(last, sum[o]);
          for (int64_t k = 0; x + k < s.size.x; ++k) to[k] = last[k];
        }
      }
    }
}

void forward(const FewChannelShape& s, const float* padded, const float* weight, const float* bias, int64_t z, float* out) {
  int64_t o = 0;
  for (; o + 4 <= s.out; o += 4) forward_group<4>(s, padded, weight, bias, z, o, out);
  if (s.out - o == 3) forward_group<3>(s, padded, weight, bias, z, o, out);
  if (s.out - o == 2) forward_group<2>(s, padded, weight, bias, z, o, out);
  if (s.out - o == 1) forward_group<1>(s, padded, weight, bias, z, o, out);
}

template <int group>
void gradient_group(const FewChannelShape& s, const float* padded, const float* g, int64_t z, int64_t o0, float* dw) {
  const int64_t plane = (s.size.y + 2) * s.row, volume = (s.size.z + 2) * plane;
  for (int64_t i = 0; i < s.in; ++i)
    for (int part = 0; part < 9; ++part) {
      Floats sum[group][3];
      for (auto& row : sum)
        for (Floats& v : row) v = all(0);
      for (int64_t y = 0; y < s.size.y; ++y) {
        const float* from = padded + i * volume + (z + part / 3) * plane + (y + part % 3) * s.row;
        const float* above = g + ((o0 * s.size.z + z) * s.size.y + y) * s.row;
        for (int64_t x = 0; x < s.size.x; x += width) {
          Floats v0 = load(from + x), v1 = load(from + x + 1), v2 = load(from + x + 2);
          for (int o = 0; o < group; ++o) {
            Floats d = load(above + o * s.size.z * s.size.y * s.row + x);
            sum[o][0] = fused(d, v0, sum[o][0]), sum[o][1] = fused(d, v1, sum[o][1]), sum[o][2] = fused(d, v2, sum[o][2]);
          }
        }
      }
      for (int o = 0; o < group; ++o)
        for (int dx = 0; dx < 3; ++dx) {
          float lanes[width], total = 0;
          store(lanes, sum[o][dx]);
          for (float lane : lanes) total += lane;
          dw[((o0 + o) * s.in + i) * 27 + part * 3 + dx] = total;
        }
    }
}

void weight_gradient(const FewChannelShape& s, const float* padded, const float* g, int64_t z, float* dw) {
  int64_t o = 0;
  for (; o + 4 <= s.out; o += 4) gradient_group<4>(s, padded, g, z, o, dw);
  if (s.out - o == 3) gradient_group<3>(s, padded, g, z, o, dw);
  if (s.out - o == 2) gradient_group<2>(s, padded, g, z, o, dw);
  if (s.out - o == 1) gradient_group<1>(s, padded, g, z, o, dw);
}

}  // namespace

const FewChannelKernels few_channel_kernels = {forward, weight_gradient};

}  // namespace tomograd::TOMOGRAD_ISA
