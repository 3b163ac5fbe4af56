// Normally distributed noise that is a function of its position alone: value i of a stream never depends on which values
// were asked for before, by which thread, or on which instruction set (same bits on all of them).
// Philox 4x32-10 (base/random.h) gives 4 words per counter, Box-Muller (Box & Muller 1958) makes 4 normals of them.
// Values come in tiles of 64 that 16 counters fill: value 64 t + 16 k + l is normal k of counter 16 t + l, so that vectors
// of any width write whole runs.
#pragma once

#include <array>
#include <cstdint>

namespace tomograd {

constexpr int64_t noise_tile = 64;

struct NoiseStream { uint64_t key = 0, stream = 0; };  // key of Philox, upper half of its counter

// out[i] = value first + i of the stream, for i in [0, count). Mean 0, variance 1, |value| < 6.67 (radius of the smallest
// uniform, 2^-32). `first` is a multiple of noise_tile.
void normal_noise(NoiseStream stream, int64_t first, int64_t count, float* out);
void normal_noise_reference(NoiseStream stream, int64_t first, int64_t count, float* out);

// The four normals of the four words of one counter.
std::array<float, 4> normals_of(const std::array<uint32_t, 4>& words);

// log2(u) for normal u > 0 and 2^y for -126 <= y <= 127, as every kernel of this room computes them: fused multiply-adds
// in a fixed order, hence the same bits everywhere. Error below 4e-8 + 2 ulp (log2) and 2e-9 + 2 ulp, relative (exp2).
float kernel_log2(float u);
float kernel_exp2(float y);

}  // namespace tomograd
