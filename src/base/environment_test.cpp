#include "base/environment.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>

namespace tomograd {
namespace {

TEST(Environment, OwnVariablesButThoseSaidAnewOrLeftOut) {
  ::setenv("TOMOGRAD_TEST_A", "1", 1), ::setenv("TOMOGRAD_TEST_AB", "2", 1), ::setenv("TOMOGRAD_TEST_C", "3", 1);
  std::vector<std::string> all = environment_with({"TOMOGRAD_TEST_A=4=5"}, {"TOMOGRAD_TEST_C"});
  auto count = [&](const std::string& variable) { return std::count(all.begin(), all.end(), variable); };
  EXPECT_EQ(count("TOMOGRAD_TEST_A=1"), 0);
  EXPECT_EQ(all.back(), "TOMOGRAD_TEST_A=4=5");
  EXPECT_EQ(count("TOMOGRAD_TEST_AB=2"), 1);      // whose name only begins alike
  EXPECT_EQ(count("TOMOGRAD_TEST_C=3"), 0);
  std::vector<char*> list = exec_list(all);
  ASSERT_EQ(list.size(), all.size() + 1);
  EXPECT_EQ(list[0], all[0].data());
  EXPECT_EQ(list.back(), nullptr);
  for (const char* name : {"TOMOGRAD_TEST_A", "TOMOGRAD_TEST_AB", "TOMOGRAD_TEST_C"}) ::unsetenv(name);
}

}  // namespace
}  // namespace tomograd
