// One vector of floats of the instruction set that a file x_simd.cpp is being compiled for (cmake/isa.cmake): 8 lanes with
// AVX2, 16 with AVX-512. Only such files include this header.
#pragma once

#include <immintrin.h>

#include <cstdint>

namespace tomograd::TOMOGRAD_ISA {

#if defined(TOMOGRAD_ISA_avx2)
struct Vec {
  static constexpr int64_t lanes = 8;
  __m256 v;
};
inline Vec load(const float* p) { return {_mm256_loadu_ps(p)}; }
inline Vec broadcast(float x) { return {_mm256_set1_ps(x)}; }
inline void store(float* p, Vec a) { _mm256_storeu_ps(p, a.v); }
inline Vec fused(Vec a, Vec b, Vec c) { return {_mm256_fmadd_ps(a.v, b.v, c.v)}; }
inline Vec add(Vec a, Vec b) { return {_mm256_add_ps(a.v, b.v)}; }
inline Vec positive(Vec a) { return {_mm256_max_ps(a.v, _mm256_setzero_ps())}; }   // NaN becomes 0
inline Vec where_positive(Vec a, Vec b) { return {_mm256_and_ps(_mm256_cmp_ps(b.v, _mm256_setzero_ps(), _CMP_GT_OQ), a.v)}; }  // a where b > 0, else 0
inline __m256i first_lanes(int64_t count) { return _mm256_cmpgt_epi32(_mm256_set1_epi32(int(count)), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7)); }
inline Vec load_first(const float* p, int64_t count) { return {_mm256_maskload_ps(p, first_lanes(count))}; }
// Keeps a loaded vector in its register: gcc would rather load it again for each of its uses.
inline Vec kept(Vec a) { asm("" : "+x"(a.v)); return a; }
// c + high halves' product + low halves' product, of bf16 pairs.
inline Vec dot_pairs(Vec a, Vec b, Vec c) {
  __m256i high = _mm256_set1_epi32(int(0xffff0000)), x = _mm256_castps_si256(a.v), w = _mm256_castps_si256(b.v);
  __m256 sum = _mm256_fmadd_ps(_mm256_castsi256_ps(_mm256_and_si256(x, high)), _mm256_castsi256_ps(_mm256_and_si256(w, high)), c.v);
  return {_mm256_fmadd_ps(_mm256_castsi256_ps(_mm256_slli_epi32(x, 16)), _mm256_castsi256_ps(_mm256_slli_epi32(w, 16)), sum)};
}
// Numbers >= 0 rounded to bf16, as the low halves of words whose high halves are 0; and the same moved beside a low half.
inline __m256i round_bits(Vec a) {
  __m256i bits = _mm256_castps_si256(a.v), odd = _mm256_and_si256(_mm256_srli_epi32(bits, 16), _mm256_set1_epi32(1));
  return _mm256_add_epi32(bits, _mm256_add_epi32(odd, _mm256_set1_epi32(0x7fff)));
}
inline Vec low_as_float(Vec a) { return {_mm256_castsi256_ps(_mm256_slli_epi32(_mm256_castps_si256(a.v), 16))}; }
inline Vec high_as_float(Vec a) { return {_mm256_castsi256_ps(_mm256_and_si256(_mm256_castps_si256(a.v), _mm256_set1_epi32(int(0xffff0000))))}; }
inline Vec low_half(Vec a) { return {_mm256_castsi256_ps(_mm256_srli_epi32(round_bits(a), 16))}; }
inline Vec with_high_half(Vec low, Vec a) {
  __m256i high = _mm256_and_si256(round_bits(a), _mm256_set1_epi32(int(0xffff0000)));
  return {_mm256_castsi256_ps(_mm256_or_si256(high, _mm256_and_si256(_mm256_castps_si256(low.v), _mm256_set1_epi32(0xffff))))};
}
inline void store_first(float* p, Vec a, int64_t count) { _mm256_maskstore_ps(p, first_lanes(count), a.v); }
#else
struct Vec {
  static constexpr int64_t lanes = 16;
  __m512 v;
};
inline Vec load(const float* p) { return {_mm512_loadu_ps(p)}; }
inline Vec broadcast(float x) { return {_mm512_set1_ps(x)}; }
inline void store(float* p, Vec a) { _mm512_storeu_ps(p, a.v); }
inline Vec fused(Vec a, Vec b, Vec c) { return {_mm512_fmadd_ps(a.v, b.v, c.v)}; }
inline Vec add(Vec a, Vec b) { return {_mm512_add_ps(a.v, b.v)}; }
inline Vec positive(Vec a) { return {_mm512_maskz_max_ps(0xffff, a.v, _mm512_setzero_ps())}; }   // NaN becomes 0
inline Vec where_positive(Vec a, Vec b) { return {_mm512_maskz_mov_ps(_mm512_cmp_ps_mask(b.v, _mm512_setzero_ps(), _CMP_GT_OQ), a.v)}; }  // a where b > 0, else 0
inline __mmask16 first_lanes(int64_t count) { return count >= 16 ? __mmask16(0xffff) : __mmask16((1u << count) - 1); }
inline Vec load_first(const float* p, int64_t count) { return {_mm512_maskz_loadu_ps(first_lanes(count), p)}; }
inline Vec kept(Vec a) { asm("" : "+v"(a.v)); return a; }
#if defined(TOMOGRAD_ISA_avx512bf16)
inline Vec dot_pairs(Vec a, Vec b, Vec c) { return {_mm512_dpbf16_ps(c.v, (__m512bh)a.v, (__m512bh)b.v)}; }
#else
inline Vec dot_pairs(Vec a, Vec b, Vec c) {
  __m512i high = _mm512_set1_epi32(int(0xffff0000)), x = _mm512_castps_si512(a.v), w = _mm512_castps_si512(b.v);
  __m512 sum = _mm512_fmadd_ps(_mm512_castsi512_ps(_mm512_and_si512(x, high)), _mm512_castsi512_ps(_mm512_and_si512(w, high)), c.v);
  return {_mm512_fmadd_ps(_mm512_castsi512_ps(_mm512_maskz_slli_epi32(0xffff, x, 16)), _mm512_castsi512_ps(_mm512_maskz_slli_epi32(0xffff, w, 16)), sum)};
}
#endif
inline __m512i round_bits(Vec a) {
  __m512i bits = _mm512_castps_si512(a.v), odd = _mm512_and_si512(_mm512_maskz_srli_epi32(0xffff, bits, 16), _mm512_set1_epi32(1));
  return _mm512_add_epi32(bits, _mm512_add_epi32(odd, _mm512_set1_epi32(0x7fff)));
}
inline Vec low_as_float(Vec a) { return {_mm512_castsi512_ps(_mm512_maskz_slli_epi32(0xffff, _mm512_castps_si512(a.v), 16))}; }
inline Vec high_as_float(Vec a) { return {_mm512_castsi512_ps(_mm512_and_si512(_mm512_castps_si512(a.v), _mm512_set1_epi32(int(0xffff0000))))}; }
inline Vec low_half(Vec a) { return {_mm512_castsi512_ps(_mm512_maskz_srli_epi32(0xffff, round_bits(a), 16))}; }
inline Vec with_high_half(Vec low, Vec a) {
  __m512i high = _mm512_and_si512(round_bits(a), _mm512_set1_epi32(int(0xffff0000)));
  return {_mm512_castsi512_ps(_mm512_or_si512(high, _mm512_and_si512(_mm512_castps_si512(low.v), _mm512_set1_epi32(0xffff))))};
}
inline void store_first(float* p, Vec a, int64_t count) { _mm512_mask_storeu_ps(p, first_lanes(count), a.v); }
#endif

}  // namespace tomograd::TOMOGRAD_ISA
