// normal_noise of noise.h, a vector of counters at a time.
#include "kernels/noise_lanes.h"

namespace tomograd::TOMOGRAD_ISA {
namespace {

struct Round { Longs c0, c1, c2, c3; };  // Philox words in the low halves of 64-bit lanes; the high halves are never read

inline void philox_rounds(Round& r, uint32_t k0, uint32_t k1) {
  const Longs m0 = Longs{} + 0xD2511F53ull, m1 = Longs{} + 0xCD9E8D57ull;
  for (int round = 0; round < 10; ++round) {
    Longs p0 = low_products(r.c0, m0), p1 = low_products(r.c2, m1);
    r.c0 = (p1 >> 32) ^ r.c1 ^ uint64_t{k0};
    r.c1 = p1;
    r.c2 = (p0 >> 32) ^ r.c3 ^ uint64_t{k1};
    r.c3 = p0;
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
}

inline Words interleave(Longs even, Longs odd) { return Words((even & 0xFFFFFFFFull) | (odd << 32)); }

inline void box_muller(Words radius_word, Words angle_word, Floats& cosine, Floats& sine) {
  using namespace polynomials;
  Floats u = fused(__builtin_convertvector(Ints(radius_word >> 1), Floats), all(0x1p-31f), all(0x1p-32f));
  Floats radius = root(log2_of(u) * minus_two_ln2);
  Floats t = fused(__builtin_convertvector(Ints(angle_word & 0x1FFFFFFFu), Floats), all(0x1p-29f), all(0x1p-30f));
  Floats q = t * t, s = all(sine_over_t[3]), c = all(polynomials::cosine[3]);
  for (int i = 2; i >= 0; --i) s = fused(s, q, all(sine_over_t[i]));
  for (int i = 2; i >= 0; --i) c = fused(c, q, all(polynomials::cosine[i]));
  s *= t;
  Ints swapped = Ints(angle_word << 2) >> 31;  // bit 29
  Words cs = Words(swapped ? s : c), sn = Words(swapped ? c : s);
  cosine = radius * Floats(cs ^ (angle_word & 0x80000000u));
  sine = radius * Floats(sn ^ ((angle_word << 1) & 0x80000000u));
}

}  // namespace

void noise_tiles(uint64_t key, uint64_t stream, int64_t first_tile, int64_t tiles, float* out) {
  uint32_t k0 = uint32_t(key), k1 = uint32_t(key >> 32);
  Longs twos{};
  for (int i = 0; i < lanes / 2; ++i) twos[i] = uint64_t(2 * i);
  for (int64_t tile = 0; tile < tiles; ++tile, out += 64) {
    for (int part = 0; part < 16; part += lanes) {
      Longs even = twos + uint64_t((first_tile + tile) * 16 + part), odd = even + 1;
      Round a{even, even >> 32, Longs{} + (stream & 0xFFFFFFFFull), Longs{} + (stream >> 32)};
      Round b{odd, odd >> 32, a.c2, a.c3};
      philox_rounds(a, k0, k1);
      philox_rounds(b, k0, k1);
      Floats n0, n1, n2, n3;
      box_muller(interleave(a.c0, b.c0), interleave(a.c1, b.c1), n0, n1);
      box_muller(interleave(a.c2, b.c2), interleave(a.c3, b.c3), n2, n3);
      store(out + part, n0);
      store(out + part + 16, n1);
      store(out + part + 32, n2);
      store(out + part + 48, n3);
    }
  }
}

}  // namespace tomograd::TOMOGRAD_ISA
