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

struct Sums {
  Floats sum[parts], low[parts], high[parts];
};

template <bool reversed, bool noisy, bool counted>
void change_row(const float* in, int64_t n, const RowChange& change, VoxelStatistics* statistics, float* out) {
  Sums s;
  if constexpr (counted)
    for (int p = 0; p < parts; ++p) s.sum[p] = Floats{}, s.low[p] = all(__builtin_inff()), s.high[p] = all(-__builtin_inff());
  const Floats sigma = all(change.sigma), factor = all(change.factor);
  const bool stream = change.stream && n % 16 == 0 && (reinterpret_cast<uintptr_t>(out) & 63) == 0;
  int64_t i = 0;
  for (; i + 16 <= n; i += 16)
    for (int p = 0; p < parts; ++p) {
      const int64_t at = i + p * lanes;
      Floats v = reversed ? reverse(load(in + n - at - lanes)) : load(in + at);
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
    for (int64_t j = 0; j < left; ++j) rest[j] = reversed ? in[left - 1 - j] : in[i + j];
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
void choose(const float* in, int64_t n, const RowChange& change, VoxelStatistics* statistics, float* out) {
  if (change.noise) return statistics ? change_row<reversed, true, true>(in, n, change, statistics, out) : change_row<reversed, true, false>(in, n, change, nullptr, out);
  return statistics ? change_row<reversed, false, true>(in, n, change, statistics, out) : change_row<reversed, false, false>(in, n, change, nullptr, out);
}

void row(const float* in, int64_t n, const RowChange& change, VoxelStatistics* statistics, float* out) {
  change.reversed ? choose<true>(in, n, change, statistics, out) : choose<false>(in, n, change, statistics, out);
}

void label_row(const uint8_t* in, int64_t n, bool reversed, bool stream, uint8_t* out) {
  if (reversed) {
    for (int64_t i = 0; i < n; ++i) out[i] = in[n - 1 - i];
  } else if (stream && n % 64 == 0 && (reinterpret_cast<uintptr_t>(out) & 63) == 0) {
    for (int64_t i = 0; i < n; i += lanes * 4) stream_out(reinterpret_cast<float*>(out + i), load(reinterpret_cast<const float*>(in + i)));
  } else {
    std::memcpy(out, in, size_t(n));
  }
}

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

void sample_linear(const float* box, Extent size, const float start[3], const float step[3], int64_t n, float* out) {
  const int32_t sy = int32_t(size.x), sz = int32_t(size.y * size.x);
  const float z0 = start[0], y0 = start[1], x0 = start[2], dz = step[0], dy = step[1], dx = step[2];
  for (int32_t i = 0; i < int32_t(n); ++i) {
    float z = z0 + float(i) * dz, y = y0 + float(i) * dy, x = x0 + float(i) * dx;
    int32_t iz = int32_t(z), iy = int32_t(y), ix = int32_t(x);
    float wz = z - float(iz), wy = y - float(iy), wx = x - float(ix);
    int32_t at = iz * sz + iy * sy + ix;
    float a = box[at], b = box[at + 1], c = box[at + sy], d = box[at + sy + 1];
    float e = box[at + sz], f = box[at + sz + 1], g = box[at + sz + sy], h = box[at + sz + sy + 1];
    float ab = a + wx * (b - a), cd = c + wx * (d - c), ef = e + wx * (f - e), gh = g + wx * (h - g);
    float front = ab + wy * (cd - ab), back = ef + wy * (gh - ef);
    out[i] = front + wz * (back - front);
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
