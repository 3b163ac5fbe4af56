#include "kernels/noise.h"

#include <bit>
#include <cmath>
#include <cstring>

#include "base/error.h"
#include "base/random.h"
#include "kernels/cpu_isa.h"
#include "kernels/polynomials.h"

namespace tomograd {

using Tiles = void(uint64_t key, uint64_t stream, int64_t first_tile, int64_t tiles, float* out);
namespace isa_avx2 { Tiles noise_tiles; }
namespace isa_avx512 { Tiles noise_tiles; }
namespace isa_avx512bf16 { Tiles noise_tiles; }

namespace {

std::array<float, 2> box_muller(uint32_t radius_word, uint32_t angle_word) {
  using namespace polynomials;
  float u = std::fma(float(int32_t(radius_word >> 1)), 0x1p-31f, 0x1p-32f);  // (0, 1]
  float radius = std::sqrt(kernel_log2(u) * minus_two_ln2);
  float t = std::fma(float(int32_t(angle_word & 0x1FFFFFFFu)), 0x1p-29f, 0x1p-30f);  // an eighth of the circle; three bits choose which
  float q = t * t, s = sine_over_t[3], c = polynomials::cosine[3];
  for (int i = 2; i >= 0; --i) s = std::fma(s, q, sine_over_t[i]);
  for (int i = 2; i >= 0; --i) c = std::fma(c, q, polynomials::cosine[i]);
  s *= t;
  if (angle_word & 0x20000000u) std::swap(s, c);
  return {radius * (angle_word & 0x80000000u ? -c : c), radius * (angle_word & 0x40000000u ? -s : s)};
}

void noise_tiles_plain(uint64_t key, uint64_t stream, int64_t first_tile, int64_t tiles, float* out) {
  for (int64_t tile = 0; tile < tiles; ++tile)
    for (int64_t l = 0; l < 16; ++l) {
      uint64_t counter = uint64_t((first_tile + tile) * 16 + l);
      auto normals = normals_of(philox({uint32_t(counter), uint32_t(counter >> 32), uint32_t(stream), uint32_t(stream >> 32)}, {uint32_t(key), uint32_t(key >> 32)}));
      for (size_t k = 0; k < 4; ++k) out[tile * 64 + int64_t(k) * 16 + l] = normals[k];
    }
}

void fill(Tiles* tiles, NoiseStream s, int64_t first, int64_t count, float* out) {
  if (first < 0 || first % noise_tile != 0) fail_failure(text("noise was asked from value ", first, ", must be a multiple of ", noise_tile));
  int64_t whole = count / noise_tile, rest = count % noise_tile;
  tiles(s.key, s.stream, first / noise_tile, whole, out);
  if (rest == 0) return;
  float last[noise_tile];
  tiles(s.key, s.stream, first / noise_tile + whole, 1, last);
  std::memcpy(out + whole * noise_tile, last, size_t(rest) * sizeof(float));
}

}  // namespace

float kernel_log2(float u) {
  using namespace polynomials;
  int32_t bits = std::bit_cast<int32_t>(u), exponent = (bits - sqrt_half_bits) >> 23;
  float x = std::bit_cast<float>(bits - int32_t(uint32_t(exponent) << 23)) - 1.0f, p = log2_over_x[8];
  for (int i = 7; i >= 0; --i) p = std::fma(p, x, log2_over_x[i]);
  return std::fma(p, x, float(exponent));
}

float kernel_exp2(float y) {
  float whole = (y + 0x1.8p23f) - 0x1.8p23f, f = y - whole, p = polynomials::exp2[6];
  for (int i = 5; i >= 0; --i) p = std::fma(p, f, polynomials::exp2[i]);
  return std::bit_cast<float>(std::bit_cast<int32_t>(p) + int32_t(uint32_t(int32_t(whole)) << 23));
}

std::array<float, 4> normals_of(const std::array<uint32_t, 4>& words) {
  auto a = box_muller(words[0], words[1]), b = box_muller(words[2], words[3]);
  return {a[0], a[1], b[0], b[1]};
}

void normal_noise_reference(NoiseStream stream, int64_t first, int64_t count, float* out) { fill(noise_tiles_plain, stream, first, count, out); }

void normal_noise(NoiseStream stream, int64_t first, int64_t count, float* out) {
  switch (current_isa()) {
    case CpuIsa::plain: return fill(noise_tiles_plain, stream, first, count, out);
    case CpuIsa::avx2: return fill(isa_avx2::noise_tiles, stream, first, count, out);
    case CpuIsa::avx512: return fill(isa_avx512::noise_tiles, stream, first, count, out);
    case CpuIsa::avx512bf16:
    case CpuIsa::amx: return fill(isa_avx512bf16::noise_tiles, stream, first, count, out);
  }
}

}  // namespace tomograd
