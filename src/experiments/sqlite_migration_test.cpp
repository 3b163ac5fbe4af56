// Stores that earlier versions wrote are brought to this one, whole or not at all, whoever comes at once and is killed.
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <stdlib.h>

#include <filesystem>

#include "base/error.h"
#include "experiments/sqlite_store.h"
#include "experiments/test_child.h"
#include "spec/text_formats.h"

namespace tomograd {
namespace {

// What tomograd 0.1 wrote: one trial complete, one running, one waiting after a failure.
constexpr const char* version_1 = R"sql(
CREATE TABLE experiment(id INTEGER PRIMARY KEY CHECK (id = 1), name TEXT NOT NULL, spec TEXT NOT NULL, facts TEXT NOT NULL, fingerprint TEXT NOT NULL, attempts INTEGER NOT NULL,
  lease_milliseconds INTEGER NOT NULL, created INTEGER NOT NULL, stop_requested INTEGER NOT NULL DEFAULT 0);
CREATE TABLE trial(number INTEGER PRIMARY KEY, state TEXT NOT NULL CHECK (state IN ('waiting', 'running', 'complete', 'failed', 'preempted', 'cancelled')), settings TEXT NOT NULL,
  design TEXT NOT NULL, fingerprint TEXT NOT NULL, attempts INTEGER NOT NULL DEFAULT 0, failures INTEGER NOT NULL DEFAULT 0, reason TEXT NOT NULL DEFAULT '');
CREATE INDEX trial_claimable ON trial(number) WHERE state IN ('waiting', 'preempted');
CREATE TABLE attempt(trial INTEGER NOT NULL REFERENCES trial(number), attempt INTEGER NOT NULL, owner TEXT NOT NULL, boot TEXT NOT NULL, lease_until INTEGER NOT NULL,
  progress REAL NOT NULL DEFAULT 0, started INTEGER NOT NULL, ended INTEGER, outcome TEXT, reason TEXT NOT NULL DEFAULT '', PRIMARY KEY (trial, attempt)) WITHOUT ROWID;
CREATE INDEX attempt_open ON attempt(owner) WHERE outcome IS NULL;
CREATE TABLE result(trial INTEGER PRIMARY KEY REFERENCES trial(number), attempt INTEGER NOT NULL, metrics TEXT NOT NULL, timing TEXT NOT NULL,
  FOREIGN KEY (trial, attempt) REFERENCES attempt(trial, attempt));
CREATE TABLE request(id TEXT PRIMARY KEY, kind TEXT NOT NULL, trial INTEGER NOT NULL, attempt INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE event(id INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, kind TEXT NOT NULL, trial INTEGER NOT NULL, attempt INTEGER NOT NULL, text TEXT NOT NULL);
PRAGMA application_id = 1416588655;
PRAGMA user_version = 1;
INSERT INTO experiment VALUES (1, 'old', '{"name":"old"}', '{}', 'f', 3, 60000, 5, 0);
INSERT INTO trial VALUES (1, 'complete', '{"seed":1}', '{"repeat":0}', 'f1', 1, 0, ''), (2, 'running', '{"seed":2}', '{}', 'f2', 1, 0, ''), (3, 'waiting', '{"seed":3}', '{}', 'f3', 1, 1, 'broke');
INSERT INTO attempt VALUES (1, 1, 'w', 'b', 1060000, 1, 5, 6, 'complete', ''), (2, 1, 'w', 'b', 1060000000, 0.5, 5, NULL, NULL, ''), (3, 1, 'w', 'b', 1060000, 0, 5, 6, 'failed', 'broke');
INSERT INTO result VALUES (1, 1, '{"dice":0.5}', '{}');
INSERT INTO request VALUES ('w/1/claim', 'claim', 1, 1), ('w/1/end', 'complete', 1, 1), ('w/2/claim', 'claim', 2, 1), ('w/3/claim', 'claim', 3, 1), ('w/3/end', 'fail', 3, 1);
INSERT INTO event(at, kind, trial, attempt, text) VALUES (5, 'created', 0, 0, '3 trials'), (5, 'claimed', 1, 1, 'w');
)sql";

std::unique_ptr<TrialStore> open_old(const std::string& path) {
  static ManualClock clock;
  SqliteOptions options;
  options.boot = "b";
  return open_sqlite_store(path, clock, options);
}

// Not a test: what the children run.
TEST(MigrationChild, DISABLED_Open) {
  if (const char* path = std::getenv("TOMOGRAD_MIGRATE")) open_old(path);
}

class Migration : public ::testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/tomograd_migrate_XXXXXX";
    folder_ = ::mkdtemp(name);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::string old(const std::string& name) {
    std::string path = folder_ + "/" + name;
    sqlite3* db = nullptr;
    EXPECT_EQ(sqlite3_open(path.c_str(), &db), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(db, version_1, nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(db);
    sqlite3_close(db);
    return path;
  }
  static int64_t number_of(const std::string& path, const char* sql) {
    sqlite3* db = nullptr;
    sqlite3_open(path.c_str(), &db);
    sqlite3_stmt* statement = nullptr;
    EXPECT_EQ(sqlite3_prepare_v2(db, sql, -1, &statement, nullptr), SQLITE_OK) << sqlite3_errmsg(db);
    int64_t number = sqlite3_step(statement) == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : -1;
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return number;
  }
  static pid_t start(const std::string& path, const std::string& failpoints) {
    return start_test_child("MigrationChild.DISABLED_Open", {"TOMOGRAD_MIGRATE=" + path, "TOMOGRAD_FAILPOINTS=" + failpoints});
  }
  static void check_migrated(const std::string& path) {
    auto store = open_old(path);
    EXPECT_EQ(number_of(path, "PRAGMA user_version"), 3);
    EXPECT_EQ(number_of(path, "SELECT count(*) FROM sqlite_schema WHERE type IN ('table', 'index') AND name NOT LIKE 'sqlite_%'"), 9);
    auto trials = store->trials();
    ASSERT_EQ(trials.size(), 3u);
    EXPECT_EQ(trials[0].state, TrialState::complete);
    EXPECT_EQ(trials[0].metrics.at("dice").as_number(), 0.5);
    EXPECT_EQ(trials[0].design.at("repeat").as_integer(), 0);
    EXPECT_EQ(trials[1].progress, 0.5);
    EXPECT_FALSE(trials[1].abandoned);
    EXPECT_EQ(trials[2].failures, 1);
    EXPECT_EQ(trials[2].reason, "broke");
    EXPECT_EQ(store->events().size(), 2u);
    // Requests of a worker that lived through the migration are still known, and its claim is still its own.
    EXPECT_EQ(store->claim("w", "w/2/claim")->trial, 2);
    Claim first{1, 1, "w", "f1", {}, {}}, second{2, 1, "w", "f2", {}, {}};
    store->complete(first, {}, "w/1/end");
    store->prune(second, {}, "w/2/end");
    EXPECT_EQ(store->trials()[1].state, TrialState::pruned);
    EXPECT_EQ(store->claim("w", "w/4/claim")->trial, 3);
    EXPECT_EQ(number_of(path, "SELECT count(*) FROM pragma_foreign_key_check"), 0);
  }

  std::string folder_;
};

TEST_F(Migration, AStoreOfVersion1IsKeptWithAllThatIsInIt) { check_migrated(old("a")); }

TEST_F(Migration, AStoreOfVersion2GetsItsIndex) {
  std::string path = old("b");
  open_old(path);
  sqlite3* db = nullptr;
  sqlite3_open(path.c_str(), &db);
  EXPECT_EQ(sqlite3_exec(db, "DROP INDEX attempt_lease; PRAGMA user_version = 2", nullptr, nullptr, nullptr), SQLITE_OK);
  sqlite3_close(db);
  check_migrated(path);
}

// An index that SQLite does not use would be read by nobody and written at every heartbeat.
TEST_F(Migration, ALeaseThatRanOutIsFoundByTheIndex) {
  std::string path = old("c");
  open_old(path);
  EXPECT_EQ(number_of(path, "SELECT count(*) FROM attempt INDEXED BY attempt_lease WHERE outcome IS NULL AND boot = 'b' AND lease_until < 0"), 0);
}

TEST_F(Migration, KilledInsideItIsOldOrNewWhole) {
#ifndef TOMOGRAD_FAILPOINTS_ON
  GTEST_SKIP() << "this build has no failpoints";
#endif
  const std::pair<const char*, int64_t> points[] = {{"migrate.half", 1}, {"migrate.before_commit", 1}, {"migrate.after_commit", 3}};
  for (const auto& [point, version] : points) {
    std::string path = old(point);
    EXPECT_TRUE(was_killed(wait_for_child(start(path, std::string(point) + "=kill")))) << point;
    EXPECT_EQ(number_of(path, "PRAGMA user_version"), version) << point;
    check_migrated(path);
  }
}

TEST_F(Migration, OfEightThatComeAtOnceOneDoesIt) {
  std::string path = old("eight");
  std::vector<pid_t> children;
  for (int i = 0; i < 8; ++i) children.push_back(start(path, "migrate.before_commit=sleep:0.05"));
  for (pid_t child : children) EXPECT_TRUE(ended_well(wait_for_child(child)));
  check_migrated(path);
}

TEST_F(Migration, AStoreThatWouldLoseResultsIsLeftAsItIs) {
  std::string path = old("broken");
  sqlite3* db = nullptr;
  sqlite3_open(path.c_str(), &db);
  sqlite3_exec(db, "DELETE FROM trial WHERE number = 1", nullptr, nullptr, nullptr);  // its attempt and result stay
  sqlite3_close(db);
  EXPECT_THROW(open_old(path), Error);
  EXPECT_EQ(number_of(path, "PRAGMA user_version"), 1);
}

}  // namespace
}  // namespace tomograd
