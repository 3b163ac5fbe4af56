#include "dataset/fingerprint.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "dataset/configure.h"
#include "dataset/dataset_test_files.h"

namespace tomograd {
namespace {

Dataset cohort(const Scratch& s, int cases) {
  Dataset dataset;
  dataset.modalities = {"A", "B"};
  dataset.labels = {{"x", {1}}, {"y", {2}}};
  for (int k = 0; k < cases; ++k) {
    Extent size{4 + k, 6, 7};
    std::string at = "p" + std::to_string(k) + "/";
    Case item;
    item.id = item.patient = "p" + std::to_string(k);
    item.images["A"] = s.image(at + "a.nii", size, [&](int64_t i) { return float(100 * k + i % 10); });
    if (k != 1) item.images["B"] = s.image(at + "b.nii", size, [](int64_t i) { return i % 3 == 1 ? 5.0f : 2.0f; });
    item.label = s.label(at + "l.nii", size, [](int64_t i) { return int(i % 3); });
    dataset.cases.push_back(item);
  }
  return dataset;
}

TEST(Fingerprint, DescribesTheForegroundOfTheGivenCasesAlone) {
  Scratch s;
  Dataset dataset = cohort(s, 3);
  dataset.cases[2].images["A"] = "/nowhere.nii";  // not given, not read
  Fingerprint print = make_fingerprint(system_env(), dataset, {0, 1}, {}, make_class_map(dataset, {}));
  EXPECT_EQ(print.cases, (std::vector<std::string>{"p0", "p1"}));
  EXPECT_EQ(print.sizes[1], (Extent{5, 6, 7}));
  EXPECT_EQ(print.class_voxels, (std::vector<int64_t>{56 + 70, 56 + 70, 56 + 70}));
  std::vector<double> expected;
  for (int k = 0; k < 2; ++k)
    for (int64_t i = 0; i < (4 + k) * 42; ++i)
      if (i % 3) expected.push_back(100 * k + double(i % 10));
  double sum = 0;
  for (double v : expected) sum += v;
  const ChannelFingerprint& a = print.channels[0];
  EXPECT_EQ(a.voxels, int64_t(expected.size()));
  EXPECT_NEAR(a.mean, sum / double(expected.size()), 1e-9);
  std::sort(expected.begin(), expected.end());
  EXPECT_EQ(a.smallest, expected.front());
  EXPECT_EQ(a.largest, expected.back());
  EXPECT_NEAR(a.median, (expected[expected.size() / 2 - 1] + expected[expected.size() / 2]) / 2, 1e-9);
  double position = 0.995 * double(expected.size() - 1), rest = position - std::floor(position);
  EXPECT_NEAR(a.percentile_99_5, expected[size_t(position)] * (1 - rest) + expected[size_t(position) + 1] * rest, 1e-9);
  EXPECT_EQ(print.channels[1].voxels, 112);  // of the case that has the channel
  EXPECT_DOUBLE_EQ(print.channels[1].mean, 3.5);
  EXPECT_EQ(fingerprint_to_value(print).at("class_voxels").at("x").as_integer(), 126);
}

TEST(Fingerprint, RefusesNothing) {
  Scratch s;
  Dataset dataset = cohort(s, 2);
  EXPECT_NE(error_of([&] { make_fingerprint(system_env(), dataset, {}, {}, make_class_map(dataset, {})); }), "");
  PreprocessSpec spec;
  spec.missing = "skip";
  EXPECT_NE(error_of([&] { make_fingerprint(system_env(), dataset, {1}, spec, make_class_map(dataset, {})); }).find("none of 1 cases"),
            std::string::npos);
}

Fingerprint alike(Extent size, std::array<double, 3> spacing, int cases = 20, int classes = 3) {
  Fingerprint print;
  for (int i = 0; i < cases; ++i) print.cases.push_back(std::to_string(i)), print.sizes.push_back(size), print.spacings.push_back(spacing);
  for (int i = 0; i < classes; ++i) print.classes.push_back(std::to_string(i)), print.class_voxels.push_back(1);
  return print;
}

TEST(Configure, IsotropicBrains) {
  // nnU-Net's published plan of the brain tumour task (1 mm, median 138 x 169 x 138, 8 GB): patch 128^3, five poolings per axis, batch 2.
  Configuration c = configure(alike({138, 169, 138}, {1, 1, 1}, 484, 4), int64_t{8000000000});
  EXPECT_EQ(c.patch, cube(128));
  EXPECT_EQ(c.pooling.strides, std::vector<Extent>(5, cube(2)));
  EXPECT_EQ(c.pooling.kernels, std::vector<Extent>(6, cube(3)));
  EXPECT_EQ(c.channels, (std::vector<int64_t>{32, 64, 128, 256, 320, 320}));
  EXPECT_EQ(c.batch, 2);
}

TEST(Configure, ThickSlices) {
  // 3.6 x 0.625 x 0.625 mm, 20 x 320 x 319: two poolings in the plane until 2.5 mm is within a factor of two of 3.6 mm, two of
  // all axes (20 -> 10 -> 5), then the plane alone down to 5; kernels flat until the spacings meet.
  Configuration c = configure(alike({20, 320, 319}, {3.6, 0.625, 0.625}, 32, 3), int64_t{8000000000});
  Extent plane{1, 2, 2};
  EXPECT_EQ(c.patch, (Extent{20, 320, 256})) << to_string(c.patch);
  EXPECT_EQ(c.pooling.strides, (std::vector<Extent>{plane, plane, cube(2), cube(2), plane, plane}));
  EXPECT_EQ(c.pooling.kernels[0], (Extent{1, 3, 3}));
  EXPECT_EQ(c.pooling.kernels[1], (Extent{1, 3, 3}));
  EXPECT_EQ(c.pooling.kernels[2], (Extent{3, 3, 3}));
}

TEST(Configure, KeepsItsPromisesForAnyCohort) {
  for (Extent size : {Extent{9, 165, 165}, Extent{1, 512, 512}, Extent{600, 20, 20}, Extent{5, 5, 5}, Extent{512, 512, 900}, Extent{57, 63, 61}})
    for (auto spacing : {std::array<double, 3>{1, 1, 1}, {5, 0.5, 0.5}, {0.2, 3, 1}})
      for (int64_t memory : {int64_t{500000000}, int64_t{4000000000}, int64_t{80000000000}}) {
        Configuration c = configure(alike(size, spacing), memory);
        for (int axis = 0; axis < 3; ++axis) {
          EXPECT_GE(c.patch[axis], 1);
          EXPECT_EQ(c.patch[axis] % c.pooling.divisor[axis], 0);
          EXPECT_LT(c.patch[axis], size[axis] + c.pooling.divisor[axis]);
          EXPECT_TRUE(c.pooling.divisor[axis] == 1 || c.patch[axis] / c.pooling.divisor[axis] >= 4) << to_string(c.patch);
        }
        EXPECT_EQ(c.pooling.kernels.size(), c.pooling.strides.size() + 1);
        EXPECT_GE(c.batch, 2);
        if (memory > 2000000000) {
          EXPECT_LE(double(feature_map_voxels(c.patch, c.pooling, c.channels, 3)), 5.6e8 * double(memory) / 8e9) << to_string(size);
        }
      }
  EXPECT_NE(error_of([] { configure({}, 1); }), "");
  EXPECT_NE(error_of([] { configure(alike(cube(9), {1, 1, 1}), 0); }), "");
}

TEST(Configure, TargetSpacingOfThickSlicesIsAFinerOne) {
  Fingerprint print = alike({20, 320, 320}, {6, 0.5, 0.5}, 11);
  for (size_t i = 0; i < 11; ++i) print.spacings[i][0] = 3 + 0.5 * double(i);  // 3 .. 8, median 5.5, tenth percentile 3.5
  EXPECT_NEAR(target_spacing(print)[0], 3.5, 1e-12);
  for (auto& size : print.sizes) size.z = 200;  // slices are many: they carry information of their own, keep the median
  EXPECT_NEAR(target_spacing(print)[0], 5.5, 1e-12);
}

}  // namespace
}  // namespace tomograd
