#include "experiments/sqlite_store.h"

#include <gtest/gtest.h>

#include <sqlite3.h>
#include <stdlib.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <set>
#include <thread>

#include "base/env.h"
#include "base/error.h"
#include "spec/text_formats.h"

namespace tomograd {
namespace {

class Store : public ::testing::Test {
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
  static ExperimentRecord record(int64_t attempts = 3) {
    ExperimentRecord experiment;
    experiment.name = "toy", experiment.spec = parse_json(R"({"name":"toy"})", "t"), experiment.fingerprint = "f", experiment.attempts = attempts, experiment.lease_seconds = 60;
    return experiment;
  }
  static std::vector<PlannedTrial> planned(int64_t n) {
    std::vector<PlannedTrial> trials;
    for (int64_t i = 1; i <= n; ++i) {
      PlannedTrial trial;
      trial.number = i, trial.settings["seed"] = i;
      trials.push_back(trial);
    }
    return trials;
  }
  std::unique_ptr<TrialStore> made(int64_t n, int64_t attempts = 3) {
    auto store = open();
    store->create(record(attempts), planned(n));
    return store;
  }
  static TrialOutcome outcome(double dice) {
    TrialOutcome result;
    result.metrics["dice"] = dice;
    return result;
  }
  static ErrorKind kind_of(const std::function<void()>& body, std::string* message = nullptr) {
    try {
      body();
    } catch (const Error& error) {
      if (message) *message = error.what();
      return error.kind();
    }
    ADD_FAILURE() << "nothing was thrown";
    return ErrorKind::failure;
  }

