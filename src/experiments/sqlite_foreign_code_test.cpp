// A store's file from elsewhere is data: triggers and views that somebody put into it do not run with our rights
// (reliability.md §9.A: A17).
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <stdlib.h>

#include <filesystem>

#include "base/error.h"
#include "experiments/sqlite_store.h"
#include "experiments/store_suite.h"

namespace tomograd {
namespace {

class ForeignCode : public ::testing::Test, protected StoreToys {};

TEST_F(ForeignCode, InAStoreDoesNotRun) {
  char name[] = "/tmp/tomograd_foreign_XXXXXX";
  const std::string folder = ::mkdtemp(name), path = folder + "/experiment.sqlite";
  ManualClock clock;
  SqliteOptions options;
  options.create = true;
  open_sqlite_store(path, clock, options)->create(record(), planned(3));
  sqlite3* file = nullptr;
  ASSERT_EQ(sqlite3_open(path.c_str(), &file), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(file,
                         "CREATE TRIGGER forged AFTER UPDATE ON trial BEGIN UPDATE trial SET state = 'cancelled' WHERE number = 3; END;"
                         "CREATE TRIGGER bomb AFTER INSERT ON attempt BEGIN INSERT INTO event(at, kind, trial, attempt, text) SELECT 0, 'note', 0, 0, 'forged' FROM trial a, trial b, trial c; END;",
                         nullptr, nullptr, nullptr),
            SQLITE_OK)
      << sqlite3_errmsg(file);
  sqlite3_close(file);
  std::unique_ptr<TrialStore> store;
  try {
    store = open_sqlite_store(path, clock, {});
  } catch (const Error& error) {                 // refusing it is right too
    EXPECT_EQ(error.kind(), ErrorKind::input);
  }
  if (store) {
    store->complete(*store->claim("w", "1"), outcome(0.5), "2");
    EXPECT_EQ(store->trials()[2].state, TrialState::waiting);
    EXPECT_TRUE(notes_of(*store).empty());
  }
  store.reset();
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace tomograd
