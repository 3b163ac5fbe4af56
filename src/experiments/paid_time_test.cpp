#include "experiments/paid_time.h"

#include <gtest/gtest.h>

namespace tomograd {
namespace {

TEST(PaidTime, CountsEveryAttemptOnce) {
  std::vector<StoreEvent> events = {{1, 0, "created", 0, 0, ""},      {2, 1000, "claimed", 1, 1, "a"},  {3, 1500, "claimed", 2, 1, "b"}, {4, 4000, "lost", 1, 1, ""},
                                    {5, 5000, "claimed", 1, 2, "a"},  {6, 7500, "complete", 2, 1, ""},  {7, 8000, "claimed", 3, 1, "b"}, {8, 8250, "failed", 3, 1, ""},
                                    {9, 8500, "note", 3, 1, "slow"}, {10, 9000, "preempted", 1, 2, ""}, {11, 9000, "claimed", 4, 1, "a"}};
  PaidTime paid = paid_time(events, 11000);
  EXPECT_EQ(paid.finished_seconds, (std::vector<double>{3, 6, 0.25, 4}));
  EXPECT_EQ(paid.running_seconds, (std::vector<double>{2}));
}

TEST(PaidTime, AClockThatIsSetBackCostsNothing) {
  PaidTime paid = paid_time({{1, 5000, "claimed", 1, 1, ""}, {2, 3000, "complete", 1, 1, ""}, {3, 9000, "claimed", 2, 1, ""}}, 8000);
  EXPECT_EQ(paid.finished_seconds, (std::vector<double>{0}));
  EXPECT_EQ(paid.running_seconds, (std::vector<double>{0}));
}

}  // namespace
}  // namespace tomograd
