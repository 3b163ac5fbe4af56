#include "training/time_balance.h"

#include <gtest/gtest.h>

namespace tomograd {
namespace {

EpochSpread about(double mean, double deviation = 0) { return {mean, deviation, mean - deviation, mean + deviation}; }

// One worker of four processors; a run of 1000 seconds that computes and does nothing else.
TimeBalance computing() {
  TimeBalance b;
  b.step = about(1.01, 0.02), b.without_loading = about(1, 0.02), b.wait_share = about(0.01, 0.004);
  b.make = 0.2, b.update = 0.03, b.reading = 20, b.training = 1000;
  b.workers = 1, b.threads = 4, b.processors = 4;
  return b;
}

TEST(TimeBalance, SpreadOverEpochs) {
  EpochSpread spread = spread_over({3, 1, 5});
  EXPECT_DOUBLE_EQ(spread.mean, 3);
  EXPECT_DOUBLE_EQ(spread.deviation, 2);
  EXPECT_EQ(spread.least, 1);
  EXPECT_EQ(spread.most, 5);
  EXPECT_EQ(spread_over({7}).deviation, 0);
  EXPECT_EQ(spread_over({}).mean, 0);
}

TEST(TimeBalance, ComputingIsSaidWithWhatWouldBeFaster) {
  TimeBalance b = computing();
  EXPECT_EQ(where_time_goes(b).bound, "network");
  EXPECT_TRUE(where_time_goes(b).settings.empty());
  b.threads = 3, b.slow_precision = true, b.fastest_precision = "bf16";
  EXPECT_EQ(where_time_goes(b).settings, (std::vector<std::string>{"precision=bf16", "threads=4"}));
}

TEST(TimeBalance, WaitingAsksForAsManyWorkersAsKeepUp) {
  TimeBalance b = computing();
  b.wait_share = about(0.6, 0.02), b.step = about(2.5), b.make = 2.5;
  TimeFinding found = where_time_goes(b);
  EXPECT_EQ(found.bound, "loading");
  EXPECT_EQ(found.settings, (std::vector<std::string>{"sampling.workers=3"}));   // 2.5 threads' work a second, and a tenth to spare
  EXPECT_NE(found.explanation.find("60 % of a step"), std::string::npos) << found.explanation;
  b.make = 0.9, b.workers = 0;                   // made by the thread that computes
  EXPECT_EQ(where_time_goes(b).settings, (std::vector<std::string>{"sampling.workers=1"}));
  b.make = 100;
  EXPECT_EQ(where_time_goes(b).settings, (std::vector<std::string>{"sampling.workers=4"}));  // no more than there are processors
  b.workers = 4;
  EXPECT_TRUE(where_time_goes(b).settings.empty());
  b.decoded_share = 0.5, b.cache_megabytes = 300;
  EXPECT_EQ(where_time_goes(b).settings, (std::vector<std::string>{"sampling.cache_megabytes=600"}));
}

TEST(TimeBalance, WaitingThatItsSpreadExplainsIsNoFinding) {
  TimeBalance b = computing();
  b.wait_share = about(0.06, 0.1);               // one epoch of five waited
  EXPECT_EQ(where_time_goes(b).bound, "network");
}

TEST(TimeBalance, WorkersThatTakeTheNetworksProcessors) {
  TimeBalance b = computing();
  b.step = about(1.3, 0.05);
  EXPECT_EQ(where_time_goes(b).bound, "shared processors");
  EXPECT_TRUE(where_time_goes(b).settings.empty());              // one of four threads less costs more than it gives
  b.processors = b.threads = 16, b.workers = 2;
  EXPECT_EQ(where_time_goes(b).settings, (std::vector<std::string>{"threads=14"}));
  b.step = about(1.3, 0.4);
  EXPECT_EQ(where_time_goes(b).bound, "network");                // within the spread
  EXPECT_EQ(where_time_goes(b).explanation.find("idle"), std::string::npos);
  b.without_loading = about(1, 0.26);
  EXPECT_NE(where_time_goes(b).explanation.find("between 0.74 s and 1.26 s, so something else uses this machine"), std::string::npos) << where_time_goes(b).explanation;
}

TEST(TimeBalance, ReadingAndUpdating) {
  TimeBalance b = computing();
  b.reading = 501;
  EXPECT_EQ(where_time_goes(b).bound, "reading");
  b.training = 0;                                // not known
  EXPECT_EQ(where_time_goes(b).bound, "network");
  b.update = 0.25;
  EXPECT_EQ(where_time_goes(b).bound, "update");
  b.update = 0.249;
  EXPECT_EQ(where_time_goes(b).bound, "network");
}

}  // namespace
}  // namespace tomograd
