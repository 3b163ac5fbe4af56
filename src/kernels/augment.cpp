#include "kernels/augment.h"

#include <emmintrin.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "kernels/cpu_isa.h"

namespace tomograd {

namespace isa_avx2 { extern const PatchKernels patch_kernels; }
namespace isa_avx512 { extern const PatchKernels patch_kernels; }
namespace isa_avx512bf16 { extern const PatchKernels patch_kernels; }

const PatchKernels& patch_kernels() {
  switch (current_isa()) {
    case CpuIsa::avx2: return isa_avx2::patch_kernels;
    case CpuIsa::avx512: return isa_avx512::patch_kernels;
    case CpuIsa::avx512bf16:
    case CpuIsa::amx: return isa_avx512bf16::patch_kernels;
    case CpuIsa::plain: break;
  }
  return patch_kernels_reference();
}

void finish_streaming() { _mm_sfence(); }

namespace {

constexpr int64_t step = 1024;  // values whose float sums are folded into the double at once

int64_t reflected(int64_t i, int64_t n) {  // d c b a | a b c d | d c b a
  int64_t m = ((i % (2 * n)) + 2 * n) % (2 * n);
  return m < n ? m : 2 * n - 1 - m;
}

struct Taps {  // along one axis: position o lies between samples first[o] and second[o]
  std::vector<int64_t> first, second;
  std::vector<float> weight;  // of second
};

Taps low_resolution_taps(int64_t size, double zoom) {
  int64_t small = std::clamp<int64_t>(int64_t(std::llround(zoom * double(size))), 1, size);
  double ratio = double(size) / double(small);
  auto sample = [&](int64_t i) { return std::clamp<int64_t>(int64_t(std::floor((double(i) + 0.5) * ratio)), 0, size - 1); };
  Taps taps;
  for (int64_t o = 0; o < size; ++o) {
    double at = std::clamp((double(o) + 0.5) / ratio - 0.5, 0.0, double(small - 1));
    int64_t i = std::min<int64_t>(int64_t(at), small - 1);
    taps.first.push_back(sample(i));
    taps.second.push_back(sample(std::min(i + 1, small - 1)));
    taps.weight.push_back(float(at - double(i)));
  }
  return taps;
}

// Mean and standard deviation; squares about `centre`, a value near the mean, so that float loses nothing that matters.
struct Moments { double mean, deviation; };
Moments moments(const float* v, int64_t n, float centre) {
  double sum = 0, squares = 0;
  for (int64_t first = 0; first < n; first += step) {
    float s[16] = {}, q[16] = {};
    int64_t end = std::min(n, first + step), i = first;
    for (; i + 16 <= end; i += 16)
      for (int64_t j = 0; j < 16; ++j) {
        float d = v[i + j] - centre;
        s[j] += d;
        q[j] += d * d;
      }
    for (; i < end; ++i) s[0] += v[i] - centre, q[0] += (v[i] - centre) * (v[i] - centre);
    for (int j = 0; j < 16; ++j) sum += double(s[j]), squares += double(q[j]);
  }
  double shift = sum / double(n);
  return {double(centre) + shift, std::sqrt(std::max(0.0, squares / double(n) - shift * shift))};
}

}  // namespace

VoxelStatistics voxel_statistics(const PatchKernels& kernels, const float* v, int64_t n) {
  VoxelStatistics statistics;
  float copy[step];
  for (int64_t first = 0; first < n; first += step) kernels.row({v + first, nullptr, step}, std::min(step, n - first), {}, &statistics, copy);
  return statistics;
}

void gaussian_blur(const PatchKernels& kernels, float* v, Extent size, double sigma, float* scratch) {
  const int64_t radius = std::max<int64_t>(1, int64_t(4 * sigma + 0.5)), taps = 2 * radius + 1;
  std::vector<double> exact;
  double total = 0;
  for (int64_t k = -radius; k <= radius; ++k) total += exact.emplace_back(std::exp(-0.5 * double(k * k) / (sigma * sigma)));
  std::vector<float> weights;
  for (double w : exact) weights.push_back(float(w / total));
  std::vector<const float*> rows(static_cast<size_t>(taps));
  const int64_t plane = size.y * size.x;
  for (int64_t z = 0; z < size.z; ++z) {  // along z into the scratch, a plane at a time: rows of a plane lie in a row
    for (int64_t k = 0; k < taps; ++k) rows[size_t(k)] = v + reflected(z + k - radius, size.z) * plane;
    kernels.weighted_rows(rows.data(), weights.data(), taps, plane, scratch + z * plane);
  }
  std::vector<float> line(size_t(size.x + 2 * radius));
  for (int64_t z = 0; z < size.z; ++z)
    for (int64_t y = 0; y < size.y; ++y) {  // along y, then x while the row is at hand
      for (int64_t k = 0; k < taps; ++k) rows[size_t(k)] = scratch + z * plane + reflected(y + k - radius, size.y) * size.x;
      kernels.weighted_rows(rows.data(), weights.data(), taps, size.x, line.data() + radius);
      for (int64_t k = 1; k <= radius; ++k) {
        line[size_t(radius - k)] = line[size_t(radius + reflected(-k, size.x))];
        line[size_t(radius + size.x - 1 + k)] = line[size_t(radius + reflected(size.x - 1 + k, size.x))];
      }
      for (int64_t k = 0; k < taps; ++k) rows[size_t(k)] = line.data() + k;
      kernels.weighted_rows(rows.data(), weights.data(), taps, size.x, v + z * plane + y * size.x);
    }
}

void lower_resolution(const PatchKernels& kernels, float* v, Extent size, double zoom, float* scratch) {
  const Taps tz = low_resolution_taps(size.z, zoom), ty = low_resolution_taps(size.y, zoom), tx = low_resolution_taps(size.x, zoom);
  const int64_t plane = size.y * size.x;
  std::memcpy(scratch, v, size_t(size.voxels()) * sizeof(float));
  std::vector<float> line(static_cast<size_t>(size.x));
  for (int64_t z = 0; z < size.z; ++z)
    for (int64_t y = 0; y < size.y; ++y) {
      const float wz = tz.weight[size_t(z)], wy = ty.weight[size_t(y)];
      const float *front = scratch + tz.first[size_t(z)] * plane, *back = scratch + tz.second[size_t(z)] * plane;
      const int64_t upper = ty.first[size_t(y)] * size.x, lower = ty.second[size_t(y)] * size.x;
      const float* rows[4] = {front + upper, front + lower, back + upper, back + lower};
      const float weights[4] = {(1 - wz) * (1 - wy), (1 - wz) * wy, wz * (1 - wy), wz * wy};
      kernels.weighted_rows(rows, weights, 4, size.x, line.data());
      float* out = v + z * plane + y * size.x;
      for (int64_t x = 0; x < size.x; ++x) {
        float a = line[size_t(tx.first[size_t(x)])], b = line[size_t(tx.second[size_t(x)])];
        out[x] = a + tx.weight[size_t(x)] * (b - a);
      }
    }
}

void gamma_curve(const PatchKernels& kernels, float* v, int64_t n, double gamma, bool inverted) {
  VoxelStatistics s = voxel_statistics(kernels, v, n);
  if (!(s.maximum - s.minimum > 1e-7f)) return;  // a constant patch has no curve
  Moments before = moments(v, n, float(s.mean()));
  kernels.gamma(v, n, s.minimum, s.maximum, float(gamma), inverted);
  Moments after = moments(v, n, float(s.mean()));
  float scale = float(before.deviation / (after.deviation + 1e-8)), shift = float(before.mean - after.mean * double(scale));
  for (int64_t i = 0; i < n; ++i) v[i] = v[i] * scale + shift;
}

}  // namespace tomograd
