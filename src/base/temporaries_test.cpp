#include "base/temporaries.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>

#include "base/error.h"

namespace tomograd {
namespace {

class Temporaries : public ::testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/tomograd_temporaries_XXXXXX";
    folder_ = ::mkdtemp(name);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::string left(const std::string& name) {    // a file of this name is there
    publish_text(env_, folder_ + "/" + name, "x");
    return folder_ + "/" + name;
  }
  bool there(const std::string& path) { return env_.kind(path) == FileKind::file; }

  Env& env_ = system_env();
  std::string folder_;
};

pid_t dead_process() {
  pid_t child = ::fork();
  if (child == 0) ::_exit(0);
  ::waitpid(child, nullptr, 0);
  return child;
}

TEST_F(Temporaries, OnlyWhatDeadWritersLeftIsRemoved) {
  env_.make_directories(folder_ + "/checkpoints/deep");
  pid_t dead = dead_process(), own = ::getpid();
  std::string token = "0123456789abcdef";
  std::vector<std::string> stale = {left(text("model.safetensors.tmp-", dead, "-", token, "-0")), left(text("checkpoints/step-3.safetensors.tmp-", dead, "-", token, "-17")),
                                    left(text("spec.toml.tmp-", dead, "-4")),                       // as earlier versions named them
                                    left(text("manifest.json.tmp-", own, "-", token, "-0"))};       // our number, but not us
  std::vector<std::string> kept = {left("model.safetensors"), left(text("a.tmp-", ::getppid(), "-", token, "-0")), left(text("b.tmp-", dead, "-", token, "-x")), left(text(".tmp-", dead, "-1")),
                                   left(text("checkpoints/deep/c.tmp-", dead, "-1")), left(text("d.tmp-99999999999999999999-1"))};
  Publication open(env_, folder_ + "/model.safetensors");                                           // of this very process
  EXPECT_EQ(remove_stale_temporaries(env_, folder_), 4);
  for (const auto& path : stale) EXPECT_FALSE(there(path)) << path;
  for (const auto& path : kept) EXPECT_TRUE(there(path)) << path;
  open.file().write("new", 3);
  open.commit();
  EXPECT_EQ(read_text(env_, folder_ + "/model.safetensors"), "new");
  EXPECT_EQ(remove_stale_temporaries(env_, folder_ + "/not there"), 0);
}

TEST_F(Temporaries, NamesAreNeverGivenTwice) {
  std::string first = temporary_name("f"), second = temporary_name("f");
  EXPECT_NE(first, second);
  EXPECT_EQ(first.rfind(text("f.tmp-", ::getpid(), "-"), 0), 0u) << first;
}

// What a process of the same number left, as in a container that is started again, stands in nobody's way.
TEST_F(Temporaries, TheSameProcessNumberAgainMeetsNoFileOfItsOwn) {
  for (int n = 0; n < 50; ++n) left(text("result.json.tmp-", ::getpid(), "-", n));
  publish_text(env_, folder_ + "/result.json", "whole");
  EXPECT_EQ(read_text(env_, folder_ + "/result.json"), "whole");
}

}  // namespace
}  // namespace tomograd
