#include "restoration/slice_profile.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/random.h"

namespace tomograd {
namespace {

std::vector<float> random_values(int64_t n, uint64_t seed) {
  std::vector<float> values;
  Random random(seed, "test");
  for (int64_t i = 0; i < n; ++i) values.push_back(float(random.uniform(-1, 1)));
  return values;
}

TEST(SliceProfile, BoxIsTheMeanOfItsSlices) {
  Extent thin{6, 2, 3};
  auto x = random_values(thin.voxels(), 1);
  std::vector<float> y(12);
  apply(slice_profile("box", 3, 0), thin, x.data(), y.data());
  for (int64_t j = 0; j < 2; ++j)
    for (int64_t i = 0; i < 6; ++i) EXPECT_FLOAT_EQ(y[size_t(j * 6 + i)], (x[size_t(18 * j + i)] + x[size_t(18 * j + 6 + i)] + x[size_t(18 * j + 12 + i)]) / 3);
}

// Of factor 2 the taps lie at half-integer distances d from the middle: a sin(pi t) sin(pi t/a) / (pi t)^2 at t = d/2.
TEST(SliceProfile, LanczosTapsAreSymmetricAndSumToOne) {
  for (int64_t factor : {2, 3, 4}) {
    SliceProfile profile = slice_profile("lanczos", factor, 0);
    size_t n = profile.weights.size();
    EXPECT_EQ(int64_t(n), factor % 2 ? 4 * factor - 1 : 4 * factor);
    double sum = 0;
    for (size_t k = 0; k < n; ++k) {
      sum += profile.weights[k];
      EXPECT_FLOAT_EQ(profile.weights[k], profile.weights[n - 1 - k]);
    }
    EXPECT_NEAR(sum, 1, 1e-6);
    EXPECT_DOUBLE_EQ(double(profile.first) + double(n - 1) / 2, double(factor - 1) / 2);  // centred on the thick slice
  }
  SliceProfile two = slice_profile("lanczos", 2, 0);
  EXPECT_EQ(two.first, -3);
  auto tap = [](double t) { return 2 * std::sin(M_PI * t) * std::sin(M_PI * t / 2) / (M_PI * M_PI * t * t); };
  EXPECT_NEAR(two.weights[3] / two.weights[2], tap(0.25) / tap(0.75), 1e-5);
  EXPECT_NEAR(two.weights[0] / two.weights[3], tap(1.75) / tap(0.25), 1e-5);
}

TEST(SliceProfile, TransposedIsTransposedAlongEachAxis) {
  Extent thin{8, 4, 12};
  for (const char* name : {"box", "lanczos"})
    for (int axis = 0; axis < 3; ++axis) {
      SliceProfile profile = slice_profile(name, axis == 2 ? 3 : 4, axis);
      int64_t seen = profile.seen(thin).voxels();
      auto x = random_values(thin.voxels(), 2), y = random_values(seen, 3);
      std::vector<float> ax(static_cast<size_t>(seen)), aty(static_cast<size_t>(thin.voxels()), 7.0f);
      apply(profile, thin, x.data(), ax.data());
      apply_transposed(profile, thin, y.data(), aty.data());
      double left = 0, right = 0;
      for (size_t i = 0; i < y.size(); ++i) left += double(ax[i]) * y[i];
      for (size_t i = 0; i < x.size(); ++i) right += double(x[i]) * aty[i];
      EXPECT_NEAR(left, right, 1e-4) << name << " axis " << axis;
    }
}

// What is projected is seen as y, and is the nearest such volume: what was added stands at right angles on all that the scanner cannot see.
TEST(SliceProfile, ProjectionIsSeenAsObservedAndAddsNothingUnseen) {
  Extent thin{8, 4, 12};
  for (const char* name : {"box", "lanczos"})
    for (int axis = 0; axis < 3; ++axis) {
      SliceProfile profile = slice_profile(name, 2, axis);
      int64_t n = profile.seen(thin).voxels();
      auto x = random_values(thin.voxels(), 4), y = random_values(n, 5), other = random_values(thin.voxels(), 6);
      std::vector<float> projected(x.begin(), x.end()), seen(static_cast<size_t>(n));
      project(profile, thin, y.data(), projected.data());
      apply(profile, thin, projected.data(), seen.data());
      for (size_t i = 0; i < seen.size(); ++i) ASSERT_NEAR(seen[i], y[i], 1e-4) << name << " axis " << axis;
      std::vector<float> unseen(other.begin(), other.end()), zero(static_cast<size_t>(n), 0.0f);
      project(profile, thin, zero.data(), unseen.data());  // the part of `other` that the scanner cannot see
      double along = 0, added = 0, hidden = 0;
      for (size_t i = 0; i < x.size(); ++i) {
        double d = double(projected[i]) - double(x[i]);
        along += d * double(unseen[i]), added += d * d, hidden += double(unseen[i]) * double(unseen[i]);
      }
      ASSERT_GT(added, 0.1);
      ASSERT_GT(hidden, 0.1);
      EXPECT_LT(std::abs(along), 1e-4 * std::sqrt(added * hidden)) << name << " axis " << axis;
    }
}

// The middle of thick slice j, and of the thin slices under it, is the same point; the outer faces of the volume are the same too.
TEST(SliceProfile, ThinGridHasTheSameCentresAndFaces) {
  Geometry thick;
  thick.size = {5, 7, 6};
  thick.affine = {{{0.9, 0.1, -0.3, 12}, {-0.1, 0.8, 0.6, -30}, {0.2, -0.3, 3.9, 41}}};
  for (int axis = 0; axis < 3; ++axis)
    for (int64_t factor : {2, 3, 4}) {
      Geometry thin = thin_grid(thick, factor, axis);
      EXPECT_EQ(thin.size[axis], thick.size[axis] * factor);
      EXPECT_NEAR(thin.spacing()[size_t(axis)], thick.spacing()[size_t(axis)] / double(factor), 1e-12);
      for (double place : {-0.5, 0.0, 3.0, double(thick.size[axis]) - 0.5}) {
        std::array<double, 3> a{1, 2, 3}, b = a;
        a[size_t(axis)] = place;
        b[size_t(axis)] = double(factor) * place + double(factor - 1) / 2;
        auto at = thick.world(a[0], a[1], a[2]), there = thin.world(b[0], b[1], b[2]);
        for (size_t i = 0; i < 3; ++i) EXPECT_NEAR(at[i], there[i], 1e-9);
      }
    }
  EXPECT_EQ(thickest_axis(thick), 0);
}

}  // namespace
}  // namespace tomograd
