#include "base/random.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>
#include <vector>

namespace tomograd {

TEST(Random, PhiloxKnownAnswers) {  // kat_vectors of the Random123 distribution, philox 4x32-10
  using Block = std::array<uint32_t, 4>;
  EXPECT_EQ(philox({0, 0, 0, 0}, {0, 0}), (Block{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(philox({~0u, ~0u, ~0u, ~0u}, {~0u, ~0u}), (Block{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}), (Block{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(Random, EveryArgumentOfAStreamMatters) {
  std::set<uint64_t> firsts;
  for (uint64_t seed : {1, 2})
    for (const char* purpose : {"sampling", "noise"})
      for (uint64_t epoch : {0, 1})
        for (uint64_t index : {uint64_t{0}, uint64_t{1}, uint64_t{1} << 40}) firsts.insert(Random(seed, purpose, epoch, index).bits64());
  EXPECT_EQ(firsts.size(), 24u);
  EXPECT_EQ(Random(1, "a", 2, 3).bits64(), Random(1, "a", 2, 3).bits64());
}

TEST(Random, UniformAndNormalHaveTheirMoments) {
  Random random(5, "moments");
  const int n = 200000;
  double u = 0, s1 = 0, s2 = 0, s4 = 0;
  for (int i = 0; i < n; ++i) {
    u += random.uniform();
    double z = random.normal();
    s1 += z, s2 += z * z, s4 += z * z * z * z;
  }
  // five standard errors of each mean
  EXPECT_NEAR(u / n, 0.5, 5 * std::sqrt(1.0 / 12 / n));
  EXPECT_NEAR(s1 / n, 0, 5 * std::sqrt(1.0 / n));
  EXPECT_NEAR(s2 / n, 1, 5 * std::sqrt(2.0 / n));
  EXPECT_NEAR(s4 / n, 3, 5 * std::sqrt(96.0 / n));
}

TEST(Random, BelowCoversItsRangeEvenly) {
  Random random(1, "below");
  std::vector<int> count(7);
  for (int i = 0; i < 70000; ++i) ++count[size_t(random.below(7))];
  for (int c : count) EXPECT_NEAR(c, 10000, 5 * std::sqrt(10000.0 * 6 / 7));
  EXPECT_EQ(random.below(1), 0);
}

}  // namespace tomograd
