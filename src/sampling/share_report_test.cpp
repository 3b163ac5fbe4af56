#include "sampling/share_report.h"

#include <gtest/gtest.h>

#include "sampling/sampling_test_cohort.h"

namespace tomograd {

TEST(ShareReport, SaysWhatWasAskedAndWhatWasDrawn) {
  TestCohort cohort = TestCohort::mixed();
  SamplingSpec spec;
  spec.patch = {8, 8, 8}, spec.epoch_patches = 40, spec.foreground = 0.5, spec.min_fraction = 0.9;
  spec.class_weights = {3, 1};
  Sampler sampler(cohort.cases, cohort.indices, spec, 3, system_env());
  Value report = share_report(sampler, spec, {"background", "tumour", "node"}, 0);
  const auto& classes = report.at("classes").as_list();
  ASSERT_EQ(classes.size(), 3u);
  const double expected[] = {0.5, 0.375, 0.125};
  for (size_t c = 0; c < 3; ++c) {
    EXPECT_DOUBLE_EQ(classes[c].at("expected_share").as_number(), expected[c]);
    EXPECT_DOUBLE_EQ(classes[c].at("realised_share").as_number(), expected[c]);  // 20, 15 and 5 of 40
  }
  EXPECT_EQ(classes[2].at("class").as_text(), "node");
  int64_t patches = 0;
  for (const auto& entry : report.at("cases").as_list()) patches += entry.at("patches").as_integer();
  EXPECT_EQ(patches, 40);
  EXPECT_EQ(report.at("min_fraction").at("foreground_patches").as_integer(), 20);
  EXPECT_GT(report.at("min_fraction").at("below").as_integer(), 0);
  EXPECT_EQ(report.at("warnings").as_list().size(), 1u);
  EXPECT_NE(share_line(report).find("tumour 37.5 % / 37.5 %"), std::string::npos) << share_line(report);
}

}  // namespace tomograd
