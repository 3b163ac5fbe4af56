#include "evaluation/overlap.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "base/error.h"

namespace tomograd {
namespace {

TEST(Overlap, CountsEachClassAndSkipsUncountedTruth) {
  std::vector<uint8_t> truth{0, 1, 1, 2, 2, 2, 255, 255, 0}, prediction{0, 1, 2, 2, 2, 0, 1, 99, 1};
  auto o = overlaps(prediction.data(), truth.data(), 9, 4);
  ASSERT_EQ(o.size(), 4u);
  EXPECT_EQ(o[1].truth, 2); EXPECT_EQ(o[1].prediction, 2); EXPECT_EQ(o[1].both, 1);
  EXPECT_EQ(o[2].truth, 3); EXPECT_EQ(o[2].prediction, 3); EXPECT_EQ(o[2].both, 2);
  EXPECT_DOUBLE_EQ(o[2].dice(), 4.0 / 6);
  EXPECT_EQ(o[3].truth + o[3].prediction, 0);
}

TEST(Overlap, EmptyCasesAreDefined) {
  EXPECT_EQ((Overlap{0, 0, 0}).dice(), 1);
  EXPECT_EQ((Overlap{5, 0, 0}).dice(), 0);
  EXPECT_EQ((Overlap{0, 5, 0}).dice(), 0);
  EXPECT_TRUE(std::isnan((Overlap{0, 5, 0}).volume_error()));
  EXPECT_EQ((Overlap{4, 1, 1}).volume_error(), -0.75);
  EXPECT_EQ((Overlap{4, 6, 1}).volume_error(), 0.5);
}

TEST(Overlap, RefusesClassesThatAreNotThere) {
  uint8_t truth[] = {0, 3}, prediction[] = {0, 0};
  EXPECT_THROW(overlaps(prediction, truth, 2, 3), Error);
  EXPECT_THROW(overlaps(truth, prediction, 2, 3), Error);
  EXPECT_NO_THROW(overlaps(truth, prediction, 2, 4));
}

}  // namespace
}  // namespace tomograd
