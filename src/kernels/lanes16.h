// Private to kernels; for files x_simd.cpp alone (cmake/isa.cmake). Sixteen floats whatever the instruction set: the compiler
// splits them where registers are shorter, so all instruction sets add in the same order and give the same bits. Memory holds
// float or bfloat16 (as uint16_t; rounding to nearest even, NaN stays NaN).
#pragma once

#include <cstdint>

#pragma GCC diagnostic ignored "-Wpsabi"  // vectors wider than a register are passed between inlined functions only

namespace tomograd::TOMOGRAD_ISA::lanes16 {

typedef float Floats __attribute__((vector_size(64)));
typedef float LooseFloats __attribute__((vector_size(64), aligned(4), may_alias));
typedef uint32_t Words __attribute__((vector_size(64)));
typedef uint16_t Halves __attribute__((vector_size(32)));
typedef uint16_t LooseHalves __attribute__((vector_size(32), aligned(2), may_alias));
constexpr int64_t width = 16;

inline Floats load(const float* p) { return *reinterpret_cast<const LooseFloats*>(p); }
inline Floats load(const uint16_t* p) {
  Halves h = *reinterpret_cast<const LooseHalves*>(p);
  return Floats(__builtin_convertvector(h, Words) << 16);
}
inline void store(float* p, const Floats& v) { *reinterpret_cast<LooseFloats*>(p) = v; }
inline void store(uint16_t* p, const Floats& v) {
  Words bits = Words(v);
  Words rounded = (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16;
  rounded = (Words(v == v) & rounded) | (Words(v != v) & 0x7FC0);
  *reinterpret_cast<LooseHalves*>(p) = __builtin_convertvector(rounded, Halves);
}

// The last values, fewer than a vector: read into a vector whose rest is zero.
template <class T>
inline Floats load_some(const T* p, int64_t n) {
  T copy[width] = {};
  for (int64_t i = 0; i < n; ++i) copy[i] = p[i];
  return load(copy);
}
template <class T>
inline void store_some(T* p, int64_t n, const Floats& v) {
  T copy[width];
  store(copy, v);
  for (int64_t i = 0; i < n; ++i) p[i] = copy[i];
}

}  // namespace tomograd::TOMOGRAD_ISA::lanes16
