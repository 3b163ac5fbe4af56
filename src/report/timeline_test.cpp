#include "report/timeline.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "pictures/canvas.h"
#include "report/report_figures.h"

namespace tomograd {
namespace {

std::vector<StoreEvent> numbered(std::vector<StoreEvent> events) {
  for (size_t i = 0; i < events.size(); ++i) events[i].id = int64_t(i) + 1;
  return events;
}

// Two workers; the first is killed in trial 1 and replaced by c after a wait of the trial; b fails once and is stopped.
std::vector<StoreEvent> events() {
  return numbered({{0, 1000, "created", 0, 0, "3 trials"}, {0, 5000, "claimed", 1, 1, "a"},       {0, 5500, "claimed", 2, 1, "b"},  {0, 9000, "failed", 2, 1, "disk full"},
                   {0, 9500, "claimed", 2, 2, "b"},        {0, 20000, "lost", 1, 1, "its worker was killed by signal 9"}, {0, 21000, "claimed", 1, 2, "c"}, {0, 30000, "stop", 0, 0, ""},
                   {0, 31000, "preempted", 1, 2, "stop"},  {0, 32000, "complete", 2, 2, ""}});
}

TEST(Timeline, OneRowPerWorkerWithTheEndsOfItsAttempts) {
  Timeline t = make_timeline(events(), {});
  EXPECT_EQ(t.start, 5000);
  EXPECT_EQ(t.seconds, 27);
  ASSERT_EQ(t.workers.size(), 3u);
  EXPECT_EQ(t.workers[0].owner, "a");
  ASSERT_EQ(t.workers[0].attempts.size(), 1u);
  EXPECT_EQ(t.workers[0].attempts[0].outcome, "lost");
  EXPECT_EQ(t.workers[0].attempts[0].reason, "its worker was killed by signal 9");
  EXPECT_EQ(t.workers[0].attempts[0].end, 15);
  ASSERT_EQ(t.workers[1].attempts.size(), 2u);
  EXPECT_EQ(t.workers[1].attempts[0].outcome, "failed");
  EXPECT_EQ(t.workers[1].attempts[1].begin, 4.5);
  EXPECT_EQ(t.workers[1].waited_seconds, 0.5);
  EXPECT_EQ(t.workers[1].busy_seconds, 3.5 + 22.5);
  EXPECT_EQ(t.workers[2].attempts[0].outcome, "preempted");
  EXPECT_EQ(t.complete + t.failed + t.preempted + t.lost, 4);
  EXPECT_EQ(t.lost_seconds, 15 + 3.5);
  ASSERT_EQ(t.marks.size(), 1u);
  EXPECT_EQ(t.marks[0].at, 25);
}

// Seconds of the attempts that run, or of those that ended, in the order of their ends.
std::vector<double> seconds_of(const Timeline& timeline, bool running) {
  std::vector<std::pair<double, double>> spans;  // end, seconds
  for (const auto& worker : timeline.workers)
    for (const auto& attempt : worker.attempts)
      if ((attempt.outcome == "running") == running) spans.emplace_back(attempt.end, attempt.end - attempt.begin);
  std::sort(spans.begin(), spans.end());
  std::vector<double> seconds;
  for (const auto& [end, length] : spans) seconds.push_back(length);
  return seconds;
}

TEST(Timeline, EveryAttemptIsPaidOnce) {
  Timeline t = make_timeline({{1, 0, "created", 0, 0, ""},      {2, 1000, "claimed", 1, 1, "a"},  {3, 1500, "claimed", 2, 1, "b"}, {4, 4000, "lost", 1, 1, ""},
                              {5, 5000, "claimed", 1, 2, "a"},  {6, 7500, "complete", 2, 1, ""},  {7, 8000, "claimed", 3, 1, "b"}, {8, 8250, "failed", 3, 1, ""},
                              {9, 8500, "note", 3, 1, "slow"}, {10, 9000, "preempted", 1, 2, ""}, {11, 9000, "claimed", 4, 1, "a"}},
                             {}, 11000);
  EXPECT_EQ(seconds_of(t, false), (std::vector<double>{3, 6, 0.25, 4}));
  EXPECT_EQ(seconds_of(t, true), (std::vector<double>{2}));
}

TEST(Timeline, AClockThatIsSetBackCostsNothing) {
  Timeline t = make_timeline({{1, 5000, "claimed", 1, 1, "a"}, {2, 3000, "complete", 1, 1, ""}, {3, 9000, "claimed", 2, 1, "a"}}, {}, 8000);
  EXPECT_EQ(seconds_of(t, false), (std::vector<double>{0}));
  EXPECT_EQ(seconds_of(t, true), (std::vector<double>{0}));
}

TEST(Timeline, WhatRunsLastsUntilNowUnlessItsWorkerIsGone) {
  std::vector<StoreEvent> two = numbered({{0, 1000, "claimed", 1, 1, "a"}, {0, 2000, "claimed", 2, 1, "b"}});
  TrialRecord gone;
  gone.number = 2, gone.state = TrialState::running, gone.abandoned = true;
  Timeline t = make_timeline(two, {gone}, 11000);
  EXPECT_EQ(t.running, 2);
  EXPECT_EQ(t.workers[0].attempts[0].end, 10);
  EXPECT_EQ(t.workers[1].attempts[0].end, 1);
}

TEST(Timeline, NothingClaimedIsEmpty) {
  EXPECT_TRUE(make_timeline({}, {}).workers.empty());
  EXPECT_TRUE(make_timeline({{1, 5, "created", 0, 0, ""}}, {}).workers.empty());
}

// An end without its claim, an unknown kind and a clock that was set back do no harm.
TEST(Timeline, BearsWhatItDoesNotKnow) {
  Timeline t = make_timeline(numbered({{0, 9, "complete", 7, 1, ""}, {0, 5000, "claimed", 1, 1, "a"}, {0, 5001, "sighed", 1, 1, ""}, {0, 4000, "complete", 1, 1, ""}}), {});
  ASSERT_EQ(t.workers.size(), 1u);
  EXPECT_EQ(t.workers[0].attempts[0].end, 0);
  EXPECT_EQ(t.complete, 1);
}

TEST(Timeline, ANightIsAPauseAndAShortWaitIsNone) {
  std::vector<StoreEvent> night = numbered({{0, 0, "claimed", 1, 1, "a"},        {0, 100000, "preempted", 1, 1, "stop"}, {0, 101000, "claimed", 2, 1, "a"}, {0, 200000, "complete", 2, 1, ""},
                                            {0, 30000000, "claimed", 1, 2, "b"}, {0, 30100000, "complete", 1, 2, ""}});
  std::vector<Pause> found = pauses(make_timeline(night, {}));
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].begin, 200);
  EXPECT_EQ(found[0].end, 30000);
}