  ManualClock clock_;
  std::string folder_, path_;
};

TEST_F(Store, AllTrialsAreThereBeforeTheFirstStarts) {
  auto store = open();
  EXPECT_FALSE(store->experiment());
  EXPECT_FALSE(store->claim("w", "r0"));
  store->create(record(), planned(288));
  EXPECT_EQ(store->counts().waiting, 288);
  EXPECT_EQ(store->trials().back().settings.at("seed").as_integer(), 288);
  EXPECT_EQ(store->experiment()->name, "toy");
  EXPECT_EQ(kind_of([&] { store->create(record(), planned(3)); }), ErrorKind::input);
  EXPECT_EQ(store->counts().total(), 288);
}

TEST_F(Store, CreateWritesAllOrNothing) {
  auto store = open();
  auto trials = planned(5);
  trials[4].number = 1;                          // the last insert breaks the primary key
  EXPECT_THROW(store->create(record(), trials), Error);
  EXPECT_FALSE(store->experiment());
  EXPECT_EQ(store->counts().total(), 0);
}

TEST_F(Store, EveryTrialIsClaimedOnceAmongManyThreadsAndConnections) {
  made(60);
  std::vector<std::vector<int64_t>> taken(8);
  std::vector<std::thread> threads;
  for (size_t i = 0; i < taken.size(); ++i)
    threads.emplace_back([&, i] {
      auto store = open();
      for (int n = 0;; ++n) {
        auto claim = store->claim(text("w", i), text("w", i, "/", n));
        if (!claim) return;
        taken[i].push_back(claim->trial);
        store->complete(*claim, outcome(double(claim->trial)), text("w", i, "/", n, "/end"));
      }
    });
  for (auto& thread : threads) thread.join();
  std::multiset<int64_t> all;
  for (const auto& part : taken) all.insert(part.begin(), part.end());
  EXPECT_EQ(all.size(), 60u);
  EXPECT_EQ(std::set<int64_t>(all.begin(), all.end()).size(), 60u);
  for (const auto& trial : open()->trials()) {
    EXPECT_EQ(trial.state, TrialState::complete);
    EXPECT_EQ(trial.attempts, 1);
    EXPECT_EQ(trial.metrics.at("dice").as_number(), double(trial.number));
  }
}

TEST_F(Store, AFrozenWorkerThatWakesUpIsFenced) {
  auto store = made(1);
  auto first = store->claim("a", "a1");
  clock_.advance(61);
  auto second = store->claim("b", "b1");
  ASSERT_TRUE(second);
  EXPECT_EQ(second->trial, first->trial);
  EXPECT_EQ(second->attempt, 2);
  std::string message;
  EXPECT_EQ(kind_of([&] { store->heartbeat(*first, 0.5); }, &message), ErrorKind::conflict);
  EXPECT_NE(message.find("attempt 2 has taken over"), std::string::npos) << message;
  EXPECT_EQ(kind_of([&] { store->complete(*first, outcome(0.1), "a2"); }), ErrorKind::conflict);
  EXPECT_EQ(kind_of([&] { store->fail(*first, "x", true, "a3"); }), ErrorKind::conflict);
  EXPECT_EQ(kind_of([&] { store->preempt(*first, "x", "a4"); }), ErrorKind::conflict);
  store->complete(*second, outcome(0.9), "b2");
  EXPECT_EQ(kind_of([&] { store->complete(*first, outcome(0.1), "a5"); }), ErrorKind::conflict);
  EXPECT_EQ(store->trials()[0].metrics.at("dice").as_number(), 0.9);
}

TEST_F(Store, AnAttemptNumberIsNotEnoughTheOwnerMustMatchToo) {
  auto store = made(1);
  Claim stolen = *store->claim("a", "a1");
  stolen.owner = "b";
  EXPECT_EQ(kind_of([&] { store->complete(stolen, outcome(1), "b1"); }), ErrorKind::conflict);
}

TEST_F(Store, AWorkerKilledBeforeItsFirstHeartbeatLosesItsLease) {
  auto store = made(1);
  store->claim("a", "a1");
  clock_.advance(59);
  EXPECT_EQ(store->sweep(), 0);
  clock_.advance(2);
  EXPECT_EQ(store->sweep(), 1);
  EXPECT_EQ(store->sweep(), 0);
  EXPECT_EQ(store->trials()[0].state, TrialState::waiting);
  EXPECT_EQ(store->trials()[0].failures, 0);     // lost is not failed
}

TEST_F(Store, ALeaseThatRanOutIsSeenBeforeAnybodyTakesItBack) {
  auto store = made(1);
  store->claim("a", "a1");
  EXPECT_FALSE(store->trials()[0].abandoned);
  clock_.advance(61);
  EXPECT_TRUE(store->trials()[0].abandoned);
  EXPECT_EQ(store->trials()[0].state, TrialState::running);
  store->sweep();
  EXPECT_FALSE(store->trials()[0].abandoned);
  SqliteOptions rebooted;
  rebooted.boot = "another";
  store->claim("b", "b1");
  EXPECT_FALSE(store->trials()[0].abandoned);
  EXPECT_TRUE(open(rebooted)->trials()[0].abandoned);
}

TEST_F(Store, HeartbeatsProlongTheLease) {
  auto store = made(1);
  auto claim = store->claim("a", "a1");
  for (int i = 0; i < 5; ++i) {
    clock_.advance(50);
    EXPECT_TRUE(store->heartbeat(*claim, 0.2 * i));
    EXPECT_EQ(store->sweep(), 0);
  }
  EXPECT_NEAR(store->trials()[0].progress, 0.8, 1e-12);
  EXPECT_EQ(store->trials()[0].owner, "a");
}

TEST_F(Store, ALateWorkerMayFinishWhenNobodyTookItsTrial) {
  auto store = made(1);
  auto claim = store->claim("a", "a1");
  clock_.advance(1000);
  store->complete(*claim, outcome(0.5), "a2");
  EXPECT_EQ(store->counts().complete, 1);
}

TEST_F(Store, LeasesOfAnotherBootHaveRunOut) {
  SqliteOptions before, after;
  before.boot = "one", after.boot = "two";
  auto old = open(before);
  old->create(record(), planned(1));
  auto lost = old->claim("a", "a1");
  auto claim = open(after)->claim("b", "b1");
  ASSERT_TRUE(claim);
  EXPECT_EQ(claim->attempt, 2);
  EXPECT_EQ(kind_of([&] { old->heartbeat(*lost, 0); }), ErrorKind::conflict);
}

TEST_F(Store, RequestsSentTwiceHappenOnce) {
  auto store = made(2);
  auto claim = store->claim("a", "a1"), again = store->claim("a", "a1");
  EXPECT_EQ(claim->trial, again->trial);
  EXPECT_EQ(claim->attempt, again->attempt);
  EXPECT_EQ(store->counts().running, 1);
  store->complete(*claim, outcome(0.5), "a2");
  store->complete(*claim, outcome(0.5), "a2");
  EXPECT_EQ(store->counts().complete, 1);
  EXPECT_EQ(kind_of([&] { store->complete(*claim, outcome(0.7), "a3"); }), ErrorKind::conflict);
  EXPECT_EQ(store->trials()[0].metrics.at("dice").as_number(), 0.5);
  auto second = store->claim("a", "a4");
  store->fail(*second, "broke", true, "a5");
  store->fail(*second, "broke", true, "a5");
  EXPECT_EQ(store->trials()[1].failures, 1);
}

TEST_F(Store, AttemptsAreLimitedAndPreemptionsAreNotFailures) {
  auto store = made(1, 3);
  int request = 0;
  auto next = [&] { return store->claim("a", text("c", ++request)); };
  store->fail(*next(), "broke", true, text("e", request));
  for (int i = 0; i < 5; ++i) {
    store->preempt(*next(), "stopped", text("e", request));
    EXPECT_EQ(store->trials()[0].state, TrialState::preempted);
  }
  store->fail(*next(), "broke again", true, text("e", request));
  EXPECT_EQ(store->trials()[0].state, TrialState::waiting);
  store->fail(*next(), "and again", true, text("e", request));
  EXPECT_EQ(store->trials()[0].state, TrialState::failed);
  EXPECT_EQ(store->trials()[0].reason, "and again");
  EXPECT_EQ(store->trials()[0].attempts, 8);
  EXPECT_FALSE(next());
  EXPECT_EQ(store->counts().open(), 0);
}

TEST_F(Store, WhatCannotSucceedIsNotTriedAgain) {
  auto store = made(1);
  store->fail(*store->claim("a", "1"), "bad value", false, "2");
  EXPECT_EQ(store->counts().failed, 1);
}

TEST_F(Store, OnlyTenTimesAsManyLostAttemptsWithoutProgressMakeATrialFailed) {
  auto store = made(1, 2);
  for (int i = 1; i <= 20; ++i) {
    ASSERT_TRUE(store->claim("a", text("c", i))) << i;
    clock_.advance(61);
  }
  EXPECT_FALSE(store->claim("a", "c21"));
  EXPECT_EQ(store->trials()[0].state, TrialState::failed);
  EXPECT_EQ(store->trials()[0].reason, "the lease ran out (20 times in a row, without progress)");
}

TEST_F(Store, LostAttemptsThatGotFurtherAreNotCounted) {
  auto store = made(1, 1);
  for (int i = 1; i <= 41; ++i) {
    auto claim = store->claim("a", text("c", i));
    ASSERT_TRUE(claim) << i;
    if (i <= 32) store->heartbeat(*claim, 0.01 * (i / 4));        // further at every fourth attempt
    clock_.advance(61);
  }
  EXPECT_FALSE(store->claim("a", "c42"));        // attempt 32 was the last that got further, 41 the tenth from there
  EXPECT_EQ(store->trials()[0].attempts, 41);
}

TEST_F(Store, FailedTrialsAreReopenedWithAllTheirAttempts) {
  auto store = made(4, 2);
  auto fail_twice = [&](const std::string& name) {
    for (int i = 0; i < 2; ++i) {
      auto claim = store->claim("a", text(name, i));
      store->fail(*claim, "the disk is full", true, text(name, i, "/end"));
    }
  };
  fail_twice("one"), fail_twice("two");
  EXPECT_EQ(store->counts().failed, 2);
  std::string message;
  EXPECT_EQ(kind_of([&] { store->reopen({1, 3}); }, &message), ErrorKind::usage);
  EXPECT_NE(message.find("trial 3 is waiting"), std::string::npos) << message;
  EXPECT_EQ(kind_of([&] { store->reopen({9}); }), ErrorKind::usage);
  EXPECT_EQ(store->counts().failed, 2);
  EXPECT_EQ(store->reopen({2}), (std::vector<int64_t>{2}));
  EXPECT_EQ(store->reopen(), (std::vector<int64_t>{1}));
  EXPECT_EQ(store->reopen(), (std::vector<int64_t>{}));
  fail_twice("again");
  EXPECT_EQ(store->counts().failed, 1);
  EXPECT_EQ(store->trials()[0].attempts, 4);
  store->reopen();
  auto claim = store->claim("b", "last");
  EXPECT_EQ(claim->trial, 1);
  EXPECT_EQ(claim->attempt, 5);
  store->complete(*claim, outcome(0.5), "last/end");
  EXPECT_EQ(store->trials()[0].state, TrialState::complete);
}

TEST_F(Store, LostAttemptsAreCountedAnewAfterATrialWasReopened) {
  auto store = made(1, 1);
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < 10; ++i) {
      ASSERT_TRUE(store->claim("a", text(round, "/", i))) << round << " " << i;
      clock_.advance(61);
    }
    EXPECT_FALSE(store->claim("a", text(round, "/last")));
    EXPECT_EQ(store->reopen(), (std::vector<int64_t>{1}));
  }
}

