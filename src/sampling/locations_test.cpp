#include "sampling/locations.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include "base/error.h"
#include "sampling/sampler.h"
#include "sampling/sampling_test_cohort.h"

namespace tomograd {
namespace {

class Locations : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/tomograd-locations-XXXXXX";
    folder_ = mkdtemp(name);
  }
  void TearDown() override { system_env().remove_tree(folder_); }
  std::string file(const std::string& content) {
    std::string path = folder_ + "/places.csv";
    publish_text(system_env(), path, content);
    return path;
  }
  std::vector<Location> read(const std::string& content) { return read_locations(system_env(), file(content), cohort.cases, &others); }
  std::string complaint(const std::string& content) {
    try {
      read(content);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::input);
      return error.what();
    }
    return "";
  }
  TestCohort cohort = TestCohort::mixed();
  int64_t others = 0;
  std::string folder_;
};

TEST_F(Locations, AreRead) {
  auto places = read("x, y,z,note,case\r\n5,11,12,hm,both\n\n30,2,1,,one\n1,1,1,,somebody else\n");
  ASSERT_EQ(places.size(), 2u);
  EXPECT_EQ(places[0].case_index, 0);
  EXPECT_EQ(places[0].centre, (Extent{12, 11, 5}));
  EXPECT_EQ(places[1].case_index, 1);
  EXPECT_EQ(others, 1);
}

TEST_F(Locations, QuoteWhatIsWrong) {
  EXPECT_NE(complaint("case,z,y\nboth,1,2\n").find("no column x"), std::string::npos);
  EXPECT_NE(complaint("case,z,y,x\nboth,1,2\n").find("line 2"), std::string::npos);
  EXPECT_NE(complaint("case,z,y,x\nboth,1,2,3\nboth,1,two,3\n").find("'two'"), std::string::npos);
  EXPECT_NE(complaint("case,z,y,x\nboth,30,2,3\n").find("outside"), std::string::npos);
  EXPECT_NE(complaint("case,z,y,x\nother,1,2,3\n").find("no line names"), std::string::npos);
  EXPECT_NE(complaint("").find("no line names"), std::string::npos);
}

TEST_F(Locations, FollowTheGridOfTheImage) {
  PreparedCase item = std::move(cohort.cases[0]);
  // Stored with x to the left and 2 mm slices; prepared to RAS at 1 mm, cropped by 3 voxels along z.
  item.original.size = {20, 41, 37};
  item.original.affine = {{{-1, 0, 0, 36}, {0, 1, 0, 0}, {0, 0, 2, 0}}};
  item.geometry.affine = {{{1, 0, 0, 0}, {0, 1, 0, 0}, {0, 0, 1, 3}}};
  EXPECT_EQ(prepared_voxel(item, 10, 7, 6), (Extent{17, 7, 30}));
}

TEST_F(Locations, AreUsedEquallyOften) {
  SamplingSpec spec;
  spec.patch = {4, 4, 4};
  spec.epoch_patches = 10;
  spec.locations = file("case,z,y,x\nboth,12,11,6\none,3,4,5\nnone,14,14,14\n");
  Sampler sampler(cohort.cases, cohort.indices, spec, 1, system_env());
  std::vector<int64_t> of_case(3, 0);
  for (const auto& place : sampler.epoch(0)) {
    ++of_case[size_t(place.case_index)];
    if (place.case_index == 0) {
      EXPECT_EQ(place.begin, (Extent{10, 9, 4}));
    }
    EXPECT_EQ(place.drawn_class, place.case_index == 2 ? 0 : 1);
  }
  for (int64_t n : of_case) EXPECT_TRUE(n == 3 || n == 4);
}

}  // namespace
}  // namespace tomograd
