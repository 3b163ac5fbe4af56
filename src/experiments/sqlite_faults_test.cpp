// Every operation of a store's disk fails in turn, or the power goes there: what was acknowledged is kept, the file is whole, and the
// experiment goes on to its end (research/reliability.md §9.A: A7, A8, A9 and A11).
#include <gtest/gtest.h>

#include <optional>
#include <set>

#include "base/error.h"
#include "experiments/faulty_sqlite_disk.h"
#include "experiments/sqlite_folder.h"
#include "experiments/store_suite.h"

namespace tomograd {
namespace {

using Fault = FaultySqliteDisk::Fault;

struct Acknowledged {
  bool created = false, noted = false;
  std::set<int64_t> complete, failed;
};

class SqliteFaults : public ::testing::Test, protected StoreToys {
 protected:
  std::unique_ptr<TrialStore> open() { return folder_.open(clock_); }

  // An error is one of ours, and the same request is sent again once.
  static bool done(const std::function<void()>& request) {
    for (int times = 0; times < 2; ++times) {
      try {
        request();
        return true;
      } catch (const Error&) {
      }
    }
    return false;
  }

  // A short life of an experiment, in which every request may fail.
  Acknowledged live() {
    Acknowledged known;
    std::unique_ptr<TrialStore> store;
    if (!done([&] { store = open(); })) return known;
    known.created = done([&] { store->create(record(), planned(3)); });
    for (int n = 1; n <= 3; ++n) {
      std::optional<Claim> claim;
      if (!done([&] { claim = store->claim("w", text("claim ", n)); }) || !claim) continue;
      done([&] { store->heartbeat(*claim, 0.5); });
      std::string end = text("end ", n);
      if (n == 1 && done([&] { store->complete(*claim, outcome(0.5), end); })) known.complete.insert(claim->trial);
      if (n == 2 && done([&] { store->fail(*claim, "for good", false, end); })) known.failed.insert(claim->trial);
      if (n == 3) done([&] { store->preempt(*claim, "stopped", end); });
    }
    known.noted = done([&] { store->note(0, "a note"); });
    return known;
  }

  void ends_well(const Acknowledged& known) {
    auto store = open();
    if (!store->experiment()) {
      ASSERT_FALSE(known.created);
      store->create(record(), planned(3));
    }
    auto trials = store->trials();
    ASSERT_EQ(trials.size(), 3u);
    for (int64_t number : known.complete) {
      ASSERT_EQ(trials[size_t(number - 1)].state, TrialState::complete);
      ASSERT_EQ(trials[size_t(number - 1)].metrics.at("dice").as_number(), 0.5);
    }
    for (int64_t number : known.failed) ASSERT_EQ(trials[size_t(number - 1)].state, TrialState::failed);
    ASSERT_GE(notes_of(*store).size(), size_t(known.noted));
    clock_.advance(61);
    for (int n = 0;; ++n) {
      auto claim = store->claim("later", text("later ", n));
      if (!claim) break;
      store->complete(*claim, outcome(0.25), text("later end ", n));
    }
    ASSERT_EQ(store->counts().open(), 0);
    ASSERT_EQ(store->counts().over(), 3);
    store.reset();
    sqlite3* file = nullptr;
    std::string said;
    ASSERT_EQ(sqlite3_open(folder_.file().c_str(), &file), SQLITE_OK);
    sqlite3_exec(file, "PRAGMA integrity_check", [](void* into, int, char** values, char**) { return *static_cast<std::string*>(into) += values[0], 0; }, &said, nullptr);
    sqlite3_close(file);
    ASSERT_EQ(said, "ok");
  }
  void begin_anew() { folder_.clear(); }

  ManualClock clock_;
  SqliteFolder folder_;
};

TEST_F(SqliteFaults, AnyOperationMayFailOnceOrFromThenOn) {
  for (Fault fault : {Fault::error, Fault::full, Fault::torn_write})
    for (bool for_ever : {false, true}) {
      int64_t at = 1;
      for (bool struck = true; struck; ++at) {
        begin_anew();
        FaultySqliteDisk disk;
        disk.arm(fault, at, for_ever);
        Acknowledged known = live();
        struck = disk.struck();
        disk.repair();
        ASSERT_NO_FATAL_FAILURE(ends_well(known)) << "fault " << int(fault) << (for_ever ? " from operation " : " at operation ") << at << " on";
        EXPECT_TRUE(struck || (known.created && known.complete.size() == 1 && known.failed.size() == 1 && known.noted));
      }
      EXPECT_GT(at, 50) << "the faults did not reach the store's disk";
    }
}

// A disk that is full for a while: the store that was open all the time goes on when there is room again.
TEST_F(SqliteFaults, AFullDiskIsSaidAndTheSameStoreGoesOnAfterIt) {
  FaultySqliteDisk disk;
  auto store = open();
  store->create(record(), planned(1));
  auto claim = store->claim("w", "1");
  disk.arm(Fault::full, 1, true);
  std::string message;
  EXPECT_EQ(kind_of([&] { store->complete(*claim, outcome(0.5), "2"); }, &message), ErrorKind::failure);
  EXPECT_NE(message.find("free some space"), std::string::npos) << message;
  EXPECT_EQ(store->counts().running, 1);         // and it can be read meanwhile
  disk.repair();
  store->complete(*claim, outcome(0.5), "2");
  EXPECT_EQ(store->counts().complete, 1);
}

TEST_F(SqliteFaults, WhatWasAcknowledgedSurvivesAPowerCut) {
  int64_t at = 1;
  for (bool struck = true; struck; ++at)
    for (double kept : {0.0, 0.5, 1.0}) {
      begin_anew();
      FaultySqliteDisk disk;
      disk.arm(Fault::power_cut, at);
      Acknowledged known = live();
      struck = disk.struck();
      disk.power_returns(Random(1, "power cut", uint64_t(at)), kept);
      ASSERT_NO_FATAL_FAILURE(ends_well(known)) << "power cut at operation " << at << ", of what was not synced this share is there: " << kept;
    }
  EXPECT_GT(at, 50) << "the cuts did not reach the store's disk";
}

TEST_F(SqliteFaults, SoItDoesACutWhileItRecoversFromACut) {
  int64_t recoveries = 0;
  bool struck = true;
  for (int64_t at = 1; struck; at += 17) {
    bool again = true;
    for (int64_t second = 1; again; ++second) {
      begin_anew();
      FaultySqliteDisk disk;
      disk.arm(Fault::power_cut, at);
      Acknowledged known = live();
      struck = disk.struck();
      disk.power_returns(Random(2, "first cut", uint64_t(at)), 0.5);
      disk.arm(Fault::power_cut, second);
      done([&] { open()->counts(); });
      again = disk.struck();
      recoveries += again;
      disk.power_returns(Random(3, "second cut", uint64_t(at), uint64_t(second)), 0.5);
      ASSERT_NO_FATAL_FAILURE(ends_well(known)) << "power cuts at operation " << at << " and at " << second << " of the next opening";
    }
  }
  EXPECT_GT(recoveries, 100);
}

}  // namespace
}  // namespace tomograd
