#include "restoration/code_noise.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace tomograd {
namespace {

constexpr int quantile_bits = 12, quantile_count = 1 << quantile_bits;
constexpr int values_of_a_hash = 4;

inline uint64_t place_hash(uint64_t key, uint64_t place) {
  uint64_t v = key + (place + 1) * 0x9E3779B97F4A7C15ull;
  v = (v ^ (v >> 30)) * 0xBF58476D1CE4E5B9ull;
  v = (v ^ (v >> 27)) * 0x94D049BB133111EBull;
  return v ^ (v >> 31);
}

// The x with normal distribution function p, by bisection: exact to the last bits, and there are few.
double normal_quantile(double p) {
  double low = -10, high = 10;
  while (high - low > 1e-13) {
    double middle = (low + high) / 2;
    (std::erfc(-middle / std::sqrt(2.0)) / 2 < p ? low : high) = middle;
  }
  return (low + high) / 2;
}

std::vector<float> make_quantiles() {
  std::vector<double> values(quantile_count);
  double squares = 0;
  for (int i = 0; i < quantile_count / 2; ++i) {
    values[size_t(i)] = normal_quantile((i + 0.5) / quantile_count);
    values[size_t(quantile_count - 1 - i)] = -values[size_t(i)];
    squares += 2 * values[size_t(i)] * values[size_t(i)];
  }
  std::vector<float> scaled;
  for (double value : values) scaled.push_back(float(value / std::sqrt(squares / quantile_count)));
  return scaled;
}

}  // namespace

const float* normal_quantiles() {
  static const std::vector<float> table = make_quantiles();
  return table.data();
}

template <class T>
void code_row(const CodeNoise& noise, uint64_t first, int64_t voxels, bool code, T* into) {
  const float* quantile = normal_quantiles();
  const float step = noise.scale / 65536, half = step / 2, sigma = noise.sigma;
  int64_t hashes = (noise.depth + values_of_a_hash - 1) / values_of_a_hash;
  for (int64_t v = 0; v < voxels; ++v)
    for (int64_t h = 0; h < hashes; ++h) {
      uint64_t place = (first + uint64_t(v)) * uint64_t(hashes) + uint64_t(h);
      uint64_t uniform = code ? place_hash(noise.code_key, place) : 0, normal = sigma > 0 ? place_hash(noise.perturbation_key, place) : 0;
      T* four = into + v * noise.depth + h * values_of_a_hash;
      int64_t here = std::min<int64_t>(values_of_a_hash, noise.depth - h * values_of_a_hash);
      for (int64_t c = 0; c < here; ++c) {
        float value = code ? step * float((uniform >> (16 * c)) & 0xFFFF) + half : float(four[c]);
        if (sigma > 0) value += sigma * quantile[(normal >> (16 * c)) & (quantile_count - 1)];
        four[c] = T(value);
      }
    }
}

template void code_row<float>(const CodeNoise&, uint64_t, int64_t, bool, float*);
template void code_row<at::BFloat16>(const CodeNoise&, uint64_t, int64_t, bool, at::BFloat16*);

}  // namespace tomograd
