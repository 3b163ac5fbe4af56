#include "kernels/msd_conv.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <vector>

#include "base/memory.h"
#include "base/parallel.h"
#include "base/random.h"
#include "kernels/isa_test.h"
#include "kernels/msd_head.h"
#include "kernels/msd_network.h"

namespace tomograd {
namespace {

class MsdOnIsa : public IsaTest {};
INSTANTIATE_TEST_SUITE_P(All, MsdOnIsa, every_isa(), isa_of);

ForEach in_turn() {
  return [](int64_t count, const std::function<void(int64_t)>& body) { for (int64_t i = 0; i < count; ++i) body(i); };
}

struct Case {  // a network with random weights and a stack with random inputs; padding and gaps hold NaN until they are written
  MsdLayout layout;
  MsdNetwork network;
  std::vector<std::vector<float>> weights, biases;
  Buffer<float> stack;

  Case(Extent size, int64_t in, int64_t width, std::vector<int64_t> dilations, bool reflect, bool flat, uint64_t seed) {
    network.in_channels = in, network.width = width, network.dilations = dilations;
    layout = msd_layout(size, network.largest_dilation(), reflect, flat);
    Random random(seed, "msd", 0, 0);
    int64_t depth = int64_t(dilations.size()) / width;
    for (int64_t i = 0; i < depth; ++i) {
      int64_t inputs = in + width * i;
      weights.emplace_back(size_t(width * inputs * layout.taps())), biases.emplace_back(size_t(width));
      for (float& w : weights.back()) w = float(random.normal() * std::sqrt(2.0 / double(inputs * layout.taps())));
      for (float& b : biases.back()) b = float(random.normal() * 0.1);
    }
    for (int64_t i = 0; i < depth; ++i) network.weight.push_back(weights[size_t(i)].data()), network.bias.push_back(biases[size_t(i)].data());
    stack = Buffer<float>(layout.floats(network.channels()), NAN);
    for (int64_t c = 0; c < in; ++c) each([&](int64_t z, int64_t y, int64_t x) { stack[layout.at(c, z, y, x)] = float(random.normal()); });
  }
  template <class Use>
  void each(Use&& use) const {
    for (int64_t z = 0; z < layout.size.z; ++z)
      for (int64_t y = 0; y < layout.size.y; ++y)
        for (int64_t x = 0; x < layout.size.x; ++x) use(z, y, x);
  }
  Buffer<float> copy() const {
    Buffer<float> other(stack.size());
    std::memcpy(other.data(), stack.data(), size_t(stack.size()) * 4);
    return other;
  }
};

std::vector<Case> cases() {
  std::vector<Case> all;
  for (bool reflect : {true, false}) {
    all.emplace_back(Extent{7, 9, 19}, 1, 1, std::vector<int64_t>{1, 2, 3, 4, 5, 6}, reflect, false, 1);
    all.emplace_back(Extent{25, 11, 37}, 2, 1, std::vector<int64_t>{10, 1, 7}, reflect, false, 2);
    all.emplace_back(Extent{3, 4, 5}, 3, 2, std::vector<int64_t>{1, 9, 10, 2}, reflect, false, 3);      // reflected more than once
    all.emplace_back(Extent{1, 1, 1}, 1, 1, std::vector<int64_t>{1, 3}, reflect, false, 4);
    all.emplace_back(Extent{2, 70, 145}, 1, 1, std::vector<int64_t>{3, 1}, reflect, false, 5);          // rows in parts
    all.emplace_back(Extent{2, 47, 530}, 1, 1, std::vector<int64_t>{3, 1}, reflect, false, 7);          // columns too
    // Dilations that come again: layers that are summed together, and sums of a round that are pushed on; more pairs than one tile has.
    all.emplace_back(Extent{9, 14, 21}, 1, 1, std::vector<int64_t>{1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2, 3, 1}, reflect, false, 8);
    all.emplace_back(Extent{8, 7, 18}, 2, 2, std::vector<int64_t>{4, 4, 4, 1, 1, 4, 4, 4, 1, 1, 4, 4}, reflect, false, 9);
    all.emplace_back(Extent{6, 5, 37}, 67, 1, std::vector<int64_t>{2, 1, 2, 1}, reflect, false, 10);
    all.emplace_back(Extent{33, 1, 47}, 2, 3, std::vector<int64_t>{1, 2, 3, 4, 5, 6}, reflect, true, 6);
  }
  return all;
}

TEST_P(MsdOnIsa, ForwardGivesTheSameBitsAsTheReference) {
  for (const Case& c : cases()) {
    Buffer<float> plain = c.copy(), fast = c.copy();
    msd_forward(msd_reference(), c.layout, c.network, plain.data(), {}, in_turn());
    ThreadPool pool(2);
    msd_forward(msd_kernels(), c.layout, c.network, fast.data(), {}, [&](int64_t count, const std::function<void(int64_t)>& body) { pool.for_each(count, body); });
    for (int64_t channel = 0; channel < c.network.channels(); ++channel)
      c.each([&](int64_t z, int64_t y, int64_t x) { ASSERT_EQ(plain[c.layout.at(channel, z, y, x)], fast[c.layout.at(channel, z, y, x)]) << to_string(c.layout.size) << " channel " << channel << " at " << z << " " << y << " " << x; });
  }
}

TEST_P(MsdOnIsa, ABoxGivesTheBitsOfTheWholeVolume) {
  Case c({23, 21, 43}, 1, 1, {3, 1, 4}, true, false, 9);
  Buffer<float> whole = c.copy(), part = c.copy();
  msd_forward(msd_kernels(), c.layout, c.network, whole.data(), {}, in_turn());
  // The last layer wants [0, 9) x [5, 12) x [20, 43): earlier ones what those after them reach, cut at the volume's faces.
  std::vector<Box> boxes(3);
  boxes[2] = {{0, 5, 20}, {9, 7, 23}};
  boxes[1] = {{0, 1, 16}, {13, 15, 27}};
  boxes[0] = {{0, 0, 15}, {14, 17, 28}};
  msd_forward(msd_kernels(), c.layout, c.network, part.data(), boxes, in_turn());
  for (int64_t z = 0; z < 9; ++z)
    for (int64_t y = 5; y < 12; ++y)
      for (int64_t x = 20; x < 43; ++x) ASSERT_EQ(whole[c.layout.at(3, z, y, x)], part[c.layout.at(3, z, y, x)]);
  EXPECT_TRUE(std::isnan(part[c.layout.at(3, 10, 5, 20)]));                                             // and nothing that nobody asked for
}

// bf16 keeps 8 bits, so a product is off by at most 2^-8 of itself twice; the sum of absolute products bounds the rest.
TEST_P(MsdOnIsa, Bf16FollowsItsReference) {
  for (Case& c : cases()) {
    int64_t words = ceil_div(c.network.channels(), 2);
    Buffer<float> plain(c.layout.floats(words), 0.0f), fast(c.layout.floats(words), 0.0f);
    for (int64_t channel = 0; channel < c.network.in_channels; ++channel)
      c.each([&](int64_t z, int64_t y, int64_t x) {
        uint32_t bits = to_bf16(c.stack[c.layout.at(channel, z, y, x)]), word;
        float& place = plain[c.layout.at(channel / 2, z, y, x)];
        std::memcpy(&word, &place, 4);
        word |= channel % 2 ? bits << 16 : bits;
        std::memcpy(&place, &word, 4);
      });
    std::memcpy(fast.data(), plain.data(), size_t(plain.size()) * 4);
    Buffer<float> alone(plain.size());
    std::memcpy(alone.data(), plain.data(), size_t(plain.size()) * 4);
    msd_forward_bf16(msd_reference(), c.layout, c.network, plain.data(), {}, in_turn());
    msd_forward_bf16(msd_kernels(), c.layout, c.network, fast.data(), {}, in_turn());
    MsdKernels one_by_one = msd_kernels();
    one_by_one.together = 1;
    msd_forward_bf16(one_by_one, c.layout, c.network, alone.data(), {}, in_turn());
    if (GetParam() != CpuIsa::amx)               // whose tiles sum taps apart from each other
      for (int64_t word = 0; word < words; ++word)
        c.each([&](int64_t z, int64_t y, int64_t x) { ASSERT_EQ(std::memcmp(&fast[c.layout.at(word, z, y, x)], &alone[c.layout.at(word, z, y, x)], 4), 0) << to_string(c.layout.size) << " pair " << word << " at " << z << " " << y << " " << x; });
    double worst = 0;
    for (int64_t channel = c.network.in_channels; channel < c.network.channels(); ++channel)
      c.each([&](int64_t z, int64_t y, int64_t x) {
        uint32_t a, b;
        std::memcpy(&a, &plain[c.layout.at(channel / 2, z, y, x)], 4), std::memcpy(&b, &fast[c.layout.at(channel / 2, z, y, x)], 4);
        float one = from_bf16(uint16_t(channel % 2 ? a >> 16 : a)), two = from_bf16(uint16_t(channel % 2 ? b >> 16 : b));
        ASSERT_TRUE(std::isfinite(two));
        worst = std::max(worst, std::abs(double(one) - two) / (std::abs(double(one)) + 1));
      });
    // Sums in another order can round to the neighbour in bf16 (2^-8), and layers carry that on.
    EXPECT_LE(worst, std::ldexp(1.0, -7)) << to_string(c.layout.size);
  }
}

TEST_P(MsdOnIsa, BackwardFollowsTheReference) {
  for (Case& c : cases()) {
    msd_forward(msd_kernels(), c.layout, c.network, c.stack.data(), {}, in_turn());
    Random random(77, "grad", 0, 0);
    Buffer<float> plain(c.stack.size(), NAN);
    for (int64_t channel = 0; channel < c.network.channels(); ++channel) c.each([&](int64_t z, int64_t y, int64_t x) { plain[c.layout.at(channel, z, y, x)] = float(random.normal()); });
    Buffer<float> fast(plain.size());
    std::memcpy(fast.data(), plain.data(), size_t(plain.size()) * 4);
    auto like = [](const std::vector<std::vector<float>>& a) { auto b = a; for (auto& v : b) std::fill(v.begin(), v.end(), NAN); return b; };
    auto places = [](std::vector<std::vector<float>>& a) { std::vector<float*> p; for (auto& v : a) p.push_back(v.data()); return p; };
    auto dw1 = like(c.weights), dw2 = dw1, db1 = like(c.biases), db2 = db1;
    msd_backward(msd_reference(), c.layout, c.network, c.stack.data(), plain.data(), true, places(dw1), places(db1), in_turn());
    ThreadPool pool(2);
    msd_backward(msd_kernels(), c.layout, c.network, c.stack.data(), fast.data(), true, places(dw2), places(db2), [&](int64_t count, const std::function<void(int64_t)>& body) { pool.for_each(count, body); });
    // eps x terms x magnitude: gradients of a voxel are sums of at most 27 (channels) products, times what folds onto a voxel
    double voxels = double(c.layout.size.voxels()), eps = 6e-8;
    for (int64_t channel = 0; channel < c.network.in_channels; ++channel)
      c.each([&](int64_t z, int64_t y, int64_t x) {
        double a = plain[c.layout.at(channel, z, y, x)], b = fast[c.layout.at(channel, z, y, x)];
        ASSERT_NEAR(a, b, eps * 27 * double(c.network.channels()) * 16 * (1 + std::abs(a))) << to_string(c.layout.size) << " at " << z << " " << y << " " << x;
      });
    for (size_t i = 0; i < dw1.size(); ++i) {
      for (size_t k = 0; k < dw1[i].size(); ++k) ASSERT_NEAR(dw1[i][k], dw2[i][k], eps * voxels * 64 + 1e-5 * std::abs(dw1[i][k])) << "layer " << i << " weight " << k;
      for (size_t k = 0; k < db1[i].size(); ++k) ASSERT_NEAR(db1[i][k], db2[i][k], eps * voxels * 64 + 1e-5 * std::abs(db1[i][k])) << "layer " << i;
    }
  }
}

TEST_P(MsdOnIsa, ThreadsDoNotChangeGradients) {
  Case c({9, 17, 33}, 1, 1, {1, 5, 3}, true, false, 12);
  msd_forward(msd_kernels(), c.layout, c.network, c.stack.data(), {}, in_turn());
  std::vector<std::vector<float>> results;
  for (int threads : {1, 3}) {
    ThreadPool pool(threads);
    Buffer<float> grad(c.stack.size(), 1.0f);
    auto dw = c.weights, db = c.biases;
    msd_backward(msd_kernels(), c.layout, c.network, c.stack.data(), grad.data(), true, {dw[0].data(), dw[1].data(), dw[2].data()}, {db[0].data(), db[1].data(), db[2].data()},
                 [&](int64_t count, const std::function<void(int64_t)>& body) { pool.for_each(count, body); });
    std::vector<float> flat;
    for (auto* list : {&dw, &db})
      for (auto& v : *list) flat.insert(flat.end(), v.begin(), v.end());
    c.each([&](int64_t z, int64_t y, int64_t x) { flat.push_back(grad[c.layout.at(0, z, y, x)]); });
    results.push_back(flat);
  }
  EXPECT_EQ(results[0], results[1]);
}

// <A x, y> = <x, A' y> in double for one layer with the ReLU open everywhere: the reference's adjoint is exact.
TEST(MsdReference, BackwardIsTheAdjointOfForward) {
  for (bool reflect : {true, false})
    for (int64_t dilation : {1, 2, 5, 9}) {
      Case c({4, 6, 7}, 2, 1, {dilation}, reflect, false, uint64_t(dilation));
      for (float& b : c.biases[0]) b = 1000;     // keeps every voxel above 0; its part is taken out again below
      msd_forward(msd_reference(), c.layout, c.network, c.stack.data(), {}, in_turn());
      Random random(5, "adjoint", 0, 0);
      Buffer<float> grad(c.stack.size(), 0.0f);
      double forwards = 0, backwards = 0, weights = 0;
      c.each([&](int64_t z, int64_t y, int64_t x) {
        int64_t at = c.layout.at(2, z, y, x);
        grad[at] = float(random.normal());
        forwards += (double(c.stack[at]) - 1000) * grad[at];
      });
      std::vector<float> dw(c.weights[0].size()), db(1);
      msd_backward(msd_reference(), c.layout, c.network, c.stack.data(), grad.data(), true, {dw.data()}, {db.data()}, in_turn());
      for (int64_t channel = 0; channel < 2; ++channel)
        c.each([&](int64_t z, int64_t y, int64_t x) { backwards += double(c.stack[c.layout.at(channel, z, y, x)]) * grad[c.layout.at(channel, z, y, x)]; });
      for (size_t i = 0; i < dw.size(); ++i) weights += double(dw[i]) * c.weights[0][i];
      double bound = 168 * 6.1e-5 * 3 + 54 * 168 * 6e-8 * 9;   // f32 sums near 1000 are off by 2^-14 each, 168 voxels; and gradients kept in f32
      EXPECT_NEAR(forwards, backwards, bound) << "dilation " << dilation;
      EXPECT_NEAR(forwards, weights, bound) << "dilation " << dilation;
    }
}

TEST_P(MsdOnIsa, HeadFollowsItsReference) {
  for (Case& c : cases()) {
    msd_forward(msd_kernels(), c.layout, c.network, c.stack.data(), {}, in_turn());
    Random random(3, "head", 0, 0);
    constexpr int64_t classes = 3;
    int64_t channels = c.network.channels(), values = classes * c.layout.size.voxels();
    std::vector<float> weight(size_t(classes * channels)), bias(classes, 0.0f), one(size_t(values), 0.0f), two(one), g(one);
    for (auto* list : {&weight, &bias, &g})
      for (float& v : *list) v = float(random.normal());
    MsdHead head{channels, classes, weight.data(), bias.data()};
    Buffer<float> grad1(c.stack.size(), NAN), grad2(c.stack.size(), NAN);
    for (int64_t z = 0; z < c.layout.size.z; ++z) {
      std::vector<float> dw1(weight.size()), dw2(dw1), db1(classes), db2(classes);
      msd_head_reference().forward(c.layout, head, c.stack.data(), z, one.data());
      msd_head_kernels().forward(c.layout, head, c.stack.data(), z, two.data());
      msd_head_reference().backward(c.layout, head, c.stack.data(), g.data(), z, grad1.data(), dw1.data(), db1.data());
      msd_head_kernels().backward(c.layout, head, c.stack.data(), g.data(), z, grad2.data(), dw2.data(), db2.data());
      double bound = 6e-8 * double(c.layout.size.y * c.layout.size.x + 16) * 64;   // eps x terms x magnitude
      for (size_t i = 0; i < dw1.size(); ++i) ASSERT_NEAR(dw1[i], dw2[i], bound);
      for (size_t i = 0; i < db1.size(); ++i) ASSERT_NEAR(db1[i], db2[i], bound);
    }
    for (size_t i = 0; i < one.size(); ++i) ASSERT_NEAR(one[i], two[i], 6e-8 * double(channels) * 64);
    for (int64_t channel = 0; channel < channels; ++channel)
      c.each([&](int64_t z, int64_t y, int64_t x) { ASSERT_NEAR(grad1[c.layout.at(channel, z, y, x)], grad2[c.layout.at(channel, z, y, x)], 6e-8 * classes * 64); });
  }
}

TEST_P(MsdOnIsa, HeadReadsPairsAsItReadsFloats) {
  Case c({2, 3, 21}, 3, 1, {1}, true, false, 8);   // four channels that bf16 holds exactly
  Buffer<float> pairs(c.layout.floats(2), 0.0f);
  for (int64_t channel = 0; channel < 4; ++channel)
    c.each([&](int64_t z, int64_t y, int64_t x) {
      float& value = c.stack[c.layout.at(channel, z, y, x)];
      value = float(channel * 7 + z - y + x % 5);
      uint32_t word;
      std::memcpy(&word, &pairs[c.layout.at(channel / 2, z, y, x)], 4);
      word |= uint32_t(to_bf16(value)) << (channel % 2 ? 16 : 0);
      std::memcpy(&pairs[c.layout.at(channel / 2, z, y, x)], &word, 4);
    });
  for (int64_t channels : {3, 4}) {
    std::vector<float> weight{0.5f, -1, 2, 0.25f, 1, 1, -2, 4}, bias{1, 2}, one(size_t(2 * c.layout.size.voxels())), two(one);
    MsdHead head{channels, 2, weight.data(), bias.data()};
    for (int64_t z = 0; z < 2; ++z) msd_head_kernels().forward(c.layout, head, c.stack.data(), z, one.data()), msd_head_kernels().forward_bf16(c.layout, head, pairs.data(), z, two.data());
    EXPECT_EQ(one, two);                         // small integers times powers of two: exact in any order
  }
}

TEST(MsdWeights, AreRoundedToANeighbourAndTheSumsOfKernelsKeepTheirValue) {
  Random random(11, "rounding");
  double lost_squares = 0, nearest_lost_squares = 0, squares = 0, nearest_squares = 0;
  for (int kernel = 0; kernel < 200; ++kernel) {
    std::vector<float> weight(27);
    for (float& w : weight) w = float(random.normal());
    weight[3] = 0.5f;                            // needs no rounding
    std::vector<uint16_t> rounded = msd_rounded_weights(weight.data(), 1, 27);
    EXPECT_EQ(rounded[3], to_bf16(0.5f));
    double lost = 0, nearest_lost = 0;
    for (size_t t = 0; t < 27; ++t) {
      double w = weight[t], off = w - from_bf16(rounded[t]), nearest = w - from_bf16(to_bf16(weight[t]));
      ASSERT_LT(std::abs(off), std::ldexp(1.0, std::ilogb(w) - 7));
      lost += off, nearest_lost += nearest, squares += off * off, nearest_squares += nearest * nearest;
    }
    EXPECT_LE(std::abs(lost), std::abs(nearest_lost));
    lost_squares += lost * lost, nearest_lost_squares += nearest_lost * nearest_lost;
  }
  EXPECT_LT(lost_squares, 0.01 * nearest_lost_squares);
  EXPECT_LT(squares, 1.2 * nearest_squares);
}

TEST(MsdLayout, ReflectionRepeatsNoEdge) {
  std::vector<int64_t> seen;
  for (int64_t i = -5; i < 9; ++i) seen.push_back(reflected(i, 4));
  EXPECT_EQ(seen, (std::vector<int64_t>{1, 2, 3, 2, 1, 0, 1, 2, 3, 2, 1, 0, 1, 2}));
  EXPECT_EQ(reflected(-7, 1), 0);
}

}  // namespace
}  // namespace tomograd
