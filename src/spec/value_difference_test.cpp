#include "spec/value_difference.h"

#include <gtest/gtest.h>

#include "spec/text_formats.h"

namespace tomograd {
namespace {

Value toml(const std::string& text) { return parse_toml(text, "test"); }

TEST(ValueDifference, NamesTheFirstFieldWithBothValues) {
  EXPECT_EQ(difference(toml("a = 1\n[b]\nc = 2\nd = 3"), toml("a = 1\n[b]\nc = 5\nd = 6")), "b.c was 2, now 5");
  EXPECT_EQ(difference(toml("a = 1"), toml("a = 1\nb = \"x\"")), "b was not set, now \"x\"");
}

TEST(ValueDifference, IsEmptyForEqualValuesAndForWhatDoesNotCount) {
  EXPECT_EQ(difference(toml("a = 1\n[b]\nc = [1, 2]"), toml("a = 1\n[b]\nc = [1, 2]")), "");
  EXPECT_EQ(difference(toml("a = 1\ngone = 2"), toml("a = 1")), "");
  EXPECT_EQ(difference(toml("w = []"), toml("[w]")), "");
  EXPECT_EQ(difference(toml("out = \"x\"\na = 1"), toml("out = \"y\"\na = 1"), {"out"}), "");
  EXPECT_EQ(difference(toml("[b]\nout = 1"), toml("[b]\nout = 2"), {"out"}), "b.out was 1, now 2");  // only outermost names are ignored
}

}  // namespace
}  // namespace tomograd
