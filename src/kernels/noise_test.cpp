#include "kernels/noise.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numbers>
#include <vector>

#include "base/error.h"
#include "base/random.h"
#include "kernels/isa_test.h"

namespace tomograd {
namespace {

const NoiseStream stream{0x123456789ABCDEFull, 0xFEDCBA987654321ull};

std::vector<float> draw(NoiseStream s, int64_t first, int64_t count) {
  std::vector<float> values(static_cast<size_t>(count));
  normal_noise(s, first, count, values.data());
  return values;
}

class NoiseOnIsa : public IsaTest {};

TEST_P(NoiseOnIsa, SameBitsAsTheReference) {
  for (int64_t first : {int64_t{0}, int64_t{64}, int64_t{64} * ((int64_t{1} << 32) / 16 - 1)})  // the last crosses the low counter word
    for (int64_t count : {1, 15, 16, 63, 64, 65, 1000}) {
      std::vector<float> expected(static_cast<size_t>(count)), got = draw(stream, first, count);
      normal_noise_reference(stream, first, count, expected.data());
      EXPECT_EQ(std::memcmp(got.data(), expected.data(), size_t(count) * sizeof(float)), 0) << first << " " << count;
    }
}

INSTANTIATE_TEST_SUITE_P(All, NoiseOnIsa, every_isa(), isa_of);

TEST(Noise, DependsOnThePositionAlone) {
  auto whole = draw(stream, 0, 1024), part = draw(stream, 640, 100);
  EXPECT_TRUE(std::equal(part.begin(), part.end(), whole.begin() + 640));
  EXPECT_NE(draw({stream.key + 1, stream.stream}, 0, 64), draw(stream, 0, 64));
  EXPECT_NE(draw({stream.key, stream.stream + 1}, 0, 64), draw(stream, 0, 64));
  EXPECT_THROW(draw(stream, 63, 5), Error);
}

TEST(Noise, TheFunctionsAreAsExactAsTheySay) {
  const double ulp = 0x1p-23;
  for (int i = 0; i <= 20000; ++i) {
    float u = float(std::ldexp(0.5 + double(i) / 20000, i % 32 - 31));
    double exact = std::log2(double(u));
    EXPECT_NEAR(kernel_log2(u), exact, 4e-8 + ulp * std::abs(exact)) << u;
    float y = float(-120 + 240.0 * i / 20000);
    EXPECT_NEAR(kernel_exp2(y) / std::exp2(double(y)), 1, 2e-9 + ulp) << y;
  }
  EXPECT_EQ(kernel_log2(1), 0);
  EXPECT_EQ(kernel_exp2(0), 1);
  EXPECT_EQ(kernel_exp2(3), 8);
}

TEST(Noise, IsBoxMuller) {
  Random random(7, "test");
  for (int i = 0; i < 20000; ++i) {
    std::array<uint32_t, 4> words{random.bits(), random.bits(), i % 5 ? random.bits() : 0u, random.bits()};
    auto normals = normals_of(words);
    for (size_t pair = 0; pair < 2; ++pair) {
      uint32_t r = words[2 * pair], a = words[2 * pair + 1];
      double u = double(float(double(r >> 1) * 0x1p-31 + 0x1p-32)), radius = std::sqrt(-2 * std::log(u));
      double t = (double(a & 0x1FFFFFFF) + 0.5) * 0x1p-29 * std::numbers::pi / 4;
      double c = std::cos(t), s = std::sin(t);
      if (a >> 29 & 1) std::swap(c, s);
      // Radius below 6.7: rounding of t (half an ulp of 1), of the polynomials (1e-7) and of the root (1e-7, relative).
      EXPECT_NEAR(normals[2 * pair], radius * (a >> 31 ? -c : c), 6.7 * 4e-7);
      EXPECT_NEAR(normals[2 * pair + 1], radius * (a >> 30 & 1 ? -s : s), 6.7 * 4e-7);
    }
  }
}

TEST(Noise, MomentsAreNormal) {
  constexpr int64_t n = int64_t{1} << 22;
  auto values = draw({1, 2}, 0, n);
  double m[5] = {};
  for (float v : values)
    for (int k = 1; k <= 4; ++k) m[k] += std::pow(double(v), k) / double(n);
  const double variance[5] = {0, 1, 2, 15, 96};  // of x, x^2, x^3, x^4
  const double expected[5] = {0, 0, 1, 0, 3};
  for (int k = 1; k <= 4; ++k) EXPECT_NEAR(m[k], expected[k], 4 * std::sqrt(variance[k] / double(n))) << k;
  for (int64_t lag : {1, 16, 48, 64, 4096}) {
    double sum = 0;
    for (int64_t i = 0; i + lag < n; ++i) sum += double(values[size_t(i)]) * double(values[size_t(i + lag)]);
    EXPECT_LT(std::abs(sum / double(n - lag)), 4 / std::sqrt(double(n))) << lag;
  }
}

TEST(Noise, KolmogorovSmirnov) {
  constexpr int64_t n = int64_t{1} << 20;
  for (uint64_t key : {3, 4, 5}) {
    auto values = draw({key, 9}, 64 * 1000, n);
    std::sort(values.begin(), values.end());
    double distance = 0;
    for (int64_t i = 0; i < n; ++i) {
      double normal = 0.5 * std::erfc(-double(values[size_t(i)]) / std::numbers::sqrt2);
      distance = std::max({distance, normal - double(i) / double(n), double(i + 1) / double(n) - normal});
    }
    EXPECT_LT(distance * std::sqrt(double(n)), 1.95);  // passed by a true normal in 99.9 % of all draws
    EXPECT_GT(values.back(), 4.5);                     // a million draws reach beyond 4.5: the tails are there
    EXPECT_LT(values.front(), -4.5);
  }
}

}  // namespace
}  // namespace tomograd
