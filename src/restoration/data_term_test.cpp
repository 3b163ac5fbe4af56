#include "restoration/data_term.h"

#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include <vector>

#include "base/error.h"
#include "base/random.h"
#include "restoration/intensity_scale.h"

namespace tomograd {
namespace {

TEST(DataTerm, LeastSquaresOverTheVoxelsThatAreFitted) {
  std::vector<float> seen{1, 2, 3, 4}, observed{0, 2, 5, 100}, gradient(4, 9.0f);
  std::vector<uint8_t> use{1, 1, 2, 0};
  DataErrors errors = data_errors({}, seen.data(), observed.data(), use.data(), 4, 2, gradient.data());
  EXPECT_EQ(errors.squared, 0.5);
  EXPECT_EQ(errors.held_out, 4);
  EXPECT_EQ(errors.held_out_voxels, 1);
  EXPECT_EQ(gradient, (std::vector<float>{1, 0, 0, 0}));  // 2 (x - m) / 2
  data_errors({}, seen.data(), observed.data(), use.data(), 4, 2, seen.data());
  EXPECT_EQ(seen, gradient);                     // in place
}

TEST(DataTerm, SumsDoNotDependOnThreads) {
  int64_t n = 50001;
  std::vector<float> seen, observed;
  Random random(1, "test");
  for (int64_t i = 0; i < n; ++i) seen.push_back(float(random.uniform())), observed.push_back(float(random.uniform()));
  int before = at::get_num_threads();
  at::set_num_threads(1);
  double one = data_errors({}, seen.data(), observed.data(), nullptr, n, n, nullptr).squared;
  at::set_num_threads(2);
  double two = data_errors({}, seen.data(), observed.data(), nullptr, n, n, nullptr).squared;
  at::set_num_threads(before);
  EXPECT_EQ(one, two);
  EXPECT_NEAR(one, 1.0 / 6, 0.005);
}

TEST(DataTerm, HeldOutVoxelsAreKnownOnes) {
  Buffer<uint8_t> known(20000, uint8_t{1});
  for (int64_t i = 0; i < 5000; ++i) known[i] = 0;
  Buffer<uint8_t> use = voxel_uses(known, known.size(), 0.1, 7);
  int64_t counts[3] = {};
  for (int64_t i = 0; i < use.size(); ++i) {
    ++counts[use[i]];
    ASSERT_EQ(use[i] == 0, known[i] == 0);
  }
  EXPECT_NEAR(double(counts[2]), 1500, 5 * std::sqrt(1500.0));
  EXPECT_EQ(count_fitted(use.data(), use.size()), counts[1]);
  EXPECT_TRUE(voxel_uses({}, 100, 0, 7).empty());
}

TEST(IntensityScale, GoesBackAndIgnoresAHotVoxel) {
  Buffer<float> voxels(10000);
  for (int64_t i = 0; i < voxels.size(); ++i) voxels[i] = -100 + float(i % 1001);
  IntensityScale plain = intensity_scale(voxels, {}, false);
  EXPECT_EQ(plain.low, -100);
  EXPECT_EQ(plain.high, 900);
  for (float value : {-100.0f, 3.25f, 900.0f, 5000.0f}) EXPECT_NEAR(plain.from_unit(plain.to_unit(value)), value, 1e-3);
  voxels[17] = 1e6f;
  IntensityScale hot = intensity_scale(voxels, {}, false);
  EXPECT_EQ(hot.low, -100);
  EXPECT_NEAR(hot.high, 900 + 0.1 * 1000, 3);
}

TEST(IntensityScale, RefusesWhatCannotBeFitted) {
  Buffer<float> voxels(100, 4.0f);
  EXPECT_THROW(intensity_scale(voxels, {}, false), Error);
  voxels[3] = NAN, voxels[4] = -5;
  EXPECT_THROW(intensity_scale(voxels, {}, false), Error);
  Buffer<uint8_t> known(100, uint8_t{1});
  known[3] = 0;                                  // what is filled may be anything
  EXPECT_EQ(intensity_scale(voxels, known, false).low, -5);
  EXPECT_THROW(intensity_scale(voxels, known, true), Error);  // a negative magnitude
  voxels[4] = 5;
  EXPECT_EQ(intensity_scale(voxels, known, true).low, 0);
}

}  // namespace
}  // namespace tomograd
