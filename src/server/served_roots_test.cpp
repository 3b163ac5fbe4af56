#include "server/served_roots.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

#include "base/error.h"

namespace tomograd {
namespace {

class ServedRootsTest : public ::testing::Test {
 protected:
  ServedRootsTest() {
    char pattern[] = "/tmp/tomograd-roots-XXXXXX";
    top_ = std::filesystem::canonical(::mkdtemp(pattern)).string();
    for (const char* folder : {"a/deep", "b", "out"}) std::filesystem::create_directories(top_ + "/" + folder);
    put("a/deep/in.txt", "inside"), put("out/secret.txt", "secret");
  }
  ~ServedRootsTest() override { std::filesystem::remove_all(top_); }
  void put(const std::string& name, const std::string& content) const { std::ofstream(top_ + "/" + name) << content; }
  std::string at(const std::string& name) const { return top_ + "/" + name; }
  std::string top_;
};

TEST_F(ServedRootsTest, ReadsWhatLiesBelowAndNothingElse) {
  std::filesystem::create_symlink("deep/in.txt", at("a/inner"));
  std::filesystem::create_symlink("../out/secret.txt", at("a/outer"));
  std::filesystem::create_symlink(at("a/deep/in.txt"), at("a/absolute"));
  std::filesystem::create_directory_symlink("/proc/self/cwd", at("a/magic"));
  ServedRoots roots({at("a"), at("b")});
  Env& env = roots.env();
  EXPECT_EQ(read_text(env, at("a/deep/in.txt")), "inside");
  EXPECT_EQ(read_text(env, at("a/inner")), "inside");
  EXPECT_EQ(read_text(env, at("a/deep/../deep/in.txt")), "inside");
  EXPECT_EQ(env.list(at("a/deep")), std::vector<std::string>{"in.txt"});
  EXPECT_EQ(env.kind(at("a/deep")), FileKind::directory);
  for (const std::string& bad : {at("out/secret.txt"), at("a/../out/secret.txt"), at("a/outer"), at("a/absolute"), at("a/magic/x"), at("a/deep"), at("a/nothing"), at("abc"), std::string("a/deep/in.txt"), std::string("/etc/passwd"), std::string(),
                                 at("a") + std::string("/deep\0/in.txt", 13), std::string("https://127.0.0.1/x"), at("a/" + std::string(5000, 'x'))}) {
    EXPECT_THROW(env.open_input(bad), Error) << bad;
    if (bad != at("a/deep")) {
      EXPECT_EQ(env.kind(bad), FileKind::missing) << bad;
    }
  }
  EXPECT_THROW(env.create_file(at("a/new"), true), Error);
  EXPECT_THROW(env.remove_file(at("a/deep/in.txt")), Error);
  EXPECT_EQ(roots.id_of(at("a/deep/in.txt")).size(), 16u);
  EXPECT_NE(roots.id_of(at("a/deep/in.txt")), roots.id_of(at("b/deep/in.txt")));
  EXPECT_EQ(roots.masked("no '" + at("a/x") + "' and no '" + at("b") + "'"), "no 'a/x' and no 'b'");
  EXPECT_EQ(roots.masked("--data=" + at("a/x") + "\\n" + at("b")), "--data=a/x\\nb");
  for (const std::string& other : {at("abc"), "cohort" + at("a/x"), at("a_1")}) EXPECT_EQ(roots.masked(other), other);
}

TEST_F(ServedRootsTest, APipeAndADeviceAreNoFiles) {
  ASSERT_EQ(::mkfifo(at("a/pipe").c_str(), 0600), 0);
  ServedRoots roots({at("a")});
  EXPECT_THROW(roots.env().open_input(at("a/pipe")), Error);           // and nobody waits for its other end
  EXPECT_EQ(roots.look(at("a/pipe")).kind, FileKind::other);
}

TEST_F(ServedRootsTest, ANewFileReplacesNoneAndLeadsNowhere) {
  std::filesystem::create_symlink("../out/made.toml", at("a/link.toml"));
  ServedRoots roots({at("a")});
  roots.create(0, "new.toml", "x = 1");
  EXPECT_EQ(read_text(roots.env(), at("a/new.toml")), "x = 1");
  for (const char* bad : {"new.toml", "link.toml", "../out/made.toml", "nothing/made.toml"}) EXPECT_THROW(roots.create(0, bad, "y"), Error) << bad;
  EXPECT_FALSE(std::filesystem::exists(at("out/made.toml")));
  EXPECT_EQ(read_text(roots.env(), at("a/new.toml")), "x = 1");
}

TEST_F(ServedRootsTest, FoldersAreServedOnceAndMustBeThere) {
  EXPECT_THROW(ServedRoots({at("nothing")}), Error);
  EXPECT_THROW(ServedRoots({at("out/secret.txt")}), Error);
  EXPECT_THROW(ServedRoots({at("a"), at("a/deep")}), Error);
  EXPECT_THROW(ServedRoots({at("a"), at("a")}), Error);
  std::filesystem::create_directories(at("b/a"));
  ServedRoots roots({at("a"), at("b/a")});
  EXPECT_NE(roots.name(0), roots.name(1));
}

// Somebody exchanges a folder for a link to the outside, again and again, while we read through it.
TEST_F(ServedRootsTest, AFolderThatIsExchangedForALinkIsNoWayOut) {
  std::filesystem::create_directories(at("a/real"));
  put("a/real/secret.txt", "inside");
  std::filesystem::create_directory_symlink("../out", at("a/link"));
  std::filesystem::rename(at("a/real"), at("a/way"));
  ServedRoots roots({at("a")});
  std::atomic<bool> done{false};
  std::thread exchanger([&] {
    while (!done) {
      std::filesystem::rename(at("a/way"), at("a/real")), std::filesystem::rename(at("a/link"), at("a/way"));
      std::filesystem::rename(at("a/way"), at("a/link")), std::filesystem::rename(at("a/real"), at("a/way"));
    }
  });
  int inside = 0, refused = 0;
  for (int i = 0; i < 20'000 || (inside == 0 && i < 2'000'000); ++i) try {
      std::string content = read_text(roots.env(), at("a/way/secret.txt"));
      ASSERT_EQ(content, "inside");
      ++inside;
    } catch (const Error&) {
      ++refused;
    }
  done = true;
  exchanger.join();
  EXPECT_GT(inside, 0);
  EXPECT_GT(refused, 0);
}

}  // namespace
}  // namespace tomograd
