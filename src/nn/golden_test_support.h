// Private to the engine rooms
// Numbers that tests/golden/generate_nn.py and the tests compute alike, so that golden files need not hold them.
#pragma once

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <string>

#include "base/env.h"
#include "nn/network.h"
#include "nn/optimizer.h"
#include "nn/safetensors.h"

namespace tomograd {

inline at::Tensor hashed(uint64_t seed, at::IntArrayRef shape) {
  at::Tensor result = at::empty(shape, at::kFloat);
  float* data = result.data_ptr<float>();
  for (int64_t i = 0; i < result.numel(); ++i) {
    uint64_t h = (uint64_t(i + 1) * 2654435761u + seed * 2246822519u) & 0xFFFFFFFFu;
    h ^= h >> 15;
    h = (h * 2246822519u) & 0xFFFFFFFFu;
    h ^= h >> 13;
    data[i] = float(double(h >> 8) / 16777216.0 - 0.5);
  }
  return result;
}

inline TensorFile golden(const std::string& name) { return read_safetensors(system_env(), std::string(TOMOGRAD_SOURCE_DIR "/tests/golden/nn/") + name); }

// set_hashed() of the script: by position among the trained parameters.
inline void set_hashed(Network& network) {
  std::map<std::string, at::Tensor> weights;
  uint64_t i = 0;
  for (auto& [name, tensor] : network.parameters()) {
    at::Tensor v = hashed(100 + i++, tensor.sizes());
    double scale = 2 / std::sqrt(double(tensor.numel()) / double(tensor.size(0)));
    weights[name] = tensor.dim() == 5 ? v * scale : 0.25 + 0.2 * v;
  }
  network.load(weights, true);
}

inline double largest_difference(const at::Tensor& a, const at::Tensor& b) {
  EXPECT_EQ(a.sizes().vec(), b.sizes().vec());
  if (a.sizes() != b.sizes()) return 1e300;
  return a.numel() == 0 ? 0 : (a.to(at::kDouble) - b.to(at::kDouble)).abs().max().item<double>();
}

}  // namespace tomograd
