#include "sampling/weight_map.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <cmath>
#include <map>

#include "base/error.h"
#include "sampling/sampler.h"
#include "sampling/sampling_test_cohort.h"
#include "volume/nifti.h"

namespace tomograd {
namespace {

class WeightMaps : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/tomograd-weights-XXXXXX";
    folder_ = mkdtemp(name);
  }
  void TearDown() override { system_env().remove_tree(folder_); }

  void write(const std::string& id, Extent size, const std::map<int64_t, float>& weights) {
    Geometry geometry;
    geometry.size = size;
    Volume volume{geometry, Buffer<float>(size.voxels(), 0.0f)};
    for (auto [at, weight] : weights) volume.voxels[at] = weight;
    write_nifti(system_env(), folder_ + "/" + id + ".nii.gz", volume);
  }
  std::string complaint(const PreparedCase& item) {
    try {
      WeightMap::read(system_env(), folder_, item);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::input);
      return error.what();
    }
    return "";
  }
  TestCohort cohort = TestCohort::mixed();
  std::string folder_;
};

TEST_F(WeightMaps, VoxelsAreDrawnInProportionToTheirWeight) {
  const PreparedCase& item = cohort.cases[0];
  Extent size = item.geometry.size;
  int64_t last = size.voxels() - 1, middle = (15 * size.y + 20) * size.x + 18;
  write("both", size, {{0, 1.0f}, {middle, 6.0f}, {middle + 1, 2.0f}, {last, 1.0f}});
  auto map = WeightMap::read(system_env(), folder_, item);
  ASSERT_TRUE(map);
  std::map<int64_t, int> drawn;
  Random random(3, "test");
  constexpr int draws = 20000;
  for (int i = 0; i < draws; ++i) {
    Extent v = map->draw(item, random);
    ++drawn[(v.z * size.y + v.y) * size.x + v.x];
  }
  ASSERT_EQ(drawn.size(), 4u) << "a voxel of weight 0 was drawn";
  for (auto [at, share] : std::map<int64_t, double>{{0, 0.1}, {middle, 0.6}, {middle + 1, 0.2}, {last, 0.1}})
    EXPECT_NEAR(drawn[at], draws * share, 4 * std::sqrt(draws * share * (1 - share))) << at;
}

TEST_F(WeightMaps, ASamplerDrawsFromThemAloneAndTellsWhoHasNone) {
  write("both", cohort.cases[0].geometry.size, {{12345, 1.0f}});
  write("one", cohort.cases[1].geometry.size, {{777, 0.5f}, {778, 0.5f}});
  SamplingSpec spec;
  spec.patch = {8, 8, 8}, spec.epoch_patches = 30, spec.locations = folder_;
  Sampler sampler(cohort.cases, cohort.indices, spec, 1, system_env());
  ASSERT_EQ(sampler.warnings().size(), 1u);
  EXPECT_NE(sampler.warnings()[0].find("case none has no weight map"), std::string::npos) << sampler.warnings()[0];
  auto places = sampler.epoch(4);
  EXPECT_EQ(places.size(), 30u);
  EXPECT_EQ(places, sampler.epoch(4));
  std::map<int, int> per_case;
  for (const auto& place : places) {
    ++per_case[place.case_index];
    EXPECT_EQ(place.drawn_class, cohort.cases[size_t(place.case_index)].labels[place.case_index == 0 ? 12345 : 777]);
  }
  EXPECT_EQ(per_case[0], 15);
  EXPECT_EQ(per_case[1], 15);
}

TEST_F(WeightMaps, BadOnesAreRefusedByName) {
  Extent size = cohort.cases[0].geometry.size;
  write("both", {4, 5, 6}, {{1, 1.0f}});
  EXPECT_NE(complaint(cohort.cases[0]).find("grid"), std::string::npos);
  write("both", size, {});
  EXPECT_NE(complaint(cohort.cases[0]).find("all its weights are 0"), std::string::npos);
  write("both", size, {{size.x + 2, -1.0f}});
  EXPECT_NE(complaint(cohort.cases[0]).find("y 1, x 2 is -1"), std::string::npos) << complaint(cohort.cases[0]);
  SamplingSpec spec;
  spec.locations = folder_ + "/nothing-here";
  system_env().make_directories(spec.locations);
  EXPECT_THROW(Sampler(cohort.cases, cohort.indices, spec, 1, system_env()), Error);
}

}  // namespace
}  // namespace tomograd
