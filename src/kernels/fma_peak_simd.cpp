#include "kernels/fma_peak.h"
#include "kernels/noise_lanes.h"

namespace tomograd::TOMOGRAD_ISA {
namespace {

constexpr int chains = 12;                       // latency 4 x 2 units = 8 are needed; 12 hide the rest

double average(const Floats* x) {
  double sum = 0;
  for (int c = 0; c < chains; ++c)
    for (int l = 0; l < lanes; ++l) sum += x[c][l];
  return sum / (chains * lanes);
}

}  // namespace

FmaChain chain_f32(int64_t rounds) {
  Floats x[chains], half = all(0.5f), one = all(1.0f);
  for (Floats& v : x) v = all(0);
  for (int64_t i = 0; i < rounds; ++i)
    for (Floats& v : x) {
      v = fused(v, half, one);
      asm volatile("" : "+v"(v));                // each step is taken, in a register
    }
  return {2.0 * chains * lanes * double(rounds), average(x), 2};
}

#if defined(TOMOGRAD_ISA_avx512bf16)
FmaChain chain_bf16(int64_t rounds) {
  Floats x[chains];
  for (Floats& v : x) v = all(0);
  const __m512i ones = _mm512_set1_epi16(0x3F80);  // 1.0 in bfloat16
  for (int64_t i = 0; i < rounds; ++i)
    for (Floats& v : x) {
      v = Floats(_mm512_dpbf16_ps(__m512(v), (__m512bh)ones, (__m512bh)ones));
      asm volatile("" : "+v"(v));
    }
  return {4.0 * chains * lanes * double(rounds), average(x), 2.0 * double(rounds)};
}
#endif

}  // namespace tomograd::TOMOGRAD_ISA
