// Claims, leases, fencing, and how attempts end: tests of store_suite.h.
#pragma once

#include "experiments/store_suite.h"

namespace tomograd {

TEST_P(StoreSuite, EveryTrialIsClaimedOnceAmongManyThreadsAndConnections) {
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

TEST_P(StoreSuite, AFrozenWorkerThatWakesUpIsFenced) {
  auto store = made(1);
  auto first = store->claim("a", "a1");
  advance(61);
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

TEST_P(StoreSuite, AnAttemptNumberIsNotEnoughTheOwnerMustMatchToo) {
  auto store = made(1);
  Claim stolen = *store->claim("a", "a1");
  stolen.owner = "b";
  EXPECT_EQ(kind_of([&] { store->complete(stolen, outcome(1), "b1"); }), ErrorKind::conflict);
}

TEST_P(StoreSuite, AWorkerKilledBeforeItsFirstHeartbeatLosesItsLease) {
  auto store = made(1);
  store->claim("a", "a1");
  advance(59);
  EXPECT_EQ(store->sweep(), 0);
  advance(2);
  EXPECT_EQ(store->sweep(), 1);
  EXPECT_EQ(store->sweep(), 0);
  EXPECT_EQ(store->trials()[0].state, TrialState::waiting);
  EXPECT_EQ(store->trials()[0].failures, 0);     // lost is not failed
}

TEST_P(StoreSuite, ALeaseThatRanOutIsSeenBeforeAnybodyTakesItBack) {
  auto store = made(1);
  store->claim("a", "a1");
  EXPECT_FALSE(store->trials()[0].abandoned);
  advance(61);
  EXPECT_TRUE(store->trials()[0].abandoned);
  EXPECT_EQ(store->trials()[0].state, TrialState::running);
  store->sweep();
  EXPECT_FALSE(store->trials()[0].abandoned);
  store->claim("b", "b1");
  EXPECT_FALSE(store->trials()[0].abandoned);
}

TEST_P(StoreSuite, HeartbeatsProlongTheLease) {
  auto store = made(1);
  auto claim = store->claim("a", "a1");
  for (int i = 0; i < 5; ++i) {
    advance(50);
    EXPECT_TRUE(store->heartbeat(*claim, 0.2 * i));
    EXPECT_EQ(store->sweep(), 0);
  }
  EXPECT_NEAR(store->trials()[0].progress, 0.8, 1e-12);
  EXPECT_EQ(store->trials()[0].owner, "a");
}

TEST_P(StoreSuite, ALateWorkerMayFinishWhenNobodyTookItsTrial) {
  auto store = made(1);
  auto claim = store->claim("a", "a1");
  advance(1000);
  store->complete(*claim, outcome(0.5), "a2");
  EXPECT_EQ(store->counts().complete, 1);
}

TEST_P(StoreSuite, RequestsSentTwiceHappenOnce) {
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

TEST_P(StoreSuite, AttemptsAreLimitedAndPreemptionsAreNotFailures) {
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

TEST_P(StoreSuite, WhatCannotSucceedIsNotTriedAgain) {
  auto store = made(1);
  store->fail(*store->claim("a", "1"), "bad value", false, "2");
  EXPECT_EQ(store->counts().failed, 1);
}

TEST_P(StoreSuite, OnlyTenTimesAsManyLostAttemptsWithoutProgressMakeATrialFailed) {
  auto store = made(1, 2);
  for (int i = 1; i <= 20; ++i) {
    ASSERT_TRUE(store->claim("a", text("c", i))) << i;
    advance(61);
  }
  EXPECT_FALSE(store->claim("a", "c21"));
  EXPECT_EQ(store->trials()[0].state, TrialState::failed);
  EXPECT_EQ(store->trials()[0].reason, "the lease ran out (20 times in a row, without progress)");
}

TEST_P(StoreSuite, LostAttemptsThatGotFurtherAreNotCounted) {
  auto store = made(1, 1);
  for (int i = 1; i <= 41; ++i) {
    auto claim = store->claim("a", text("c", i));
    ASSERT_TRUE(claim) << i;
    if (i <= 32) store->heartbeat(*claim, 0.01 * (i / 4));        // further at every fourth attempt
    advance(61);
  }
  EXPECT_FALSE(store->claim("a", "c42"));        // attempt 32 was the last that got further, 41 the tenth from there
  EXPECT_EQ(store->trials()[0].attempts, 41);
}

TEST_P(StoreSuite, ReleaseTakesBackOnlyTheDeadOwnersTrials) {
  auto store = made(3);
  store->claim("dead", "1");
  auto alive = store->claim("alive", "2");
  EXPECT_EQ(store->release("dead", "its process ended"), 1);
  EXPECT_EQ(store->counts().running, 1);
  EXPECT_TRUE(store->heartbeat(*alive, 0));
  EXPECT_EQ(store->claim("alive", "3")->trial, 1);
}

TEST_P(StoreSuite, SomeTrialsAreClaimedInOneRequest) {
  auto store = made(20);
  auto claims = store->claim_some("a", "1", 16), again = store->claim_some("a", "1", 16);
  ASSERT_EQ(claims.size(), 16u);
  ASSERT_EQ(again.size(), 16u);
  for (size_t i = 0; i < 16; ++i) {
    EXPECT_EQ(claims[i].trial, int64_t(i) + 1);
    EXPECT_EQ(again[i].trial, claims[i].trial);
    EXPECT_EQ(again[i].attempt, claims[i].attempt);
    EXPECT_EQ(again[i].settings.at("seed").as_integer(), claims[i].trial);
    EXPECT_EQ(again[i].fingerprint, claims[i].fingerprint);
  }
  EXPECT_EQ(store->claim_some("b", "2", 16).size(), 4u);
  EXPECT_EQ(store->claim_some("c", "3", 16).size(), 0u);
  EXPECT_THROW(store->claim_some("a", "4", 17), Error);
  EXPECT_THROW(store->claim_some("a", "5", 0), Error);
  EXPECT_EQ(store->release("a", "gone"), 16);
  EXPECT_EQ(store->claim_some("c", "3", 3).size(), 3u);  // an answer of "nothing" is not kept: work may have come since
}

TEST_P(StoreSuite, ARequestIdServesOneRequest) {
  auto store = made(2);
  auto claim = store->claim("a", "1"), other = store->claim("a", "2");
  store->complete(*claim, outcome(0.5), "3");
  EXPECT_EQ(kind_of([&] { store->complete(*other, outcome(0.5), "3"); }), ErrorKind::failure);
  EXPECT_EQ(kind_of([&] { store->fail(*claim, "x", true, "3"); }), ErrorKind::failure);
  EXPECT_EQ(kind_of([&] { store->claim("a", "3"); }), ErrorKind::failure);
  EXPECT_EQ(store->counts().complete, 1);
  EXPECT_EQ(store->counts().running, 1);
}

TEST_P(StoreSuite, APrunedTrialIsOverAndKeepsWhatItMeasured) {
  auto store = made(2);
  auto claim = store->claim("a", "1");
  store->prune(*claim, outcome(0.1), "2");
  store->prune(*claim, outcome(0.1), "2");
  TrialRecord trial = store->trials()[0];
  EXPECT_EQ(trial.state, TrialState::pruned);
  EXPECT_EQ(trial.metrics.at("dice").as_number(), 0.1);
  EXPECT_EQ(store->counts().pruned, 1);
  EXPECT_EQ(store->counts().open(), 1);
  EXPECT_EQ(store->counts().total(), 2);
  EXPECT_EQ(kind_of([&] { store->complete(*claim, outcome(0.9), "3"); }), ErrorKind::conflict);
  EXPECT_EQ(kind_of([&] { store->prune(*claim, outcome(0.9), "4"); }), ErrorKind::conflict);
  EXPECT_EQ(kind_of([&] { store->reopen({1}); }), ErrorKind::usage);
  EXPECT_EQ(store->claim("a", "5")->trial, 2);
}

}  // namespace tomograd
