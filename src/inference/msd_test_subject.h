// For tests of this room: a small mixed-scale dense network of two input channels with random weights, a volume of noise, and what the
// network makes of it in one piece.
#pragma once

#include <bit>
#include <cmath>
#include <vector>

#include "base/memory.h"
#include "base/random.h"
#include "inference/exact_msd.h"

namespace tomograd {

struct MsdSubject {
  MsdNetwork network;
  std::vector<std::vector<float>> weight, bias;
  std::vector<float> head_weight, head_bias, input;
  MsdHead head;
  Extent volume;
  bool reflect = true;

  static constexpr int64_t classes = 3;

  MsdSubject(Extent size, std::vector<int64_t> dilations, int64_t width = 1) : volume(size) {
    network.in_channels = 2, network.width = width, network.dilations = dilations;
    Random random(11, "exact");
    for (int64_t i = 0; i < int64_t(dilations.size()) / width; ++i) {
      int64_t inputs = 2 + i * width;
      weight.emplace_back(size_t(width * inputs * 27)), bias.emplace_back(size_t(width));
      for (float& w : weight.back()) w = float(random.normal() * std::sqrt(2.0 / double(27 * inputs)));
      for (float& b : bias.back()) b = float(0.1 * random.normal());
    }
    for (size_t i = 0; i < weight.size(); ++i) network.weight.push_back(weight[i].data()), network.bias.push_back(bias[i].data());
    head_weight.resize(size_t(classes * network.channels())), head_bias.assign(classes, 0.5f);
    for (float& w : head_weight) w = float(random.normal());
    head = {network.channels(), classes, head_weight.data(), head_bias.data()};
    input.resize(size_t(2 * size.voxels()));
    for (float& v : input) v = float(random.normal());
  }
  ReadBox read() const {
    return [this](int64_t c, const Box& box, float* into) {
      for (int64_t z = 0; z < box.size.z; ++z)
        for (int64_t y = 0; y < box.size.y; ++y)
          for (int64_t x = 0; x < box.size.x; ++x)
            *into++ = input[size_t(((c * volume.z + box.begin.z + z) * volume.y + box.begin.y + y) * volume.x + box.begin.x + x)];
    };
  }
  // Layer by layer over everything; bf16: in pairs of channels.
  std::vector<float> untiled(bool bf16 = false) const {
    MsdLayout layout = msd_layout(volume, network.largest_dilation(), reflect, false);
    Buffer<float> stack(layout.floats(network.channels()), 0.0f);
    for (int64_t z = 0; z < volume.z; ++z)
      for (int64_t y = 0; y < volume.y; ++y)
        for (int64_t x = 0; x < volume.x; ++x) {
          float one = input[size_t((z * volume.y + y) * volume.x + x)], two = input[size_t(((volume.z + z) * volume.y + y) * volume.x + x)];
          if (bf16) stack[layout.at(0, z, y, x)] = std::bit_cast<float>(bf16_pair(one, two));
          else stack[layout.at(0, z, y, x)] = one, stack[layout.at(1, z, y, x)] = two;
        }
    ForEach each = [](int64_t count, const std::function<void(int64_t)>& body) { for (int64_t i = 0; i < count; ++i) body(i); };
    (bf16 ? msd_forward_bf16 : msd_forward)(msd_kernels(), layout, network, stack.data(), {}, each);
    std::vector<float> out(size_t(classes * volume.voxels()));
    for (int64_t z = 0; z < volume.z; ++z) (bf16 ? msd_head_kernels().forward_bf16 : msd_head_kernels().forward)(layout, head, stack.data(), z, out.data());
    return out;
  }
};

}  // namespace tomograd
