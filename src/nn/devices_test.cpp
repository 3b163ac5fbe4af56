#include "nn/devices.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace tomograd {
namespace {

TEST(Devices, Names) {
  EXPECT_EQ(devices_of("cpu"), std::vector<std::string>{"cpu"});
  EXPECT_EQ(devices_of("cpu,cpu"), (std::vector<std::string>{"cpu", "cpu"}));
  for (const char* wrong : {"", "gpu", "cuda:x", "cuda:", "cuda:0,", "cuda:-1", "cpu,cuda:0", "cpu,"}) EXPECT_THROW(devices_of(wrong), Error) << wrong;
  EXPECT_THROW(devices_of("cuda:999"), Error);   // no machine has it
}

TEST(Devices, SaysWhereThePartsBegin) {
  ModelSpec spec;
  spec.family = "unet3d", spec.depth = 2, spec.filters = 4, spec.in_channels = 1, spec.out_channels = 2, spec.patch = cube(16);
  Network network(build_graph(spec), 1, {"a"});
  EXPECT_EQ(place_network(network, "cpu", "memory", cube(16), 1, 4), "");
  std::string said = place_network(network, "cpu,cpu", "down_up", cube(16), 1, 4);
  EXPECT_NE(said.find("cpu (from input on"), std::string::npos) << said;
  EXPECT_NE(said.find("cpu (from up"), std::string::npos) << said;
  EXPECT_THROW(place_network(network, "cpu,cpu,cpu", "down_up", cube(16), 1, 4), Error);
}

}  // namespace
}  // namespace tomograd
