#include "kernels/msd_cuda_fragments.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"
#include "base/random.h"
#include "kernels/msd_cuda.h"

namespace tomograd {
namespace {

struct Net {
  MsdNetwork network;
  std::vector<std::vector<float>> weights, biases;
  Net(int64_t in, int64_t width, int64_t depth) {
    network.in_channels = in, network.width = width;
    Random random(3, "fragments");
    for (int64_t i = 0; i < depth; ++i) {
      weights.emplace_back(size_t(width * (in + width * i) * 27)), biases.emplace_back(size_t(width), float(i));
      for (float& w : weights.back()) w = from_bf16(to_bf16(float(random.normal())));
      for (int64_t j = 0; j < width; ++j) network.dilations.push_back((i * width + j) % 10 + 1);
    }
    for (int64_t i = 0; i < depth; ++i) network.weight.push_back(weights[size_t(i)].data()), network.bias.push_back(biases[size_t(i)].data());
  }
};

// Element (k, n) of the B operand of m16n8k16 (two words a lane) or m16n8k8 (one), by the tables of the PTX ISA.
float element(const uint32_t* words, int halves, int k, int n) {
  int half = k / 8, lane = n * 4 + k % 8 / 2;
  uint32_t word = words[lane * halves + half];
  return from_bf16(uint16_t(k % 2 ? word >> 16 : word));
}

// What all fragments together give from one channel to another, [kz][ky][kx]: by the rows, planes and columns in which the kernels use them.
std::vector<float> gathered(const MsdFragments& all, int to, int from) {
  std::vector<float> taps(27, 0.0f);
  for (const MsdPush& push : all.push[size_t(from / 16)])
    for (size_t n = 0; n < push.channels.size(); ++n)
      for (int tap = 0; push.channels[n] == to && tap < 27; ++tap) {
        int ky = tap / 9, kx = tap / 3 % 3, kz = tap % 3;
        taps[size_t((kz * 3 + ky) * 3 + kx)] += element(push.weights.data() + tap * 64, 2, from % 16, int(n));
      }
  for (const MsdOwn& own : all.own[size_t(to / 16)]) {
    if (own.channel != to || from / 16 != to / 16 || from % 16 >= own.halves * 8) continue;
    for (int kz = 0; kz < 3; ++kz)               // row 1 of the pair: reads rows 1..3 of four
      for (int ky = 0; ky < 3; ++ky)
        for (int kx = 0; kx < 3; ++kx) taps[size_t((kz * 3 + ky) * 3 + kx)] += element(own.weights.data() + size_t(((ky + 1) * 3 + kx) * 32 * own.halves), own.halves, from % 16, 2 * kz + 1);
  }
  return taps;
}

TEST(MsdCudaFragments, EveryWeightArrivesOnceAtItsPlace) {
  for (auto [in, width, depth] : {std::array<int64_t, 3>{1, 1, 41}, {3, 2, 17}, {16, 1, 20}}) {
    Net net(in, width, depth);
    MsdFragments all = msd_fragments(net.network);
    for (int to = int(in); to < all.channels; ++to)
      for (int from = 0; from < to; ++from) {
        std::vector<float> taps = gathered(all, to, from);
        for (int tap = 0; tap < 27; ++tap) ASSERT_EQ(taps[size_t(tap)], msd_weight(net.network, to, from, tap / 9, tap / 3 % 3, tap % 3)) << to << " from " << from << " tap " << tap;
      }
  }
}

TEST(MsdCudaFragments, FirstRowOfAPairReadsTheRowsOneEarlier) {
  Net net(1, 1, 12);
  MsdFragments all = msd_fragments(net.network);
  const MsdOwn& own = all.own[0][10];
  for (int kx = 0; kx < 3; ++kx)
    for (int row = 0; row < 4; ++row) {
      float first = element(own.weights.data() + size_t((row * 3 + kx) * 32 * own.halves), own.halves, 4, 2);  // the middle plane
      EXPECT_EQ(first, row < 3 ? msd_weight(net.network, own.channel, 4, 1, row, kx) : 0.0f);
    }
}

TEST(MsdCudaFragments, TooManyInputsAreRefused) {
  Net net(17, 1, 2);
  try {
    msd_fragments(net.network);
    FAIL();
  } catch (const Error& e) { EXPECT_NE(e.message().find("17 input channels"), std::string::npos); }
}

TEST(MsdCudaTiles, CoresCoverTheVolumeOnceAndTilesFit) {
  Extent volume{230, 127, 301};
  std::vector<Box> cores = msd_cores(volume, 8, 3000000);
  std::vector<uint8_t> covered(size_t(volume.voxels()), 0);
  for (const Box& core : cores) {
    EXPECT_LE(with_halo(core, 8, volume).size.voxels(), 3000000);
    for (int64_t z = core.begin.z; z < core.end().z; ++z)
      for (int64_t y = core.begin.y; y < core.end().y; ++y)
        for (int64_t x = core.begin.x; x < core.end().x; ++x) ++covered[size_t((z * volume.y + y) * volume.x + x)];
  }
  for (uint8_t n : covered) ASSERT_EQ(n, 1);
  EXPECT_THROW(msd_cores(volume, 100, 1000), Error);
}

}  // namespace
}  // namespace tomograd
