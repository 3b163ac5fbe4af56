#include "base/scratch_folder.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include "base/env.h"
#include "base/error.h"

namespace tomograd {
namespace {

TEST(ScratchFolder, IsThereAndThenGoneWithWhatIsInIt) {
  std::string path;
  {
    ScratchFolder folder("a test"), other("a test");
    path = folder.path();
    EXPECT_NE(path, other.path());
    publish_text(local_env(), join_path(path, "file"), "x");
    EXPECT_EQ(local_env().kind(path), FileKind::directory);
  }
  EXPECT_EQ(local_env().kind(path), FileKind::missing);
}

TEST(ScratchFolder, SaysWhatForWhenItCannotBe) {
  const char* before = ::getenv("TMPDIR");
  std::string kept = before ? before : "";
  ::setenv("TMPDIR", "/nowhere/at/all", 1);
  try {
    ScratchFolder folder("a test");
    ADD_FAILURE() << "no error";
  } catch (const Error& error) {
    EXPECT_NE(error.message().find("no folder for a test can be made"), std::string::npos) << error.message();
  }
  if (before) ::setenv("TMPDIR", kept.c_str(), 1);
  else ::unsetenv("TMPDIR");
}

}  // namespace
}  // namespace tomograd
