#include "arch/device_split.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/error.h"

namespace tomograd {
namespace {

Graph unet() {
  ModelSpec spec;
  spec.family = "unet3d";
  spec.in_channels = 2, spec.out_channels = 3;
  spec.patch = cube(64);
  spec.filters = 8;
  return build_graph(spec);
}

TEST(DeviceSplit, EncoderAndDecoder) {
  Graph graph = unet();
  DeviceOfNode device_of = split_down_up(graph);
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    const std::string& name = graph.nodes[i].name;
    if (name.rfind("down", 0) == 0) { EXPECT_EQ(device_of[i], 0) << name; }
    if (name.rfind("up", 0) == 0) { EXPECT_EQ(device_of[i], 1) << name; }
  }
  ModelSpec msd;
  msd.kind = "msd", msd.in_channels = msd.out_channels = 1, msd.patch = cube(32), msd.depth = 3;
  EXPECT_THROW(split_down_up(build_graph(msd)), Error);
}

TEST(DeviceSplit, ByMemoryIsTheBestOfAllCuts) {
  Graph graph = unet();
  Extent input{40, 48, 56};
  auto fullest = [&](const DeviceOfNode& device_of) {
    auto bytes = part_bytes(graph, input, 2, 4, device_of);
    return *std::max_element(bytes.begin(), bytes.end());
  };
  int64_t best = INT64_MAX, best_of_three = INT64_MAX;
  size_t count = graph.nodes.size();
  for (size_t a = 1; a < count; ++a) {
    DeviceOfNode two(count, 0);
    std::fill(two.begin() + int64_t(a), two.end(), 1);
    best = std::min(best, fullest(two));
    for (size_t b = a + 1; b < count; ++b) {
      DeviceOfNode three = two;
      std::fill(three.begin() + int64_t(b), three.end(), 2);
      best_of_three = std::min(best_of_three, fullest(three));
    }
  }
  EXPECT_EQ(fullest(split_by_memory(graph, input, 2, 4, 2)), best);
  EXPECT_EQ(fullest(split_by_memory(graph, input, 2, 4, 3)), best_of_three);
  EXPECT_LE(best, fullest(split_down_up(graph)));
  EXPECT_LT(best_of_three, best);
}

TEST(DeviceSplit, OneDeviceHoldsEverythingOnce) {
  Graph graph = unet();
  DeviceOfNode one = split_by_memory(graph, cube(32), 1, 4, 1);
  auto whole = part_bytes(graph, cube(32), 1, 4, one);
  ASSERT_EQ(whole.size(), 1u);
  auto two = part_bytes(graph, cube(32), 1, 4, split_down_up(graph));
  EXPECT_GT(two[0] + two[1], whole[0]);          // what crosses the link is there twice
  EXPECT_THROW(split_by_memory(graph, cube(32), 1, 4, 1000), Error);
}

}  // namespace
}  // namespace tomograd
