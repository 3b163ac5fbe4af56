#include "sampling/sampler.h"

#include <gtest/gtest.h>

#include <map>
#include <numeric>

#include "base/error.h"
#include "sampling/sampling_test_cohort.h"

namespace tomograd {
namespace {

SamplingSpec small_spec() {
  SamplingSpec spec;
  spec.patch = {9, 12, 10};
  spec.epoch_patches = 97;
  spec.reads_per_case = 3;
  return spec;
}

std::vector<int64_t> class_counts(const std::vector<PatchPlace>& places) {
  std::vector<int64_t> counts(3, 0);
  for (const auto& place : places) ++counts[size_t(place.drawn_class)];
  return counts;
}

TEST(Sampler, ClassSharesAreExact) {
  TestCohort cohort = TestCohort::mixed();
  SamplingSpec spec = small_spec();
  spec.epoch_patches = 100;
  spec.foreground = 0.6;
  spec.class_weights = {1, 2};
  Sampler sampler(cohort.cases, cohort.indices, spec, 5, system_env());
  for (uint64_t epoch = 0; epoch < 5; ++epoch) EXPECT_EQ(class_counts(sampler.epoch(epoch)), (std::vector<int64_t>{40, 20, 40}));
  ClassShares shares = sampler.shares(2);
  for (size_t c = 0; c < 3; ++c) EXPECT_NEAR(shares.expected[c], shares.realised[c], 1e-12);
  EXPECT_NEAR(std::accumulate(shares.voxel_share.begin(), shares.voxel_share.end(), 0.0), 1, 1e-12);
  EXPECT_GT(shares.voxel_share[0], 0.5);
}

TEST(Sampler, CentresAreOfTheDrawnClass) {
  TestCohort cohort = TestCohort::mixed();
  SamplingSpec spec = small_spec();
  spec.patch = {1, 1, 1};                        // a patch of one voxel is its centre
  spec.epoch_patches = 400;
  Sampler sampler(cohort.cases, cohort.indices, spec, 6, system_env());
  std::map<std::array<int64_t, 4>, int> seen;
  for (const auto& place : sampler.epoch(0)) {
    const PreparedCase& item = cohort.cases[size_t(place.case_index)];
    const Extent size = item.geometry.size, b = place.begin;
    ASSERT_EQ(item.labels[(b.z * size.y + b.y) * size.x + b.x], place.drawn_class);
    if (place.case_index == 1 && place.drawn_class == 1) ++seen[{b.z, b.y, b.x, 1}];
  }
  EXPECT_EQ(seen.size(), 9u);                    // all nine voxels of that class come up
}

TEST(Sampler, PatchesStayInsideWhereTheyFit) {
  TestCohort cohort = TestCohort::mixed();
  SamplingSpec spec = small_spec();
  spec.patch = {27, 40, 20};                     // higher than case "one" (25), wider along y than "one" (33) and "none" (28)
  Sampler sampler(cohort.cases, cohort.indices, spec, 7, system_env());
  for (const auto& place : sampler.epoch(0)) {
    const Extent size = cohort.cases[size_t(place.case_index)].geometry.size;
    for (int a = 0; a < 3; ++a) {
      if (size[a] >= spec.patch[a]) {
        EXPECT_GE(place.begin[a], 0);
        EXPECT_LE(place.begin[a] + spec.patch[a], size[a]);
      } else {
        EXPECT_EQ(place.begin[a], -((spec.patch[a] - size[a]) / 2));
      }
    }
  }
}

TEST(Sampler, AnEpochIsAFunctionOfSeedAndNumber) {
  TestCohort cohort = TestCohort::mixed();
  Sampler a(cohort.cases, cohort.indices, small_spec(), 8, system_env()), b(cohort.cases, cohort.indices, small_spec(), 8, system_env()), c(cohort.cases, cohort.indices, small_spec(), 9, system_env());
  auto later = a.epoch(3);
  a.epoch(0);
  EXPECT_EQ(later, b.epoch(3));
  EXPECT_NE(later, a.epoch(4));
  EXPECT_NE(later, c.epoch(3));
}

TEST(Sampler, ReadsSeveralPatchesOfACaseInARow) {
  TestCohort cohort = TestCohort::mixed();
  SamplingSpec spec = small_spec();
  spec.epoch_patches = 120;
  spec.reads_per_case = 5;
  auto places = Sampler(cohort.cases, cohort.indices, spec, 10, system_env()).epoch(0);
  int64_t changes = 0;
  for (size_t i = 1; i < places.size(); ++i) changes += places[i].case_index != places[i - 1].case_index;
  EXPECT_LE(changes, 120 / 5 + 3 - 1);           // one unfinished run per case at most
  EXPECT_GE(changes, 5);                         // and the runs are shuffled
}

TEST(Sampler, WeighsCases) {
  TestCohort cohort = TestCohort::mixed();
  SamplingSpec spec = small_spec();
  spec.epoch_patches = 100;
  spec.foreground = 0;
  spec.case_weights["one"] = 0;
  spec.case_weights["none"] = 3.0;
  spec.case_weights["held_back"] = 7;            // of the dataset, not of this run
  std::vector<int64_t> of_case(3, 0);
  for (const auto& place : Sampler(cohort.cases, cohort.indices, spec, 11, system_env()).epoch(0)) ++of_case[size_t(place.case_index)];
  EXPECT_EQ(of_case, (std::vector<int64_t>{25, 0, 75}));
  for (const Value& wrong : {Value(Value::List{1, 0, 3}), Value(2.0)}) {
    spec.case_weights = wrong;
    EXPECT_THROW(Sampler(cohort.cases, cohort.indices, spec, 11, system_env()), Error);
  }
  spec.case_weights = Value::table();
  spec.case_weights["one"] = -1;
  EXPECT_THROW(Sampler(cohort.cases, cohort.indices, spec, 11, system_env()), Error);
  spec.case_weights = Value(Value::List{});      // as specs of older models say "all equal"
  EXPECT_EQ(Sampler(cohort.cases, cohort.indices, spec, 11, system_env()).epoch(0).size(), 100u);
}

// One scan, cropped tightly with all channels and more tightly with one left out: the random numbers are common, so the
// patches lie at the same places of the scan; only those that touch the border of a box may differ.
TEST(Sampler, ACropMovesNoPatch) {
  const Extent whole{40, 44, 48};
  auto label = [](Extent v) { return v.z > 15 && v.z < 20 && v.y > 20 && v.y < 26 && v.x > 20 && v.x < 30 ? 1 : 0; };
  auto centres = [&](Extent begin, Extent end) {
    TestCohort cohort;
    cohort.classes = 2;
    cohort.add("scan", end - begin, [&](int64_t z, int64_t y, int64_t x) { return label(Extent{z, y, x} + begin); });
    cohort.cases[0].resampled.size = whole;
    cohort.cases[0].crop = {begin, end - begin};
    SamplingSpec spec = small_spec();
    spec.epoch_patches = 200;
    std::vector<Extent> places;
    for (const auto& place : Sampler(cohort.cases, cohort.indices, spec, 15, system_env()).epoch(0)) places.push_back(place.begin + begin);
    return places;
  };
  auto all = centres({2, 3, 4}, {38, 41, 45}), without_one = centres({3, 4, 4}, {38, 40, 44});
  ASSERT_EQ(all.size(), without_one.size());
  int64_t same = 0;
  for (size_t i = 0; i < all.size(); ++i) same += all[i] == without_one[i];
  EXPECT_GE(same, 140);                          // the 100 foreground ones and 2 of 3 others; drawn in the box itself, no other
}

TEST(Sampler, NamesCasesWithoutForeground) {
  TestCohort cohort = TestCohort::mixed();
  Sampler sampler(cohort.cases, cohort.indices, small_spec(), 12, system_env());
  ASSERT_EQ(sampler.warnings().size(), 1u);
  EXPECT_NE(sampler.warnings()[0].find("case none"), std::string::npos) << sampler.warnings()[0];
  bool drawn = false;
  for (const auto& place : sampler.epoch(0))
    if (place.case_index == 2) {
      EXPECT_EQ(place.drawn_class, 0);
      drawn = true;
    }
  EXPECT_TRUE(drawn);
}

TEST(Sampler, AllBackground) {
  TestCohort cohort;
  cohort.add("empty1", {20, 20, 20}, [](int64_t, int64_t, int64_t) { return 0; });
  cohort.add("empty2", {20, 20, 20}, [](int64_t, int64_t, int64_t) { return 0; });
  SamplingSpec spec = small_spec();
  try {
    Sampler(cohort.cases, cohort.indices, spec, 1, system_env());
    FAIL() << "foreground was asked from cases that have none";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::input);
    EXPECT_NE(std::string(error.what()).find("0.5"), std::string::npos);
  }
  spec.foreground = 0;
  EXPECT_EQ(Sampler(cohort.cases, cohort.indices, spec, 1, system_env()).epoch(0).size(), 97u);
}

TEST(Sampler, TellsOfClassesThatGetNothing) {
  TestCohort cohort;
  cohort.add("a", {20, 20, 20}, [](int64_t z, int64_t, int64_t) { return z == 5 ? 1 : 0; });
  Sampler sampler(cohort.cases, cohort.indices, small_spec(), 1, system_env());
  ASSERT_EQ(sampler.warnings().size(), 1u);
  EXPECT_NE(sampler.warnings()[0].find("class 2"), std::string::npos);
  EXPECT_EQ(class_counts(sampler.epoch(0))[2], 0);
  EXPECT_NEAR(double(class_counts(sampler.epoch(0))[1]), 48.5, 0.5);
  SamplingSpec tiny = small_spec();
  tiny.epoch_patches = 1;
  tiny.foreground = 0.1;
  EXPECT_EQ(Sampler(cohort.cases, cohort.indices, tiny, 1, system_env()).warnings().size(), 2u);
}

TEST(Sampler, StaysInTheRegionOfInterest) {
  TestCohort cohort;
  auto roi = [](int64_t z, int64_t y, int64_t x) { return z >= 30 && y == 31 && x % 16 == 3; };  // 10 voxels of 65536
  cohort.add("roi", {32, 64, 32}, [](int64_t, int64_t y, int64_t x) { return x == 19 && y == 31 ? 1 : 0; }, [&](int64_t z, int64_t y, int64_t x) { return roi(z, y, x); });
  SamplingSpec spec = small_spec();
  spec.patch = {1, 1, 1};
  for (double foreground : {0.0, 0.5}) {
    spec.foreground = foreground;
    for (const auto& place : Sampler(cohort.cases, cohort.indices, spec, 13, system_env()).epoch(0)) {
      EXPECT_TRUE(roi(place.begin.z, place.begin.y, place.begin.x));
      EXPECT_EQ(place.begin.x == 19, place.drawn_class == 1);
    }
  }
}

TEST(Sampler, LeastForegroundShare) {
  TestCohort cohort;
  // A solid corner and thin dust: patches about the dust hold little foreground.
  cohort.add("dust", {40, 40, 40}, [](int64_t z, int64_t y, int64_t x) { return z < 12 && y < 12 && x < 12 ? 1 : z % 10 == 9 && y % 10 == 9 && x % 2 == 0 ? 1 : 0; });
  SamplingSpec spec = small_spec();
  spec.patch = {8, 8, 8};
  spec.min_fraction = 0.5;
  spec.foreground = 1;
  Sampler sampler(cohort.cases, cohort.indices, spec, 14, system_env());
  auto share = [&](const PatchPlace& place) { return double(foreground_in(cohort.indices[0], cohort.cases[0].labels, Box{place.begin, spec.patch})) / 512; };
  int64_t below = 0;
  double lowest = 1;
  for (const auto& place : sampler.epoch(0)) below += share(place) < 0.5, lowest = std::min(lowest, share(place));
  FractionReport report = sampler.fraction_report(0);
  EXPECT_EQ(report.foreground_patches, 97);
  EXPECT_EQ(report.below, below);
  EXPECT_EQ(report.lowest, lowest);
  EXPECT_EQ(below, 0);                           // the corner holds 95 % of the class: sixteen tries do not all miss it
  EXPECT_GT(report.redrawn, 0);
  spec.min_fraction = 1;
  spec.patch = {14, 14, 14};                     // never full: the best seen is taken
  EXPECT_EQ(Sampler(cohort.cases, cohort.indices, spec, 14, system_env()).fraction_report(0).below, 97);
}

TEST(Sampler, CasesWithoutLabelsAreDrawnAnywhere) {
  TestCohort cohort;
  cohort.add("bare", {20, 21, 22}, nullptr);
  SamplingSpec spec = small_spec();
  spec.foreground = 0;
  for (const auto& place : Sampler(cohort.cases, cohort.indices, spec, 15, system_env()).epoch(0)) EXPECT_EQ(place.drawn_class, -1);
}

}  // namespace
}  // namespace tomograd
