#include "restoration/data_term.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <vector>

#include "base/extent.h"
#include "base/random.h"
#include "restoration/rician.h"

namespace tomograd {
namespace {

constexpr int64_t voxels_of_a_sum = 16384;       // a constant, so that threads do not matter

struct Sums { double squared = 0, loss = 0, held_out = 0; int64_t fitted = 0, held_out_voxels = 0; };

template <bool rician>
Sums errors_of(float sigma2, const float* seen, const float* observed, const uint8_t* use, int64_t n, float weight, float* gradient) {
  Sums sums;
  for (int64_t i = 0; i < n; ++i) {
    VoxelUse what = use ? VoxelUse(use[i]) : VoxelUse::fitted;
    float x = seen[i], m = observed[i], z = rician ? std::max(0.0f, x * m / sigma2) : 0.0f;
    if (what == VoxelUse::missing) {
      if (gradient) gradient[i] = 0;
      continue;
    }
    float r = x - m;
    double loss = double(r) * double(r) - (rician ? 2.0 * double(sigma2) * double(log_bessel0_scaled(z)) : 0.0);
    if (what == VoxelUse::held_out) {
      sums.held_out += loss;
      ++sums.held_out_voxels;
      if (gradient) gradient[i] = 0;
      continue;
    }
    sums.squared += double(r) * double(r), sums.loss += loss;
    ++sums.fitted;
    if (gradient) gradient[i] = weight * (rician ? x - m * bessel_ratio(z) : r);
  }
  return sums;
}

}  // namespace

DataErrors data_errors(const DataTerm& term, const float* seen, const float* observed, const uint8_t* use, int64_t n, int64_t fitted, float* gradient) {
  std::vector<Sums> parts(size_t(ceil_div(n, voxels_of_a_sum)));
  float weight = 2.0f / float(std::max<int64_t>(1, fitted)), sigma2 = float(term.sigma * term.sigma);
  at::parallel_for(0, int64_t(parts.size()), 1, [&](int64_t begin, int64_t end) {
    for (int64_t part = begin; part < end; ++part) {
      int64_t first = part * voxels_of_a_sum, count = std::min(voxels_of_a_sum, n - first);
      auto of = term.rician ? errors_of<true> : errors_of<false>;
      parts[size_t(part)] = of(sigma2, seen + first, observed + first, use ? use + first : nullptr, count, weight, gradient ? gradient + first : nullptr);
    }
  });
  DataErrors errors;
  for (const Sums& part : parts) {
    errors.squared += part.squared, errors.loss += part.loss, errors.held_out += part.held_out;
    errors.fitted += part.fitted, errors.held_out_voxels += part.held_out_voxels;
  }
  errors.squared /= double(std::max<int64_t>(1, errors.fitted)), errors.loss /= double(std::max<int64_t>(1, errors.fitted));
  errors.held_out /= double(std::max<int64_t>(1, errors.held_out_voxels));
  return errors;
}

Buffer<uint8_t> voxel_uses(const Buffer<uint8_t>& known, int64_t n, double held_out, uint64_t seed) {
  constexpr int64_t chunk = 4096;                // voxels of one stream
  if (known.empty() && held_out <= 0) return {};
  Buffer<uint8_t> use(n);
  uint32_t limit = uint32_t(held_out * 4294967296.0);
  for (int64_t first = 0; first < n; first += chunk) {
    Random random(seed, "restoration/holdout", 0, uint64_t(first / chunk));
    for (int64_t i = first; i < std::min(n, first + chunk); ++i) {
      bool held = random.bits() < limit;
      use[i] = uint8_t(!known.empty() && !known[i] ? VoxelUse::missing : held ? VoxelUse::held_out : VoxelUse::fitted);
    }
  }
  return use;
}

int64_t count_fitted(const uint8_t* use, int64_t n) {
  if (!use) return n;
  return std::count(use, use + n, uint8_t(VoxelUse::fitted));
}

}  // namespace tomograd
