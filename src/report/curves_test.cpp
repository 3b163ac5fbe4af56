#include "report/curves.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace tomograd {
namespace {

TEST(Curves, OnePerNumberAndATornLastLineIsLeftOut) {
  auto curves = read_curves(7, "{\"step\":1,\"loss\":0.5,\"note\":\"x\"}\n{\"step\":2,\"loss\":0.25}\n{\"step\":2,\"validation_dice\":0.1}\n\nnot json\n{\"loss\":3}\n{\"step\":3,\"los");
  ASSERT_EQ(curves.size(), 2u);
  EXPECT_EQ(curves[0].trial, 7);
  EXPECT_EQ(curves[0].name, "loss");
  EXPECT_EQ(curves[0].steps, (std::vector<double>{1, 2}));
  EXPECT_EQ(curves[0].values, (std::vector<double>{0.5, 0.25}));
  EXPECT_EQ(curves[1].name, "validation_dice");
}

TEST(Curves, LongOnesAreMeansOfTheirParts) {
  std::string lines;
  for (int step = 1; step <= 1001; ++step) lines += text("{\"step\":", step, ",\"loss\":", step, "}\n");
  auto curves = read_curves(1, lines, 10);
  ASSERT_EQ(curves.size(), 1u);
  ASSERT_EQ(curves[0].steps.size(), 10u);
  EXPECT_EQ(curves[0].steps.front(), 50.5);        // of 1 to 100
  EXPECT_EQ(curves[0].values.front(), 50.5);
  EXPECT_EQ(curves[0].steps.back(), 951);          // of 901 to 1001
}

// A file of others with a name for every number takes no time that grows with the square of their count.
TEST(Curves, TheFirstFiveHundredNamesAreCurves) {
  std::string line = "{\"step\":1";
  for (int i = 0; i < 600; ++i) line += text(",\"n", i, "\":", i);
  auto curves = read_curves(1, line + "}\n");
  ASSERT_EQ(curves.size(), 500u);
  EXPECT_EQ(curves[499].name, "n499");
}

TEST(Curves, NothingGivesNothing) { EXPECT_TRUE(read_curves(1, "").empty()); }

}  // namespace
}  // namespace tomograd
