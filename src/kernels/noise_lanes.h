// Vectors of the instruction set at hand for the noise and gamma kernels: GCC vector types where plain operators do, and
// intrinsics for what those cannot say. Private to files x_simd.cpp, which are compiled once per instruction set.
#pragma once

#include <immintrin.h>

#include <cstdint>
#include <cstring>

#include "kernels/polynomials.h"

namespace tomograd::TOMOGRAD_ISA {

#if defined(TOMOGRAD_ISA_avx2)
constexpr int lanes = 8;
#else
constexpr int lanes = 16;
#endif
typedef float Floats __attribute__((vector_size(lanes * 4)));
typedef int32_t Ints __attribute__((vector_size(lanes * 4)));
typedef uint32_t Words __attribute__((vector_size(lanes * 4)));
typedef uint64_t Longs __attribute__((vector_size(lanes * 4)));  // half as many, 64 bits each

#if defined(TOMOGRAD_ISA_avx2)
inline Floats fused(Floats a, Floats b, Floats c) { return Floats(_mm256_fmadd_ps(__m256(a), __m256(b), __m256(c))); }
inline Floats root(Floats a) { return Floats(_mm256_sqrt_ps(__m256(a))); }
inline Longs low_products(Longs a, Longs b) { return Longs(_mm256_mul_epu32(__m256i(a), __m256i(b))); }
inline void stream_out(float* to, Floats v) { _mm256_stream_ps(to, __m256(v)); }
#else
inline Floats fused(Floats a, Floats b, Floats c) { return Floats(_mm512_fmadd_ps(__m512(a), __m512(b), __m512(c))); }
inline Floats root(Floats a) { return Floats(_mm512_maskz_sqrt_ps(0xFFFF, __m512(a))); }
inline Longs low_products(Longs a, Longs b) { return Longs(_mm512_maskz_mul_epu32(0xFF, __m512i(a), __m512i(b))); }
inline void stream_out(float* to, Floats v) { _mm512_stream_ps(to, __m512(v)); }
#endif

inline Floats nearest(Floats a) { return (a + 0x1.8p23f) - 0x1.8p23f; }  // half to even, |a| < 2^22
inline Floats all(float v) { return v - Floats{}; }  // 0 would lose its sign; nobody passes -0
inline Floats load(const float* from) {
  Floats v;
  std::memcpy(&v, from, sizeof v);
  return v;
}
inline void store(float* to, Floats v) { std::memcpy(to, &v, sizeof v); }

inline Floats log2_of(Floats u) {
  using namespace polynomials;
  Ints bits = Ints(u);
  Ints exponent = (bits - sqrt_half_bits) >> 23;
  Floats x = Floats(bits - (exponent << 23)) - 1.0f;
  Floats p = all(log2_over_x[8]);
  for (int i = 7; i >= 0; --i) p = fused(p, x, all(log2_over_x[i]));
  return fused(p, x, __builtin_convertvector(exponent, Floats));
}

inline Floats exp2_of(Floats y) {
  using namespace polynomials;
  Floats whole = nearest(y), f = y - whole;
  Floats p = all(polynomials::exp2[6]);
  for (int i = 5; i >= 0; --i) p = fused(p, f, all(polynomials::exp2[i]));
  return Floats(Ints(p) + (__builtin_convertvector(whole, Ints) << 23));
}

}  // namespace tomograd::TOMOGRAD_ISA
