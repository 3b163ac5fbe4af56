// For tests: what a tiled prediction must be, by its definition, and networks on which nothing is equally likely.
// Private to the engine rooms.
#pragma once

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "inference/predictor.h"
#include "inference/test_networks.h"

namespace tomograd {

inline PredictSpec predict_spec(Extent tile, double overlap, std::string blend, bool mirror = false) {
  PredictSpec spec;
  spec.tile = tile;
  spec.overlap = overlap;
  spec.blend = std::move(blend);
  spec.mirror = mirror;
  return spec;
}

inline at::Tensor region(const PreparedCase& prepared, const Box& box) {
  at::Tensor tensor = at::empty({1, int64_t(prepared.images.size()), box.size.z, box.size.y, box.size.x});
  float* to = tensor.data_ptr<float>();
  Box volume{{}, prepared.geometry.size};
  for (size_t c = 0; c < prepared.images.size(); ++c)
    for (int64_t z = box.begin.z; z < box.end().z; ++z)
      for (int64_t y = box.begin.y; y < box.end().y; ++y)
        for (int64_t x = box.begin.x; x < box.end().x; ++x)
          *to++ = volume.contains({z, y, x}) ? prepared.images[c][(z * volume.size.y + y) * volume.size.x + x] : prepared.outside[c];
  return tensor;
}

inline std::vector<int64_t> mirrored_axes(int image) {
  std::vector<int64_t> axes;
  for (int axis = 0; axis < 3; ++axis)
    if (image >> axis & 1) axes.push_back(2 + axis);
  return axes;
}

// The definition: whole class maps and a whole map of weights in double, divided at the end. [class][z][y][x]
inline at::Tensor mean_probabilities(const std::vector<Network*>& networks, const PreparedCase& prepared, const TilePlan& plan, bool mirror) {
  int64_t classes = networks.front()->graph().out_channels();
  Extent size = plan.volume;
  at::Tensor sums = at::zeros({classes, size.z, size.y, size.x}, at::kDouble), weights = at::zeros({size.z, size.y, size.x}, at::kDouble);
  for (Network* network : networks)
    for (int image = 0; image < (mirror ? 8 : 1); ++image)
      for (size_t iz = 0; iz < plan.axes[0].starts.size(); ++iz)
        for (size_t iy = 0; iy < plan.axes[1].starts.size(); ++iy)
          for (size_t ix = 0; ix < plan.axes[2].starts.size(); ++ix) {
            const size_t at[3] = {iz, iy, ix};
            Box box{{}, plan.tile};
            for (int axis = 0; axis < 3; ++axis) box.begin[axis] = plan.axes[size_t(axis)].starts[at[axis]] - (image >> axis & 1 ? plan.margin.after : plan.margin.before)[axis];
            at::Tensor p = network->forward(region(prepared, box).flip(mirrored_axes(image)), false).front().flip(mirrored_axes(image)).to(at::kDouble).softmax(1)[0];
            at::Tensor sums_part = sums, weights_part = weights, weight = at::ones({}, at::kDouble);
            for (int axis = 0; axis < 3; ++axis) {
              const AxisTiles& tiles = plan.axes[size_t(axis)];
              int64_t begin = tiles.begins[at[axis]], count = tiles.ends[at[axis]] - begin, inside = begin - tiles.starts[at[axis]];
              p = p.narrow(1 + axis, inside, count);
              sums_part = sums_part.narrow(1 + axis, begin, count);
              weights_part = weights_part.narrow(axis, begin, count);
              std::vector<int64_t> shape{1, 1, 1};
              shape[size_t(axis)] = count;
              weight = weight * at::tensor(at::ArrayRef<float>(tiles.weights.data() + inside, size_t(count))).to(at::kDouble).view(shape);
            }
            sums_part += p * weight;
            weights_part += weight;
          }
  return sums / weights;
}

// Biases that are not 0, so that no class is equally likely as another where all ReLUs are dead.
inline Network test_network(const Graph& graph, uint64_t seed, const std::vector<std::string>& channels) {
  Network network(graph, seed, channels);
  torch::NoGradGuard no_grad;
  for (auto& [name, tensor] : network.parameters())
    if (name.ends_with(".bias")) tensor.copy_(at::linspace(0.05, 0.3, tensor.numel()));
  return network;
}

// Equal labels wherever the two best classes differ by more than float rounding; those places must be nearly all.
inline void expect_labels(const Prediction& prediction, const at::Tensor& probabilities, const PreparedCase& prepared) {
  auto [values, classes] = probabilities.topk(2, 0);
  at::Tensor gap = (values[0] - values[1]).contiguous(), best = classes[0].contiguous();
  ASSERT_EQ(prediction.labels.size(), best.numel());
  int64_t unclear = 0;
  constexpr double rounding = 3e-6;  // logits of magnitude 1 in float32, sums of some fifty products: 50 * 6e-8
  for (int64_t i = 0; i < best.numel(); ++i) {
    int64_t expected = prepared.roi.empty() || prepared.roi[i] ? best.data_ptr<int64_t>()[i] : 0;
    if (gap.data_ptr<double>()[i] > rounding) { ASSERT_EQ(prediction.labels[i], expected) << "voxel " << i; }
    else ++unclear;
  }
  EXPECT_LE(unclear, best.numel() / 100);
}

}  // namespace tomograd
