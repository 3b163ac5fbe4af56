#include "cluster/lifetime.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "base/error.h"

namespace tomograd {
namespace {

TEST(Lifetime, EndsBeforeAPieceThatWouldNotFit) {
  ManualClock clock;
  Lifetime life(100.0, {}, clock);
  clock.advance(50);                             // what is done once, and the first piece: no measure for the others
  life.next_piece();
  EXPECT_FALSE(life.over());
  clock.advance(20);
  life.next_piece();                             // 70 s are over, 20 more fit
  EXPECT_FALSE(life.stop().stop_requested());
  clock.advance(9);
  EXPECT_FALSE(life.over());                     // 21 s are left for one of 20
  clock.advance(1);
  EXPECT_TRUE(life.over());
  life.next_piece();
  EXPECT_TRUE(life.stop().stop_requested());
}

TEST(Lifetime, IsOverWhenItsTimeIsUp) {
  ManualClock clock;
  Lifetime none(0.0, {}, clock), endless(std::nullopt, {}, clock);
  EXPECT_TRUE(none.over());
  EXPECT_TRUE(none.stop().stop_requested());
  for (int i = 0; i < 3; ++i) clock.advance(1e9), endless.next_piece();
  EXPECT_FALSE(endless.over());
  EXPECT_FALSE(endless.stop().stop_requested());
}

TEST(Lifetime, PassesOnOtherReasonsToStop) {
  ManualClock clock;
  std::stop_source signals;
  Lifetime life(100.0, signals.get_token(), clock);
  signals.request_stop();
  EXPECT_TRUE(life.stop().stop_requested());
  EXPECT_FALSE(life.over());
}

TEST(Lifetime, IsReadFromTheEnvironment) {
  struct Restored {
    ~Restored() { ::unsetenv("TOMOGRAD_LIFETIME_SECONDS"); }
  } restored;
  ::unsetenv("TOMOGRAD_LIFETIME_SECONDS");
  EXPECT_FALSE(Lifetime({}).over());
  ::setenv("TOMOGRAD_LIFETIME_SECONDS", "0", 1);
  EXPECT_TRUE(Lifetime({}).over());
  EXPECT_FALSE(Lifetime({}, true).over());
  for (const char* wrong : {"soon", "-1", "10s", "nan", "inf"}) {
    ::setenv("TOMOGRAD_LIFETIME_SECONDS", wrong, 1);
    try {
      Lifetime life({});
      ADD_FAILURE() << wrong;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::usage);
      EXPECT_NE(error.message().find(wrong), std::string::npos) << error.message();
    }
  }
}

}  // namespace
}  // namespace tomograd
