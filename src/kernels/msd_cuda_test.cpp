#include "kernels/msd_cuda.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "base/memory.h"
#include "base/random.h"
#include "kernels/msd_cuda_fragments.h"

namespace tomograd {
namespace {

ForEach in_turn() {
  return [](int64_t count, const std::function<void(int64_t)>& body) { for (int64_t i = 0; i < count; ++i) body(i); };
}

struct Case {
  MsdNetwork network;
  std::vector<std::vector<float>> weights, biases;
  std::vector<float> head_weight, head_bias, input;
  Extent size;
  bool reflect;

  MsdHead head() const { return {network.channels(), int64_t(head_bias.size()), head_weight.data(), head_bias.data()}; }
  // The channels [channel][z][y][x] as the processor makes them with bf16 between its layers.
  std::vector<uint16_t> reference() const {
    MsdLayout layout = msd_layout(size, network.largest_dilation(), reflect, false);
    Buffer<float> pairs(layout.floats(ceil_div(network.channels(), 2)), 0.0f);
    auto word = [&](int64_t c, int64_t z, int64_t y, int64_t x) { return reinterpret_cast<uint16_t*>(&pairs[layout.at(c / 2, z, y, x)]) + c % 2; };
    int64_t i = 0;
    for (int64_t c = 0; c < network.in_channels; ++c) each([&](int64_t z, int64_t y, int64_t x) { *word(c, z, y, x) = to_bf16(input[size_t(i++)]); });
    msd_forward_bf16(msd_kernels(), layout, network, pairs.data(), {}, in_turn());
    std::vector<uint16_t> channels;
    for (int64_t c = 0; c < network.channels(); ++c) each([&](int64_t z, int64_t y, int64_t x) { channels.push_back(*word(c, z, y, x)); });
    return channels;
  }
  template <class Use>
  void each(Use&& use) const {
    for (int64_t z = 0; z < size.z; ++z)
      for (int64_t y = 0; y < size.y; ++y)
        for (int64_t x = 0; x < size.x; ++x) use(z, y, x);
  }
};

// Small whole numbers, so that every sum is exact in every order: each layer takes some voxels of the input and of channels at most
// `most` generations from it.
Case whole_numbers(Extent size, int64_t in, int64_t width, int64_t depth, int64_t classes, bool reflect, uint64_t seed) {
  Case c;
  c.size = size, c.reflect = reflect, c.network.in_channels = in, c.network.width = width;
  Random random(seed, "msd-cuda");
  std::vector<int> generation(size_t(in), 0);
  for (int64_t i = 0; i < depth; ++i) {
    int64_t inputs = in + width * i;
    c.weights.emplace_back(size_t(width * inputs * 27), 0.0f), c.biases.emplace_back(size_t(width));
    for (int64_t j = 0; j < width; ++j) {
      int oldest = 0;
      for (int k = 0; k < 6; ++k) {
        int64_t from = random.below(inputs);
        if (generation[size_t(from)] > 2) from = random.below(in);
        oldest = std::max(oldest, generation[size_t(from)]);
        c.weights.back()[size_t((j * inputs + from) * 27 + random.below(27))] = random.below(2) ? 1.0f : -1.0f;
      }
      generation.push_back(oldest + 1);
      c.biases.back()[size_t(j)] = float(random.below(4));
      c.network.dilations.push_back((i * width + j) % 10 + 1);
    }
  }
  for (int64_t i = 0; i < depth; ++i) c.network.weight.push_back(c.weights[size_t(i)].data()), c.network.bias.push_back(c.biases[size_t(i)].data());
  for (int64_t v = 0; v < in * size.voxels(); ++v) c.input.push_back(float(random.below(5)) - 1);
  for (int64_t v = 0; v < classes * c.network.channels(); ++v) c.head_weight.push_back(float(random.below(5)) - 2);
  for (int64_t v = 0; v < classes; ++v) c.head_bias.push_back(float(v));
  return c;
}

class MsdOnCuda : public testing::Test {
  void SetUp() override {
    if (cuda_devices() == 0) GTEST_SKIP() << "no CUDA device";
  }
};

// Sizes that no tile, class of rows or chunk divides; more than 64 columns, more planes than a chunk, fewer rows than a dilation.
const Extent sizes[] = {{23, 37, 70}, {11, 7, 130}, {140, 19, 33}, {12, 90, 11}};

TEST_F(MsdOnCuda, WholeNumbersComeOutExactly) {
  uint64_t seed = 0;
  for (Extent size : sizes)
    for (bool reflect : {true, false})
      for (auto [in, width, depth, classes] : {std::array<int64_t, 4>{1, 1, reflect ? 41 : 33, 2}, {3, 2, 11, 5}, {16, 1, 18, 1}, {2, 1, 8, 8}}) {
        SCOPED_TRACE(to_string(size) + (reflect ? " reflect " : " zeros ") + std::to_string(in) + " inputs, width " + std::to_string(width));
        Case c = whole_numbers(size, in, width, depth, classes, reflect, ++seed);
        std::vector<uint16_t> expected = c.reference(), ours(expected.size());
        std::vector<float> logits(size_t(classes * size.voxels()));
        MsdCuda cuda(c.network, c.head(), reflect, 0);
        cuda.forward({c.input.data(), false, size}, logits.data(), ours.data());
        for (int64_t i = 0; i < int64_t(expected.size()); ++i)
          if (expected[size_t(i)] != ours[size_t(i)]) {
            int64_t ch = i / size.voxels(), v = i % size.voxels();
            FAIL() << "channel " << ch << " at " << v / (size.y * size.x) << "," << v / size.x % size.y << "," << v % size.x << " is " << from_bf16(ours[size_t(i)]) << ", not " << from_bf16(expected[size_t(i)]);
          }
        for (int64_t k = 0; k < classes; ++k)
          for (int64_t v = 0; v < size.voxels(); ++v) {
            double sum = c.head_bias[size_t(k)];
            for (int64_t ch = 0; ch < c.network.channels(); ++ch) sum += double(c.head_weight[size_t(k * c.network.channels() + ch)]) * from_bf16(expected[size_t(ch * size.voxels() + v)]);
            ASSERT_EQ(logits[size_t(k * size.voxels() + v)], float(sum)) << "class " << k;
          }
      }
}

TEST_F(MsdOnCuda, RealWeightsStayWithinTheRoundingOfTheirStorage) {
  Case c = whole_numbers({22, 30, 40}, 1, 1, 86, 2, true, 99);
  Random random(5, "real");
  for (size_t i = 0; i < c.weights.size(); ++i)
    for (float& w : c.weights[i]) w = float(random.normal() * std::sqrt(2.0 / (27.0 * double(1 + i))));
  for (float& v : c.input) v = float(random.normal());
  std::vector<uint16_t> expected = c.reference(), ours(expected.size());
  std::vector<float> logits(size_t(2 * c.size.voxels()));
  MsdCuda(c.network, c.head(), true, 0).forward({c.input.data(), false, c.size}, logits.data(), ours.data());
  // Sums in another order differ by some 1e-7 of them; where that tips a rounding to bf16, a value is off by a step, at most 2^-7 of it.
  // Weights of this size neither amplify nor damp what the layers before are off by, and steps of different layers are independent:
  // after n layers at most sqrt(n) steps in the mean square.
  int64_t n = c.size.voxels();
  for (int64_t ch = 1; ch < c.network.channels(); ++ch) {
    double squares = 0, off = 0;
    for (int64_t v = 0; v < n; ++v) {
      double a = from_bf16(expected[size_t(ch * n + v)]), b = from_bf16(ours[size_t(ch * n + v)]);
      squares += a * a, off += (a - b) * (a - b);
    }
    EXPECT_LE(off, squares * double(ch) / (128 * 128)) << "channel " << ch;
  }
}

TEST_F(MsdOnCuda, TilesWithTheWholeFieldOfViewGiveTheLabelsOfTheUntiledVolume) {
  Case c = whole_numbers({60, 70, 80}, 1, 1, 4, 3, true, 7);  // dilations 1 to 4: a halo of 10 is exact
  std::vector<float> logits(size_t(3 * c.size.voxels()));
  MsdCuda cuda(c.network, c.head(), true, 0);
  cuda.forward({c.input.data(), false, c.size}, logits.data(), nullptr);
  int64_t n = c.size.voxels(), differ = 0;
  std::vector<uint8_t> labels(size_t(n), 255);
  MsdCudaWork work = cuda.predict({c.input.data(), false, c.size}, 10, 50000 * (cuda.bytes_per_voxel() + 10), labels.data());
  EXPECT_GT(msd_cores(c.size, 10, 50000).size(), 8u);
  for (int64_t v = 0; v < n; ++v) {
    int best = 0;
    for (int k = 1; k < 3; ++k)
      if (logits[size_t(k * n + v)] > logits[size_t(best * n + v)]) best = k;
    differ += labels[size_t(v)] != best;
  }
  EXPECT_EQ(differ, 0);
  EXPECT_GT(work.kernel_seconds(), 0);
}

TEST_F(MsdOnCuda, SixteenBitVoxelsAreScaled) {
  Case c = whole_numbers({20, 30, 40}, 1, 1, 6, 2, false, 8);
  std::vector<uint16_t> voxels(c.input.size());
  for (size_t i = 0; i < voxels.size(); ++i) voxels[i] = uint16_t(c.input[i] * 2 + 100);
  std::vector<float> a(size_t(2 * c.size.voxels())), b = a;
  MsdCuda cuda(c.network, c.head(), false, 0);
  cuda.forward({c.input.data(), false, c.size}, a.data(), nullptr);
  cuda.forward({voxels.data(), true, c.size, 0.5f, -50.0f}, b.data(), nullptr);
  EXPECT_EQ(a, b);
}

TEST_F(MsdOnCuda, WhatTheKernelsCannotDoIsRefused) {
  Case c = whole_numbers({8, 8, 8}, 1, 1, 3, 9, true, 1);
  EXPECT_THROW(MsdCuda(c.network, c.head(), true, 0), std::exception);
  Case d = whole_numbers({8, 8, 8}, 1, 1, 3, 2, true, 1);
  d.network.dilations[2] = 11;
  EXPECT_THROW(MsdCuda(d.network, d.head(), true, 0), std::exception);
}

}  // namespace
}  // namespace tomograd
