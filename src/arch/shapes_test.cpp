// Sizes and costs of small graphs, by hand.
#include <gtest/gtest.h>

#include "arch/axis_reference.h"
#include "arch/builder.h"
#include "arch/describe.h"
#include "base/error.h"

namespace tomograd {
namespace {

TEST(Shapes, FollowTheReferenceForAwkwardSizes) {  // every op, sizes 1, odd, prime
  for (Padding padding : {Padding::same, Padding::valid, Padding::mirror})
    for (int64_t kernel : {1, 2, 3, 4, 5})
      for (int64_t stride : {1, 2, 3})
        for (int64_t dilation : {1, 2}) {
          Builder build("one", 1);
          ConvOptions options{cube(stride), cube(dilation), {padding, padding, padding}, true};
          Graph graph = build.finish({{build.conv("c", 0, 1, cube(kernel), options), 1.0}});
          for (int64_t n : {1, 2, 3, 5, 8, 13, 17}) {
            if (padding == Padding::mirror && dilation * (kernel - 1) > n) continue;
            auto size = int64_t(axis_reference::compute(graph, 1, std::vector<axis_reference::Number>(size_t(n))).back().size());
            ASSERT_EQ(fits(graph, cube(n)), size > 0);
            if (size == 0) continue;
            EXPECT_EQ(output_size(graph, cube(n)), cube(size)) << kernel << " " << stride << " " << dilation << " " << n;
          }
        }
  for (auto [kernel, stride] : {std::pair{3, 2}, std::pair{2, 2}, std::pair{3, 1}, std::pair{4, 4}, std::pair{3, 3}, std::pair{5, 2}, std::pair{1, 1}, std::pair{5, 3}}) {
    Builder build("up", 1);
    Graph graph = build.finish({{build.transposed_conv("t", 0, 1, cube(kernel), cube(stride), true), 1.0}});
    for (int64_t n : {1, 2, 7}) {
      EXPECT_EQ(output_size(graph, cube(n)), cube(n * stride));
      EXPECT_EQ(int64_t(axis_reference::compute(graph, 1, std::vector<axis_reference::Number>(size_t(n))).back().size()), n * stride);
    }
  }
}

TEST(Shapes, OfPoolingSubsamplingAndUpsampling) {
  Builder build("sizes", 1);
  int whole = build.max_pool("whole", 0, {2, 3, 5}, Padding::valid), cut = build.max_pool("cut", 0, {2, 3, 5}, Padding::same);
  int sub = build.subsample("sub", 0, {2, 3, 5}), up = build.upsample("up", 0, {2, 3, 5});
  auto all = shapes(build.finish({{0, 1.0}}), {7, 7, 7});
  EXPECT_EQ(all[size_t(whole)].size, (Extent{3, 2, 1}));
  EXPECT_EQ(all[size_t(cut)].size, (Extent{4, 3, 2}));
  EXPECT_EQ(all[size_t(sub)].size, (Extent{4, 3, 2}));
  EXPECT_EQ(all[size_t(up)].size, (Extent{14, 21, 35}));
}

Graph two_layers() {  // 2 -> 3 channels, kernel 1x3x3, valid; ReLU; 3 -> 4 channels, 1x1x1
  Builder build("small", 2);
  ConvOptions valid;
  valid.padding = {Padding::valid, Padding::valid, Padding::valid};
  int x = build.conv("a", 0, 3, {1, 3, 3}, valid);
  x = build.activation("r", x, Activation::relu);
  return build.finish({{build.conv("b", x, 4, cube(1)), 1.0}});
}

TEST(Cost, ArithmeticByHand) {
  Graph graph = two_layers();
  // output 2 x 3 x 4 = 24 voxels: 2*9*2*3 = 108 and 2*1*3*4 = 24 per voxel
  EXPECT_DOUBLE_EQ(forward_flop(graph, {2, 5, 6}), 24.0 * (108 + 24));
  EXPECT_DOUBLE_EQ(flop_per_voxel(graph, {2, 5, 6}), 132.0);
  Builder build("up", 2);
  Graph up = build.finish({{build.transposed_conv("t", 0, 3, cube(2), cube(2), false), 1.0}});
  EXPECT_DOUBLE_EQ(forward_flop(up, {1, 2, 3}), 2.0 * 8 * 2 * 3 * 6);  // each input voxel meets every weight once
}

TEST(Cost, MemoryByHand) {
  Graph graph = two_layers();
  Extent input{2, 5, 6};  // values: input 120, a 72, r 72, b 96
  EXPECT_EQ(activation_bytes(graph, input, 1, 4, false), 4 * 192);  // input and a; then a and r; then r and b (168)
  EXPECT_EQ(activation_bytes(graph, input, 3, 2, false), 3 * 2 * 192);
  // Kept: input (read by a), r (its own result, read by b), b (the head): 288. Backward: gradients of b and r (168) at first.
  EXPECT_EQ(activation_bytes(graph, input, 1, 4, true), 4 * (288 + 168));
  // Max-pooling keeps its input and indices of 8 bytes; dropout its mask.
  Builder build("pool", 1);
  int x = build.max_pool("p", 0, cube(2), Padding::same);
  x = build.dropout("d", x, 0.5, true);
  Graph pooled = build.finish({{x, 1.0}});
  // input 64, p 8, d 8: 64 + indices 8*2 + mask 8 + head 8 floats, gradients of d and p 16
  EXPECT_EQ(activation_bytes(pooled, cube(4), 1, 4, true), 4 * (64 + 16 + 8 + 8 + 16));
}

TEST(Parameters, InNodeOrderWithShapesAndFanIn) {
  Builder build("p", 2);
  int x = build.conv("c", 0, 3, {1, 3, 5});
  x = build.norm("n", x, Norm::batch, true, true);
  x = build.activation("s", x, Activation::prelu, 0.25, true);
  x = build.activation("v", x, Activation::prelu);
  x = build.bias("b", x);
  x = build.norm("i", x, Norm::instance, false, true);
  x = build.transposed_conv("t", x, 4, cube(2), cube(2), false);
  x = build.norm("m", x, Norm::batch, false, false);
  build.at(x).running_mean_of_60 = true;
  auto list = parameters(build.finish({{x, 1.0}}));
  std::vector<std::string> names;
  for (const Parameter& one : list) names.push_back(one.name + (one.trained ? "" : "!"));
  EXPECT_EQ(names, (std::vector<std::string>{"c.weight", "c.bias", "n.weight", "n.bias", "n.running_mean!", "n.running_var!", "s.slope", "v.slope", "b.bias", "i.bias", "t.weight",
                                             "m.running_mean!", "m.running_var!", "m.ring_position!"}));
  EXPECT_EQ(list[0].shape, (std::vector<int64_t>{3, 2, 1, 3, 5}));
  EXPECT_EQ(list[0].fan_in, 30);
  EXPECT_EQ(list[6].shape, std::vector<int64_t>{1});
  EXPECT_EQ(list[7].shape, std::vector<int64_t>{3});
  EXPECT_EQ(list[10].shape, (std::vector<int64_t>{3, 4, 2, 2, 2}));
  EXPECT_EQ(list[11].shape, (std::vector<int64_t>{60, 4}));
}

TEST(LegalSizes, OfJoinsThatNeedDivisibleSizes) {
  Builder build("divisible", 1);
  int down = build.max_pool("down", 0, {2, 4, 1}, Padding::valid);
  int up = build.upsample("up", down, {2, 4, 1});
  Graph graph = build.finish({{build.add("add", up, 0), 1.0}});
  LegalSizes legal = legal_sizes(graph);
  EXPECT_EQ(legal.smallest, (Extent{2, 4, 1}));
  EXPECT_EQ(legal.step, (Extent{2, 4, 1}));
  EXPECT_EQ(nearest_legal(graph, {9, 9, 9}, cube(100)), (Extent{8, 8, 9}));
  EXPECT_EQ(nearest_legal(graph, {9, 9, 9}, {5, 5, 5}), (Extent{4, 4, 5}));
  EXPECT_EQ(nearest_legal(graph, {1, 1, 1}, {1, 1, 1}), (Extent{2, 4, 1}));
  for (int64_t n = 1; n < 40; ++n) EXPECT_EQ(fits(graph, {2, n, 1}), n % 4 == 0);
  try {
    shapes(graph, {8, 9, 8});
    FAIL();
  } catch (const Error& error) {
    std::string message = error.what();
    for (const char* part : {"8x9x8", "along y", "\"add\"", "up of 8 voxels and input of 9", "8x8x8"}) EXPECT_NE(message.find(part), std::string::npos) << message;
  }
}

TEST(Describe, WarnsOfPathsThatLieApart) {
  Builder build("apart", 1);
  int near = build.crop_margin("near", 0, cube(0), cube(4)), far = build.crop_margin("far", 0, cube(2), cube(2));
  Graph graph = build.finish({{build.concat("join", {near, far}), 1.0}});
  auto warnings = graph_warnings(graph, cube(10));
  ASSERT_EQ(warnings.size(), 3u);
  EXPECT_NE(warnings[0].find("join joins near and far, which lie 2 voxels apart along z"), std::string::npos);
  Value object = describe_graph(graph, cube(10), 2, true);
  EXPECT_EQ(object.at("nodes").as_list().size(), 4u);
  EXPECT_EQ(object.at("parameters").as_integer(), 0);
}

}  // namespace
}  // namespace tomograd
