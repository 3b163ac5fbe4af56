#include "kernels/upsample_linear.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <vector>

#include "base/random.h"
#include "kernels/isa_test.h"

namespace tomograd {
namespace {

class UpsampleOnIsa : public IsaTest {};

float number(float v) { return v; }
float number(uint16_t v) { return std::bit_cast<float>(uint32_t{v} << 16); }
void set(float v, float& into) { into = v; }
void set(float v, uint16_t& into) { into = uint16_t(std::bit_cast<uint32_t>(v) >> 16); }

template <class T>
std::vector<T> draws(int64_t count, uint64_t seed) {
  Random random(seed, "upsample");
  std::vector<T> list(static_cast<size_t>(count));
  for (T& t : list) set(float(random.uniform(-1, 1)), t);
  return list;
}

// A whole image, scratch of the documented size, guard values around what is written between the voxels.
template <class T>
std::vector<T> up(const UpsampleKernels<T>& kernels, const UpsampleShape& s, const std::vector<T>& x) {
  std::vector<T> y(size_t(s.to.voxels() * s.pitch));
  for (T& t : y) set(7, t);
  std::vector<float> row(size_t(s.from.x * s.channels));
  for (int64_t z = 0; z < s.to.z; ++z) kernels.forward(s, x.data(), z, row.data(), y.data() + z * s.to.y * s.to.x * s.pitch);
  return y;
}

template <class T>
std::vector<T> down(const UpsampleKernels<T>& kernels, const UpsampleShape& s, const std::vector<T>& g) {
  std::vector<T> dx(size_t(s.from.voxels() * s.channels));
  std::vector<float> row(size_t(s.to.x * s.channels));
  for (int64_t z = 0; z < s.from.z; ++z) kernels.backward(s, g.data(), z, row.data(), dx.data() + z * s.from.y * s.from.x * s.channels);
  return dx;
}

std::vector<UpsampleShape> awkward() {
  return {{{3, 4, 5}, {6, 8, 10}, 16, 16, false}, {{3, 4, 5}, {5, 7, 9}, 20, 27, false}, {{1, 1, 1}, {1, 2, 1}, 5, 5, false}, {{2, 3, 7}, {2, 6, 13}, 33, 40, true}, {{4, 2, 3}, {8, 4, 6}, 3, 3, false}};
}

template <class T>
void same_as_reference(double epsilon) {
  for (const UpsampleShape& s : awkward()) {
    auto x = draws<T>(s.from.voxels() * s.channels, 1), g = draws<T>(s.to.voxels() * s.pitch, 2);
    auto fast = up(upsample_kernels<T>(), s, x), plain = up(upsample_reference<T>(), s, x);
    for (size_t i = 0; i < fast.size(); ++i) ASSERT_NEAR(number(fast[i]), number(plain[i]), epsilon) << to_string(s.to) << " at " << i;
    auto fast_dx = down(upsample_kernels<T>(), s, g), plain_dx = down(upsample_reference<T>(), s, g);
    for (size_t i = 0; i < fast_dx.size(); ++i) ASSERT_NEAR(number(fast_dx[i]), number(plain_dx[i]), 8 * epsilon) << to_string(s.to) << " at " << i;  // sums of up to 8 in magnitude
  }
}

TEST_P(UpsampleOnIsa, FloatsAsTheReference) { same_as_reference<float>(12 * 6e-8); }          // twelve roundings of values below 1
TEST_P(UpsampleOnIsa, BfloatsAsTheReference) { same_as_reference<uint16_t>(1.0 / 256 + 1e-6); }  // one rounding that may fall to the other side

// <up x, g> = <x, down g>, summed in float64.
TEST_P(UpsampleOnIsa, BackwardIsTheTranspose) {
  for (const UpsampleShape& s : awkward()) {
    auto x = draws<float>(s.from.voxels() * s.channels, 3), g = draws<float>(s.to.voxels() * s.pitch, 4);
    auto y = up(upsample_kernels<float>(), s, x), dx = down(upsample_kernels<float>(), s, g);
    double left = 0, right = 0;
    for (int64_t v = 0; v < s.to.voxels(); ++v)
      for (int64_t c = 0; c < s.channels; ++c) left += double(y[size_t(v * s.pitch + c)]) * g[size_t(v * s.pitch + c)];
    for (size_t i = 0; i < x.size(); ++i) right += double(x[i]) * dx[i];
    EXPECT_NEAR(left, right, 1e-6 * double(x.size())) << to_string(s.to);
  }
}

TEST_P(UpsampleOnIsa, EdgesAreRepeatedAndGapsLeftAlone) {
  UpsampleShape s{{1, 1, 2}, {1, 1, 4}, 1, 2, true};
  std::vector<float> x = {1, 2}, y = up(upsample_kernels<float>(), s, x);
  EXPECT_EQ(y, (std::vector<float>{1, 7, 1.25, 7, 1.75, 7, 2, 7}));
}

INSTANTIATE_TEST_SUITE_P(All, UpsampleOnIsa, every_isa(), isa_of);

}  // namespace
}  // namespace tomograd
