// The kernels of augment.h for one instruction set.
#include "kernels/augment.h"

#include "kernels/noise_lanes.h"

namespace tomograd::TOMOGRAD_ISA {
namespace {

constexpr int parts = 16 / lanes;  // vectors that make the 16 values of a step

inline Floats reverse(Floats v) {
#if defined(TOMOGRAD_ISA_avx2)
  return __builtin_shufflevector(v, v, 7, 6, 5, 4, 3, 2, 1, 0);
#else
  return __builtin_shufflevector(v, v, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
#endif
}

// Values [i, i + lanes) of a row; lanes that the other block holds are masked, so nothing beyond either block is touched.
inline Floats load_split(const SplitRow<float>& in, int64_t i) {
  if (i + lanes <= in.split) return load(in.first + i);
  const float* second = in.second + (i - in.split);
  if (i >= in.split) return load(second);
  const int here = int(in.split - i);
#if defined(TOMOGRAD_ISA_avx2)
  const Ints index = {0, 1, 2, 3, 4, 5, 6, 7};
  const Ints mine = index < here;
  return Floats(_mm256_or_ps(_mm256_maskload_ps(in.first + i, __m256i(mine)), _mm256_maskload_ps(second, __m256i(~mine))));
#else
  const auto mine = __mmask16((1u << here) - 1);
  return Floats(_mm512_mask_loadu_ps(_mm512_maskz_loadu_ps(mine, in.first + i), __mmask16(~mine), second));
#endif
}

struct Sums {
  Floats sum[parts], low[parts], high[parts];
};

template <bool reversed, bool noisy, bool counted>
void change_row(const SplitRow<float>& in, int64_t n, const RowChange& change, VoxelStatistics* statistics, float* out) {
  Sums s;
  if constexpr (counted)
    for (int p = 0; p < parts; ++p) s.sum[p] = Floats{}, s.low[p] = all(__builtin_inff()), s.high[p] = all(-__builtin_inff());
  const Floats sigma = all(change.sigma), factor = all(change.factor);
  const bool stream = change.stream && n % 16 == 0 && (reinterpret_cast<uintptr_t>(out) & 63) == 0;
  int64_t i = 0;
  for (; i + 16 <= n; i += 16)
    for (int p = 0; p < parts; ++p) {
      const int64_t at = i + p * lanes;
      Floats v = reversed ? reverse(load_split(in, n - at - lanes)) : load_split(in, at);
      if constexpr (noisy) v = fused(sigma, load(change.noise + at), v);
      v *= factor;
      if constexpr (counted) {
        s.sum[p] += v;
        s.low[p] = v < s.low[p] ? v : s.low[p];
        s.high[p] = v > s.high[p] ? v : s.high[p];
      }
      if (stream) stream_out(out + at, v);
      else store(out + at, v);
    }
  float rest[16] = {};
  const int64_t left = n - i;
  if (left > 0) {
    float noise[16] = {};
    for (int64_t j = 0; j < left; ++j) rest[j] = in.at(reversed ? left - 1 - j : i + j);
    if constexpr (noisy)
      for (int64_t j = 0; j < left; ++j) noise[j] = change.noise[i + j];
    for (int p = 0; p < parts; ++p) {
      Floats v = load(rest + p * lanes);
      if constexpr (noisy) v = fused(sigma, load(noise + p * lanes), v);
      store(rest + p * lanes, v * factor);
    }
    for (int64_t j = 0; j < left; ++j) out[i + j] = rest[j];
  }
  if constexpr (counted) {
    float sum[16], low[16], high[16];
    for (int p = 0; p < parts; ++p) store(sum + p * lanes, s.sum[p]), store(low + p * lanes, s.low[p]), store(high + p * lanes, s.high[p]);
    for (int64_t j = 0; j < left; ++j) {
      sum[j] += rest[j];
      low[j] = rest[j] < low[j] ? rest[j] : low[j];
      high[j] = rest[j] > high[j] ? rest[j] : high[j];
    }
    for (int j = 0; j < 16; ++j) {
      statistics->sum += double(sum[j]);
      if (low[j] < statistics->minimum) statistics->minimum = low[j];
      if (high[j] > statistics->maximum) statistics->maximum = high[j];
    }
    statistics->count += n;
  }
}

template <bool reversed>
void choose(const SplitRow<float>& in, int64_t n, const RowChange& change, VoxelStatistics* statistics, float* out) {
  if (change.noise) return statistics ? change_row<reversed, true, true>(in, n, change, statistics, out) : change_row<reversed, true, false>(in, n, change, nullptr, out);
  return statistics ? change_row<reversed, false, true>(in, n, change, statistics, out) : change_row<reversed, false, false>(in, n, change, nullptr, out);
}

void row(const SplitRow<float>& in, int64_t n, const RowChange& change, VoxelStatistics* statistics, float* out) {
  change.reversed ? choose<true>(in, n, change, statistics, out) : choose<false>(in, n, change, statistics, out);
}

#if defined(TOMOGRAD_ISA_avx2)
void label_row(const SplitRow<uint8_t>& in, int64_t n, bool reversed, bool, uint8_t* out) {
  const int64_t split = in.split < n ? in.split : n;
  if (reversed) {
    for (int64_t i = 0; i < split; ++i) out[n - 1 - i] = in.first[i];
    for (int64_t i = split; i < n; ++i) out[n - 1 - i] = in.second[i - split];
  } else {
    if (split > 0) std::memcpy(out, in.first, size_t(split));
    if (split < n) std::memcpy(out + split, in.second, size_t(n - split));
  }
}
#else
inline __m512i reverse_bytes(__m512i v) {
  const __m512i within = _mm512_set_epi64(0x0001020304050607, 0x08090A0B0C0D0E0F, 0x0001020304050607, 0x08090A0B0C0D0E0F, 0x0001020304050607, 0x08090A0B0C0D0E0F, 0x0001020304050607, 0x08090A0B0C0D0E0F);
  v = _mm512_maskz_shuffle_epi8(~__mmask64{0}, v, within);
  return _mm512_maskz_shuffle_i64x2(0xFF, v, v, 0x1B);
}

void label_row(const SplitRow<uint8_t>& in, int64_t n, bool reversed, bool stream, uint8_t* out) {
  stream = stream && n % 64 == 0 && (reinterpret_cast<uintptr_t>(out) & 63) == 0;
  int64_t i = 0;
  for (; i + 64 <= n; i += 64) {
    const int64_t from = reversed ? n - 64 - i : i, here = in.split - from;
    const __mmask64 mine = here >= 64 ? ~__mmask64{0} : here <= 0 ? __mmask64{0} : (__mmask64{1} << here) - 1;
    __m512i v = _mm512_maskz_loadu_epi8(mine, in.first + from);
    if (~mine) v = _mm512_mask_loadu_epi8(v, ~mine, in.second + (from - in.split));
    if (reversed) v = reverse_bytes(v);
    if (stream) stream_out(reinterpret_cast<float*>(out + i), Floats(v));
    else std::memcpy(out + i, &v, 64);
  }
  for (const int64_t left = n - i; i < n; ++i) out[i] = in.at(reversed ? left - 1 - (i - (n - left)) : i);
}
#endif

void contrast(float* v, int64_t n, float mean, float minimum, float maximum, float factor) {
  for (int64_t i = 0; i < n; ++i) {
    float changed = (v[i] - mean) * factor + mean;
    changed = changed < minimum ? minimum : changed;
    v[i] = changed > maximum ? maximum : changed;
  }
}

inline Floats curve(Floats v, Floats sign, Floats low, Floats range, Floats inverse_range, Floats gamma) {
  Floats t = (v * sign - low) * inverse_range;
  Floats small = all(1e-20f);
  Floats power = exp2_of(log2_of(t < small ? small : t) * gamma);
  power = t < small ? Floats{} : power;
  return fused(power, range, low) * sign;
}

void gamma(float* v, int64_t n, float minimum, float maximum, float exponent, bool inverted) {
  const float spread = maximum - minimum;
  const Floats sign = all(inverted ? -1.0f : 1.0f), low = all(inverted ? -maximum : minimum), range = all(spread), inverse_range = all(1.0f / spread), g = all(exponent);
  int64_t i = 0;
  for (; i + lanes <= n; i += lanes) store(v + i, curve(load(v + i), sign, low, range, inverse_range, g));
  if (i == n) return;
  float rest[lanes] = {};
  for (int64_t j = i; j < n; ++j) rest[j - i] = v[j];
  store(rest, curve(load(rest), sign, low, range, inverse_range, g));
  for (int64_t j = i; j < n; ++j) v[j] = rest[j - i];
}

#if defined(TOMOGRAD_ISA_avx2)
inline Floats gather(const float* base, Ints index) { return Floats(_mm256_i32gather_ps(base, __m256i(index), 4)); }
#else
inline Floats gather(const float* base, Ints index) { return Floats(_mm512_mask_i32gather_ps(_mm512_setzero_ps(), __mmask16(0xFFFF), __m512i(index), base, 4)); }
#endif

void sample_linear(const float* box, Extent size, const float start[3], const float step[3], int64_t n, float* out) {
  const int32_t sy = int32_t(size.x), sz = int32_t(size.y * size.x);
  Ints count;
  for (int l = 0; l < lanes; ++l) count[l] = l;
  const Ints last = Ints{} + int32_t(n - 1);
  for (int64_t first = 0; first < n; first += lanes) {
    Ints i = count + int32_t(first);
    i = i < last ? i : last;                     // lanes beyond the end repeat the last value
    const Floats f = __builtin_convertvector(i, Floats);
    Floats z = start[0] + f * step[0], y = start[1] + f * step[1], x = start[2] + f * step[2];
    const Ints iz = __builtin_convertvector(z, Ints), iy = __builtin_convertvector(y, Ints), ix = __builtin_convertvector(x, Ints);
    z -= __builtin_convertvector(iz, Floats), y -= __builtin_convertvector(iy, Floats), x -= __builtin_convertvector(ix, Floats);
    const Ints at = iz * sz + iy * sy + ix;
    auto along_x = [&](int32_t offset) {
      const Floats a = gather(box + offset, at), b = gather(box + offset + 1, at);
      return a + x * (b - a);
    };
    const Floats ab = along_x(0), cd = along_x(sy), ef = along_x(sz), gh = along_x(sz + sy);
    const Floats front = ab + y * (cd - ab), back = ef + y * (gh - ef);
    const Floats value = front + z * (back - front);
    if (first + lanes <= n) store(out + first, value);
    else
      for (int64_t l = 0; first + l < n; ++l) out[first + l] = value[l];
  }
}

void sample_nearest(const uint8_t* box, Extent size, const float start[3], const float step[3], int64_t n, uint8_t* out) {
  const int32_t sy = int32_t(size.x), sz = int32_t(size.y * size.x);
  const float z0 = start[0], y0 = start[1], x0 = start[2], dz = step[0], dy = step[1], dx = step[2];
  int32_t at[64];
  for (int64_t first = 0; first < n; first += 64) {
    int32_t count = int32_t(n - first < 64 ? n - first : 64);
    for (int32_t j = 0; j < count; ++j) {
      float i = float(int32_t(first) + j);
      at[j] = int32_t(z0 + i * dz + 0.5f) * sz + int32_t(y0 + i * dy + 0.5f) * sy + int32_t(x0 + i * dx + 0.5f);
    }
    for (int32_t j = 0; j < count; ++j) out[first + j] = box[at[j]];
  }
}

void weighted_rows(const float* const* rows, const float* weights, int64_t count, int64_t n, float* out) {
  int64_t i = 0;
  for (; i + lanes <= n; i += lanes) {
    Floats sum = load(rows[0] + i) * weights[0];
    for (int64_t k = 1; k < count; ++k) sum += load(rows[k] + i) * weights[k];
    store(out + i, sum);
  }
  for (; i < n; ++i) {
    float sum = rows[0][i] * weights[0];
    for (int64_t k = 1; k < count; ++k) sum += rows[k][i] * weights[k];
    out[i] = sum;
  }
}

}  // namespace

extern const PatchKernels patch_kernels;
const PatchKernels patch_kernels = {row, label_row, contrast, gamma, sample_linear, sample_nearest, weighted_rows};

}  // namespace tomograd::TOMOGRAD_ISA
