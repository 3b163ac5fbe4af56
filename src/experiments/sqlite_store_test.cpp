// What is true of a store's SQLite file alone; what is true of every store is in store_suite.h.
#include "experiments/sqlite_store.h"

#include <gtest/gtest.h>

#include <sqlite3.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

#include "base/env.h"
#include "base/error.h"
#include "experiments/store_suite.h"
#include "spec/text_formats.h"

namespace tomograd {
namespace {

class SqliteFile : public ::testing::Test, protected StoreToys {
 protected:
  void SetUp() override {
    char name[] = "/tmp/tomograd_store_XXXXXX";
    folder_ = ::mkdtemp(name);
    path_ = folder_ + "/experiment.sqlite";
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::unique_ptr<TrialStore> open(SqliteOptions options = {}) {
    options.create = true;
    return open_sqlite_store(path_, clock_, options);
  }
  std::unique_ptr<TrialStore> made(int64_t n) {
    auto store = open();
    store->create(record(), planned(n));
    return store;
  }

  ManualClock clock_;
  std::string folder_, path_;
};

TEST_F(SqliteFile, LeasesOfAnotherBootHaveRunOut) {
  SqliteOptions before, after;
  before.boot = "one", after.boot = "two";
  auto old = open(before);
  old->create(record(), planned(1));
  auto lost = old->claim("a", "a1");
  EXPECT_FALSE(open(before)->trials()[0].abandoned);
  EXPECT_TRUE(open(after)->trials()[0].abandoned);
  auto claim = open(after)->claim("b", "b1");
  ASSERT_TRUE(claim);
  EXPECT_EQ(claim->attempt, 2);
  EXPECT_EQ(kind_of([&] { old->heartbeat(*lost, 0); }), ErrorKind::conflict);
}

TEST_F(SqliteFile, NetworkFileSystemsAreRefused) {
  for (int64_t magic : {0x6969L, 0x517BL, 0xFF534D42L, 0xFE534D42L, 0x0BD00BD0L, 0x47504653L, 0x65735546L, 0x19830326L, -0xACB2BEL /* CIFS, sign-extended */}) {
    SqliteOptions options;
    options.file_system_magic = [&](const std::string&) { return magic; };
    std::string message;
    EXPECT_EQ(kind_of([&] { open(options); }, &message), ErrorKind::input);
    EXPECT_NE(message.find("network file system"), std::string::npos) << message;
    EXPECT_EQ(system_env().kind(path_), FileKind::missing);
  }
  EXPECT_EQ(refused_file_system(0xEF53), "");    // ext4
  EXPECT_EQ(refused_file_system(0x01021994), "");  // tmpfs
}

TEST_F(SqliteFile, StrangersAndNewerFilesAreRefusedAndLeftAlone) {
  EXPECT_EQ(kind_of([&] { open_sqlite_store(path_, clock_, {}); }), ErrorKind::input);
  auto refused = [&](const std::string& part) {
    std::string before = read_text(system_env(), path_), message;
    EXPECT_EQ(kind_of([&] { open(); }, &message), ErrorKind::input);
    EXPECT_NE(message.find(part), std::string::npos) << message;
    EXPECT_EQ(read_text(system_env(), path_), before);
  };
  std::ofstream(path_) << std::string(5000, 'x');
  refused("is not an experiment store");
  std::filesystem::remove(path_);
  sqlite3* db = nullptr;
  ASSERT_EQ(sqlite3_open(path_.c_str(), &db), SQLITE_OK);
  sqlite3_exec(db, "CREATE TABLE a(b)", nullptr, nullptr, nullptr);
  sqlite3_close(db);
  refused("another program");
  std::filesystem::remove(path_);
  made(2);
  sqlite3_open(path_.c_str(), &db);
  sqlite3_exec(db, "PRAGMA user_version = 4", nullptr, nullptr, nullptr);
  sqlite3_close(db);
  refused("newer version");
}

TEST_F(SqliteFile, DamagedFilesGiveErrorsOrTheTruthButNeverACrash) {
  made(40);
  std::string good = read_text(system_env(), path_);
  auto look = [&](const std::string& bytes) {
    std::ofstream(path_, std::ios::trunc | std::ios::binary) << bytes;
    try {
      auto store = open_sqlite_store(path_, clock_, {});
      store->trials(), store->counts(), store->events();
      if (auto claim = store->claim("a", "1")) store->complete(*claim, outcome(1), "2");
    } catch (const Error&) {
    }
  };
  for (size_t at = 0; at < good.size(); at += good.size() / 97) {
    std::string bad = good;
    bad[at] = char(~bad[at]);
    look(bad);
    look(good.substr(0, at));
  }
  for (size_t page = 0; page + 4096 <= good.size(); page += 4096) {
    std::string bad = good;
    std::fill(bad.begin() + long(page), bad.begin() + long(page) + 4096, char(0xa5));
    look(bad);
  }
  SUCCEED();
}

// A journal that is deleted at the commit can come back after a power cut; one whose header is zeroed and synced cannot.
TEST_F(SqliteFile, UsesARollbackJournalThatStaysEnded) {
  auto store = made(1);
  store->claim("a", "1");
  EXPECT_EQ(system_env().kind(path_ + "-wal"), FileKind::missing);
  std::string header = read_text(system_env(), path_).substr(0, 20);
  EXPECT_EQ(header[18], 1);                      // file format write version: 1 = rollback journal, 2 = WAL
  EXPECT_EQ(header[19], 1);
  std::string journal = read_text(system_env(), path_ + "-journal");
  ASSERT_GE(journal.size(), 28u);
  EXPECT_EQ(journal.substr(0, 28), std::string(28, '\0'));
}

}  // namespace
}  // namespace tomograd
