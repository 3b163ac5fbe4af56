// The network that `bench msd` runs: the paper's dilations and weights, two classes.
#pragma once

#include <cmath>
#include <vector>

#include "base/random.h"
#include "kernels/msd_head.h"
#include "kernels/msd_network.h"

namespace tomograd {

struct BenchWeights {
  static constexpr int64_t classes = 2;
  MsdNetwork network;
  std::vector<std::vector<float>> weight, bias;
  std::vector<float> head_weight, head_bias;
  MsdHead head;

  explicit BenchWeights(int64_t depth) {
    Random random(1, "bench-msd");
    for (int64_t i = 0; i < depth; ++i) {
      network.dilations.push_back(i % 10 + 1);
      weight.emplace_back(size_t(27 * (1 + i))), bias.emplace_back(1, 0.0f);
      for (float& w : weight.back()) w = float(random.normal() * std::sqrt(2.0 / double(27 * (1 + i))));
    }
    for (int64_t i = 0; i < depth; ++i) network.weight.push_back(weight[size_t(i)].data()), network.bias.push_back(bias[size_t(i)].data());
    head_weight.resize(size_t(classes * (1 + depth))), head_bias.assign(classes, 0.0f);
    for (float& w : head_weight) w = float(random.normal() / std::sqrt(double(1 + depth)));
    head = {1 + depth, classes, head_weight.data(), head_bias.data()};
  }
  BenchWeights(const BenchWeights&) = delete;
};

}  // namespace tomograd
