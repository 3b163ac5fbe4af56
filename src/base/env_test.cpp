#include "base/env.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/digest.h"
#include "base/error.h"

namespace tomograd {

class EnvTest : public ::testing::Test {
 protected:
  void SetUp() override {
    char path[] = "/tmp/tomograd-env-XXXXXX";
    folder_ = mkdtemp(path);
  }
  void TearDown() override { system_env().remove_tree(folder_); }
  std::string file(const std::string& name) { return join_path(folder_, name); }
  std::string folder_;
  Env& env_ = system_env();
};

TEST_F(EnvTest, PublishedTextReadsBackAndLeavesNoTemporary) {
  publish_text(env_, file("a.txt"), "one");
  publish_text(env_, file("a.txt"), "two");
  EXPECT_EQ(read_text(env_, file("a.txt")), "two");
  EXPECT_EQ(env_.list(folder_), std::vector<std::string>{"a.txt"});
  struct stat status {};
  stat(file("a.txt").c_str(), &status);
  mode_t mask = umask(0);
  umask(mask);
  EXPECT_EQ(status.st_mode & 0777, 0666 & ~mask);  // not the 0600 of a temporary file: others keep their access
}

TEST_F(EnvTest, AbandonedPublicationKeepsTheOldFile) {
  publish_text(env_, file("a.txt"), "old");
  {
    Publication publication(env_, file("a.txt"));
    publication.file().write("new", 3);
  }
  EXPECT_EQ(read_text(env_, file("a.txt")), "old");
  EXPECT_EQ(env_.list(folder_).size(), 1u);
}

TEST_F(EnvTest, ErrorsAreOfTheUsersKindAndNameThePath) {
  for (const std::string& path : {file("missing"), folder_, std::string("/dev/zero")}) {
    try {
      env_.open_input(path);
      FAIL() << path;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::input);
      EXPECT_NE(std::string(error.what()).find(path), std::string::npos) << error.what();
    }
  }
  publish_text(env_, file("short"), "abc");
  char buffer[8];
  EXPECT_THROW(env_.open_input(file("short"))->read_at(0, buffer, 8), Error);
}

TEST_F(EnvTest, DigestOfTheStandardVector) {  // FIPS 180-2, "abc"
  EXPECT_EQ(digest_of("abc"), "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  publish_text(env_, file("abc"), "abc");
  EXPECT_EQ(digest_of_file(env_, file("abc")), digest_of("abc"));
}

TEST_F(EnvTest, Paths) {
  EXPECT_EQ(join_path("a", "b.c"), "a/b.c");
  EXPECT_EQ(join_path("a", "/b"), "/b");
  EXPECT_EQ(parent_path("c"), ".");
  EXPECT_EQ(relative_path("/x/y/z.nii", "/x/w"), "../y/z.nii");
  EXPECT_EQ(relative_path("/q/z.nii", "/a/b/c/d/e"), "/q/z.nii");
}

}  // namespace tomograd
