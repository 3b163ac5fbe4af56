#include "dataset/stored_intensities.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "base/random.h"
#include "dataset/stored_test_files.h"

namespace tomograd {
namespace {

PreprocessSpec kind(const std::string& normalize, std::vector<double> clip = {}) {
  PreprocessSpec spec;
  spec.normalize = normalize, spec.clip_percentiles = std::move(clip);
  return spec;
}

double noise(int64_t z, int64_t y, int64_t x) { return Random(5, "voxels", uint64_t(z), uint64_t(y * 1000 + x)).normal(); }

struct Sample { std::string name; VoxelType type; VoxelFunction voxel; };

std::vector<Sample> samples() {
  auto inside = [](int64_t z, int64_t y, int64_t x) { return z > 1 && z < 10 && y > 2 && x > 3 && x < 35; };
  return {
      {"bytes, no common corner", VoxelType::u8, [](int64_t, int64_t z, int64_t y, int64_t x) { return double((z * 7 + y * 5 + x * 3) % 251); }},
      {"u16 in a background of 100", VoxelType::u16, [=](int64_t, int64_t z, int64_t y, int64_t x) { return inside(z, y, x) ? 30000 + 2000 * noise(z, y, x) : 100; }},
      {"float with negative and non-finite voxels", VoxelType::f32, [=](int64_t, int64_t z, int64_t y, int64_t x) {
         return x == 12 && y == 9 ? std::numeric_limits<double>::quiet_NaN() : x == 13 && z == 4 ? -std::numeric_limits<double>::infinity() : inside(z, y, x) ? 3 * noise(z, y, x) : -0.25; }},
      {"constant", VoxelType::u16, [](int64_t, int64_t, int64_t, int64_t) { return 9.0; }},
      {"corners that are not finite", VoxelType::f32, [](int64_t, int64_t z, int64_t y, int64_t x) {
         return (z == 0 || z == 10) && (y == 0 || y == 22) && (x == 0 || x == 36) ? std::numeric_limits<double>::quiet_NaN() : 100 + noise(z, y, x); }},
  };
}

float next_to(float v, int64_t steps) {
  for (; steps > 0; --steps) v = std::nextafterf(v, INFINITY);
  for (; steps < 0; ++steps) v = std::nextafterf(v, -INFINITY);
  return v;
}

TEST(StoredIntensities, AreThoseOfTheVolumeInMemory) {
  Scratch s;
  ThreadPool pool(2);
  for (const Sample& sample : samples()) {
    TestStore store;
    store.type = sample.type, store.voxel = sample.voxel, store.label = nullptr;
    std::string path = s.path("s.zarr"), nifti = s.path("n");
    store.write(path), store.write_nifti_files(nifti);
    for (const auto& spec : {kind("zscore"), kind("minmax"), kind("none"), kind("auto"), kind("zscore", {2, 97.5}), kind("none", {0, 60}), kind("minmax", {33.3, 100})}) {
      Buffer<float> voxels = read_nifti(system_env(), nifti + "-0.nii").voxels, mapped = read_nifti(system_env(), nifti + "-0.nii").voxels;
      Background background = find_background(voxels, store.size);
      float outside = normalize_channel(voxels, {}, background, spec);
      for (int64_t most : {most_streamed_bytes, int64_t{23 * 37 * 4 * 3}, int64_t{1}}) {  // a row of blocks at a time; in parts; single planes
        int64_t not_finite = 0;
        IntensityMap map = stored_intensity_map(system_env(), path, 0, spec, pool, &not_finite, most);
        EXPECT_EQ(not_finite, background.not_finite) << sample.name;
        Buffer<float> now(mapped.size());
        std::copy(mapped.begin(), mapped.end(), now.begin());
        map.apply(now.data(), now.size());
        if (spec.clip_percentiles.empty() || spec.normalize != "zscore") {
          EXPECT_EQ(map.outside, outside) << sample.name;
          EXPECT_EQ(std::memcmp(now.data(), voxels.data(), size_t(now.size()) * 4), 0) << sample.name << " " << spec.normalize;
        } else {                                 // sums of 9361 terms in another order: off by 9361 * 2^-53, far less than the step of a float
          for (int64_t i = 0; i < now.size(); ++i) ASSERT_TRUE(now[i] >= next_to(voxels[i], -1) && now[i] <= next_to(voxels[i], 1)) << sample.name << " " << i;
        }
      }
    }
    system_env().remove_tree(path);
  }
}

TEST(StoredIntensities, OfAllVoxels) {
  Scratch s;
  ThreadPool pool(1);
  TestStore store;
  store.channels = 2, store.type = VoxelType::f32;
  store.voxel = [](int64_t c, int64_t z, int64_t y, int64_t x) { return x == 5 && c == 1 ? std::numeric_limits<double>::quiet_NaN() : c * 10 + noise(z, y, x); };
  store.write(s.path("s.zarr")), store.write_nifti_files(s.path("n"));
  int64_t not_finite = 0;
  Intensities found = measure_store(system_env(), s.path("s.zarr"), 1, pool, &not_finite);
  EXPECT_EQ(not_finite, 11 * 23);
  Volume volume = read_nifti(system_env(), s.path("n-1.nii"));
  float* end = std::remove_if(volume.voxels.begin(), volume.voxels.end(), [](float v) { return std::isnan(v); });
  Intensities expected = measure(volume.voxels.data(), end - volume.voxels.begin());
  EXPECT_EQ(found.voxels, expected.voxels);
  EXPECT_EQ(found.mean, expected.mean);
  EXPECT_EQ(found.deviation, expected.deviation);
  EXPECT_EQ(found.smallest, expected.smallest);
  EXPECT_EQ(found.largest, expected.largest);
}

TEST(StoredIntensities, RefuseWhatCannotBe) {
  Scratch s;
  ThreadPool pool(1);
  TestStore store;
  store.type = VoxelType::f32, store.voxel = [](int64_t, int64_t, int64_t, int64_t) { return std::nan(""); };
  store.write(s.path("s.zarr"));
  int64_t ignored = 0;
  auto asking = [&](const PreprocessSpec& spec, int64_t channel) { return error_of([&] { stored_intensity_map(system_env(), s.path("s.zarr"), channel, spec, pool, &ignored); }); };
  EXPECT_NE(asking(kind("zscore"), 0).find("none of its 9361 voxels is a finite number"), std::string::npos);
  EXPECT_NE(asking(kind("zscore_roi"), 0).find("has no ROI"), std::string::npos);
  EXPECT_NE(asking(kind("none", {5, 5}), 0).find("a low and a higher one"), std::string::npos);
  EXPECT_NE(asking(kind("none"), 1).find("channel 1 of"), std::string::npos);
}

}  // namespace
}  // namespace tomograd