size_t count_of(const std::string& text, const std::string& part) {
  size_t n = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + part.size())) ++n;
  return n;
}

TEST(TimelineFigure, SaysHowAttemptsEndedAndSharesRowsWhenWorkersAreMany) {
  std::string svg = to_svg(*timeline_figure(make_timeline(events(), {})));
  for (const char* said : {"complete 1", "failed 1", "lost (killed) 1", "preempted 1", "stop", "time at work / s"}) EXPECT_NE(svg.find(said), std::string::npos) << said;
  EXPECT_EQ(svg.find("pruned"), std::string::npos);
  std::vector<StoreEvent> many;
  for (int64_t i = 0; i < 120; ++i) {            // two at a time, a new worker after every kill
    many.push_back({0, 1000 * (i / 2), "claimed", i % 2 + 1, i / 2 + 1, text("worker ", i)});
    many.push_back({0, 1000 * (i / 2) + 900, "lost", i % 2 + 1, i / 2 + 1, "killed"});
  }
  auto by_time = [](const StoreEvent& a, const StoreEvent& b) { return a.at < b.at; };
  std::stable_sort(many.begin(), many.end(), by_time);
  Timeline t = make_timeline(numbered(many), {});
  EXPECT_EQ(t.workers.size(), 120u);
  svg = to_svg(*timeline_figure(t));
  EXPECT_EQ(count_of(svg, "60 workers"), 2u);
}

}  // namespace
}  // namespace tomograd
