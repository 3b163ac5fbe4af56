#include "kernels/fma_peak.h"
#include "kernels/noise_lanes.h"

#include <cmath>

namespace tomograd::TOMOGRAD_ISA {
namespace {

constexpr int chains = 12;                       // latency 4 x 2 units = 8 are needed; 12 hide the rest

// Chains start at 0, 1, 2, ...: were they all the same, a compiler could compute one of them.
void start(Floats* x) {
  for (int c = 0; c < chains; ++c) x[c] = all(float(c));
}
constexpr double average_start = (chains - 1) / 2.0;

double average(const Floats* x) {
  double sum = 0;
  for (int c = 0; c < chains; ++c)
    for (int l = 0; l < lanes; ++l) sum += x[c][l];
  return sum / (chains * lanes);
}

}  // namespace

FmaChain chain_f32(int64_t rounds) {
  Floats x[chains], half = all(0.5f), one = all(1.0f);
  start(x);
  for (int64_t i = 0; i < rounds; ++i)
#pragma GCC unroll 12
    for (Floats& v : x) v = fused(v, half, one);
  return {2.0 * chains * lanes * double(rounds), average(x), 2 + (average_start - 2) * std::pow(0.5, double(rounds))};
}

#if defined(TOMOGRAD_ISA_avx512bf16)
FmaChain chain_bf16(int64_t rounds) {
  Floats x[chains];
  start(x);
  const __m512i ones = _mm512_set1_epi16(0x3F80);  // 1.0 in bfloat16
  for (int64_t i = 0; i < rounds; ++i)
#pragma GCC unroll 12
    for (Floats& v : x) v = Floats(_mm512_dpbf16_ps(__m512(v), (__m512bh)ones, (__m512bh)ones));
  return {4.0 * chains * lanes * double(rounds), average(x), average_start + 2.0 * double(rounds)};
}
#endif

}  // namespace tomograd::TOMOGRAD_ISA
