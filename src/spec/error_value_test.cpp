#include "spec/error_value.h"

#include <gtest/gtest.h>

namespace tomograd {
namespace {

TEST(ErrorValue, ThereAndBack) {
  for (ErrorKind kind : {ErrorKind::input, ErrorKind::usage, ErrorKind::failure, ErrorKind::budget, ErrorKind::stopped, ErrorKind::conflict}) {
    Error error(kind, "what", "try this");
    error.add_context("inner"), error.add_context(""), error.add_context("outer");
    Error back = error_from(error_value(error));
    EXPECT_EQ(back.kind(), kind);
    EXPECT_EQ(back.message(), "what");
    EXPECT_EQ(back.hint(), "try this");
    EXPECT_EQ(back.context(), (std::vector<std::string>{"inner", "outer"}));
  }
}

TEST(ErrorValue, StrangersAreFailures) {
  Value value = Value::table();
  value["kind"] = "disaster", value["message"] = 7, value["context"] = "nowhere";
  Error error = error_from(value);
  EXPECT_EQ(error.kind(), ErrorKind::failure);
  EXPECT_EQ(error.message(), "");
  EXPECT_TRUE(error.context().empty());
}

}  // namespace
}  // namespace tomograd
