#include "report/variable_axis.h"

#include <gtest/gtest.h>

#include <cmath>

#include "spec/text_formats.h"

namespace tomograd {
namespace {

VariableSpec range(double low, double high, const std::string& scale) {
  VariableSpec variable;
  variable.key = "x", variable.range = {low, high}, variable.scale = scale;
  return variable;
}

std::string labels_of(const VariableAxis& axis, int most = 5) {
  std::string all;
  for (const auto& tick : axis.ticks(most)) all += tick.label + " ";
  return all;
}

TEST(VariableAxis, PlacesOfNumbersFollowTheirScale) {
  VariableAxis linear = variable_axis(range(1, 5, "integer"), {}), log = variable_axis(range(1e-4, 1e-2, "log"), {});
  EXPECT_EQ(linear.at(Value(2)), 0.25);
  EXPECT_NEAR(log.at(Value(1e-3)), 0.5, 1e-15);
  EXPECT_NEAR(log.value_at(0.5), 1e-3, 1e-17);
  EXPECT_TRUE(std::isnan(log.at(Value(0))));
  EXPECT_TRUE(std::isnan(linear.at(Value("two"))));
}

TEST(VariableAxis, TicksAreRoundNumbers) {
  EXPECT_EQ(labels_of(variable_axis(range(1e-4, 1e-2, "log"), {})), "0.0001 0.001 0.01 ");
  EXPECT_EQ(labels_of(variable_axis(range(1e-8, 1, "log"), {}), 5), "1e-08 1e-06 0.0001 0.01 1 ");
  EXPECT_EQ(labels_of(variable_axis(range(0.3, 0.4, "log"), {})), "0.3 0.4 ");
  EXPECT_EQ(labels_of(variable_axis(range(2, 6, "integer"), {})), "2 3 4 5 6 ");
}

TEST(VariableAxis, ListedValuesHaveOnePlaceEach) {
  VariableSpec variable;
  variable.key = "kind", variable.values = parse_json(R"(["unet","msd",3])", "t"), variable.labels = {"U-Net", "MS-D", "three"};
  VariableAxis axis = variable_axis(variable, {Value("other")});
  EXPECT_EQ(axis.at(Value("msd")), 0.5);
  EXPECT_NEAR(axis.at(Value(3)), 5.0 / 6, 1e-15);
  EXPECT_TRUE(std::isnan(axis.at(Value("other"))));
  EXPECT_EQ(labels_of(axis), "U-Net MS-D three ");
  EXPECT_EQ(axis.text_at(0.999), "three");
}

// A trial that was added later may lie outside, and one value alone is a range of no width.
TEST(VariableAxis, GrowsToWhatTrialsHave) {
  VariableAxis axis = variable_axis(range(0, 1, "linear"), {Value(3.0), Value(-1)});
  EXPECT_EQ(axis.low, -1);
  EXPECT_EQ(axis.high, 3);
  VariableSpec none;
  none.key = "y";
  EXPECT_EQ(variable_axis(none, {Value(4), Value(4), Value(5)}).values.size(), 2u);
}

}  // namespace
}  // namespace tomograd
