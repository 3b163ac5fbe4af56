// The obvious form of every kernel of augment.h, kept for ever beside the fast ones.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "kernels/augment.h"
#include "kernels/noise.h"

namespace tomograd {
namespace {

void row(const SplitRow<float>& in, int64_t n, const RowChange& change, VoxelStatistics* statistics, float* out) {
  float sum[16] = {}, low[16], high[16];
  std::fill(low, low + 16, INFINITY);
  std::fill(high, high + 16, -INFINITY);
  for (int64_t i = 0; i < n; ++i) {
    float v = in.at(change.reversed ? n - 1 - i : i);
    if (change.noise) v = std::fma(change.sigma, change.noise[i], v);
    v *= change.factor;
    out[i] = v;
    sum[i % 16] += v;
    low[i % 16] = std::min(low[i % 16], v);
    high[i % 16] = std::max(high[i % 16], v);
  }
  if (!statistics) return;
  for (int j = 0; j < 16; ++j) {
    statistics->sum += double(sum[j]);
    statistics->minimum = std::min(statistics->minimum, low[j]);
    statistics->maximum = std::max(statistics->maximum, high[j]);
  }
  statistics->count += n;
}

void label_row(const SplitRow<uint8_t>& in, int64_t n, bool reversed, bool, uint8_t* out) {
  for (int64_t i = 0; i < n; ++i) out[i] = in.at(reversed ? n - 1 - i : i);
}

void contrast(float* v, int64_t n, float mean, float minimum, float maximum, float factor) {
  for (int64_t i = 0; i < n; ++i) v[i] = std::clamp((v[i] - mean) * factor + mean, minimum, maximum);
}

void gamma(float* v, int64_t n, float minimum, float maximum, float exponent, bool inverted) {
  const float range = maximum - minimum, inverse_range = 1.0f / range, sign = inverted ? -1.0f : 1.0f, low = inverted ? -maximum : minimum;
  for (int64_t i = 0; i < n; ++i) {
    float t = (v[i] * sign - low) * inverse_range;
    float power = t < 1e-20f ? 0.0f : kernel_exp2(kernel_log2(t) * exponent);
    v[i] = std::fma(power, range, low) * sign;
  }
}

void sample_linear(const float* box, Extent size, const float start[3], const float step[3], int64_t n, float* out) {
  auto mix = [](float a, float b, float weight) { return a + weight * (b - a); };
  for (int64_t i = 0; i < n; ++i) {
    int64_t whole[3];
    float part[3];
    for (int axis = 0; axis < 3; ++axis) {
      float at = start[axis] + float(i) * step[axis];
      whole[axis] = int64_t(at);
      part[axis] = at - float(whole[axis]);
    }
    auto along_x = [&](int64_t z, int64_t y) {
      const float* v = box + (z * size.y + y) * size.x + whole[2];
      return mix(v[0], v[1], part[2]);
    };
    auto along_y = [&](int64_t z) { return mix(along_x(z, whole[1]), along_x(z, whole[1] + 1), part[1]); };
    out[i] = mix(along_y(whole[0]), along_y(whole[0] + 1), part[0]);
  }
}

void sample_nearest(const uint8_t* box, Extent size, const float start[3], const float step[3], int64_t n, uint8_t* out) {
  for (int64_t i = 0; i < n; ++i) {
    int64_t at[3];
    for (int axis = 0; axis < 3; ++axis) at[axis] = int64_t(start[axis] + float(i) * step[axis] + 0.5f);
    out[i] = box[(at[0] * size.y + at[1]) * size.x + at[2]];
  }
}

void weighted_rows(const float* const* rows, const float* weights, int64_t count, int64_t n, float* out) {
  for (int64_t i = 0; i < n; ++i) {
    float sum = rows[0][i] * weights[0];
    for (int64_t k = 1; k < count; ++k) sum += rows[k][i] * weights[k];
    out[i] = sum;
  }
}

}  // namespace

const PatchKernels& patch_kernels_reference() {
  static const PatchKernels kernels = {row, label_row, contrast, gamma, sample_linear, sample_nearest, weighted_rows};
  return kernels;
}

}  // namespace tomograd