TEST_F(Store, ReleaseTakesBackOnlyTheDeadOwnersTrials) {
  auto store = made(3);
  store->claim("dead", "1");
  auto alive = store->claim("alive", "2");
  EXPECT_EQ(store->release("dead", "its process ended"), 1);
  EXPECT_EQ(store->counts().running, 1);
  EXPECT_TRUE(store->heartbeat(*alive, 0));
  EXPECT_EQ(store->claim("alive", "3")->trial, 1);
}

TEST_F(Store, StopEndsClaimsAndIsHeardAtTheHeartbeat) {
  auto store = made(2);
  auto claim = store->claim("a", "1");
  open()->request_stop();
  EXPECT_TRUE(store->stop_requested());
  EXPECT_FALSE(store->claim("b", "2"));
  EXPECT_FALSE(store->heartbeat(*claim, 0.1));
  store->resume();
  EXPECT_TRUE(store->heartbeat(*claim, 0.1));
  EXPECT_EQ(store->claim("b", "3")->trial, 2);
  std::vector<std::string> kinds;
  for (const auto& event : store->events()) kinds.push_back(event.kind);
  EXPECT_EQ(kinds, (std::vector<std::string>{"created", "claimed", "stop", "resume", "claimed"}));
  EXPECT_EQ(store->events(4).size(), 1u);
}

TEST_F(Store, NetworkFileSystemsAreRefused) {
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

TEST_F(Store, StrangersAndNewerFilesAreRefusedAndLeftAlone) {
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
  sqlite3_exec(db, "PRAGMA user_version = 2", nullptr, nullptr, nullptr);
  sqlite3_close(db);
  refused("newer version");
}

TEST_F(Store, DamagedFilesGiveErrorsOrTheTruthButNeverACrash) {
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

TEST_F(Store, UsesARollbackJournalAndFullSync) {
  auto store = made(1);
  store->claim("a", "1");
  EXPECT_EQ(system_env().kind(path_ + "-wal"), FileKind::missing);
  std::string header = read_text(system_env(), path_).substr(0, 20);
  EXPECT_EQ(header[18], 1);                      // file format write version: 1 = rollback journal, 2 = WAL
  EXPECT_EQ(header[19], 1);
}

}  // namespace
}  // namespace tomograd
