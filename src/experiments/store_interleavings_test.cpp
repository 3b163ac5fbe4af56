// Two workers and somebody who sweeps or cancels, in every order of their requests, against a model of one trial (reliability.md
// §9.A: A15); and clocks on the wall that jump (A12).
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <optional>

#include "base/error.h"
#include "experiments/sqlite_folder.h"
#include "experiments/store_suite.h"

namespace tomograd {
namespace {

struct Model {  // one trial whose lease is 60 s
  TrialState state = TrialState::waiting;
  int64_t attempts = 0;
  double now = 0, lease_until = 0, dice = 0;

  int64_t take_back() {
    bool runs_out = state == TrialState::running && lease_until < now;
    if (runs_out) state = TrialState::waiting;
    return runs_out;
  }
  bool claim() {
    take_back();
    if (state != TrialState::waiting) return false;
    state = TrialState::running, lease_until = now + 60, ++attempts;
    return true;
  }
  bool owns(int64_t attempt) const { return state == TrialState::running && attempt == attempts; }
};

class Interleavings : public ::testing::Test, protected StoreToys {
 protected:
  // sessions: who takes the next step; 0 and 1: claim, heartbeat, complete; 2: a minute passes, then sweep or cancel.
  void play(const std::vector<int>& sessions, bool cancels) {
    folder_.clear();
    ManualClock clock;
    std::array<std::unique_ptr<TrialStore>, 3> stores;
    for (auto& store : stores) store = folder_.open(clock);
    stores[0]->create(record(), planned(1));
    std::array<std::optional<Claim>, 2> claims;
    std::array<int, 3> steps{};
    Model model;
    auto allowed = [&](bool expected, ErrorKind refusal, const std::function<void()>& request) {
      if (!expected) {
        ASSERT_EQ(kind_of(request), refusal);
      } else {
        ASSERT_NO_THROW(request());
      }
    };
    for (int who : sessions) {
      TrialStore& store = *stores[size_t(who)];
      const int step = steps[size_t(who)]++;
      if (who == 2) {
        if (step == 0) {
          clock.advance(61), model.now += 61;
        } else if (!cancels) {
          ASSERT_EQ(store.sweep(), model.take_back());
        } else {
          bool open_still = model.state != TrialState::complete;
          allowed(open_still, ErrorKind::usage, [&] { store.cancel({1}); });
          if (open_still) model.state = TrialState::cancelled;
        }
      } else if (std::optional<Claim>& claim = claims[size_t(who)]; step == 0) {
        claim = store.claim(text("worker ", who), text("claim ", who));
        ASSERT_EQ(claim.has_value(), model.claim());
        ASSERT_EQ(claim ? claim->attempt : model.attempts, model.attempts);
      } else if (claim) {
        bool owns = model.owns(claim->attempt);
        allowed(owns, ErrorKind::conflict, [&] {
          if (step == 1) store.heartbeat(*claim, 0.5);
          else store.complete(*claim, outcome(who), text("end ", who));
        });
        if (owns && step == 1) model.lease_until = model.now + 60;
        if (owns && step == 2) model.state = TrialState::complete, model.dice = who;
      }
      TrialRecord trial = stores[2]->trials()[0];
      ASSERT_EQ(trial.state, model.state);
      ASSERT_EQ(trial.attempts, model.attempts);
      ASSERT_EQ(model.state == TrialState::complete ? trial.metrics.at("dice").as_number() : model.dice, model.dice);
    }
    int64_t completed = 0;
    for (const auto& event : stores[0]->events()) completed += event.kind == "complete";
    ASSERT_EQ(completed, model.state == TrialState::complete);
  }

  SqliteFolder folder_;
};

TEST_F(Interleavings, EveryOrderIsThatOfTheModel) {
  for (bool cancels : {false, true}) {
    std::vector<int> sessions = {0, 0, 0, 1, 1, 1, 2, 2};
    int orders = 0;
    do {
      ASSERT_NO_FATAL_FAILURE(play(sessions, cancels)) << (cancels ? "cancel" : "sweep") << ", order " << ::testing::PrintToString(sessions);
      ++orders;
    } while (std::next_permutation(sessions.begin(), sessions.end()));
    EXPECT_EQ(orders, 560);                      // 8! / (3! 3! 2!)
  }
}

class JumpingClock : public ManualClock {
 public:
  int64_t unix_milliseconds() override { return ManualClock::unix_milliseconds() + jump; }
  int64_t jump = 0;
};

// Leases count the monotonic clock: the wall's may be set by an hour, forth and back, on one worker alone.
TEST_F(Interleavings, ClocksOnTheWallDecideNoLease) {
  JumpingClock right, wrong;
  auto store = folder_.open(right), other = folder_.open(wrong);
  store->create(record(), planned(2));
  auto claim = store->claim("a", "1"), from_wrong = other->claim("b", "2");
  for (int64_t jump : {3'600'000, -3'600'000}) {
    wrong.jump = right.jump = jump;
    EXPECT_EQ(other->sweep() + store->sweep(), 0);
    wrong.jump = -jump;
    EXPECT_TRUE(other->heartbeat(*from_wrong, 0.1));
    EXPECT_EQ(store->sweep(), 0);
    EXPECT_FALSE(store->trials()[1].abandoned);
  }
  right.advance(61), wrong.advance(61);
  EXPECT_EQ(other->sweep(), 2);
  int64_t last = 0;
  for (const auto& event : store->events()) EXPECT_GT(event.id, last), last = event.id;
}

}  // namespace
}  // namespace tomograd
