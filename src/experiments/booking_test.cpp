#include "experiments/booking.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace tomograd {
namespace {

TEST(Booking, NightEndsOnTheNextDay) {
  Booking night("19:00-07:00");
  EXPECT_TRUE(night.open(19 * 60));
  EXPECT_TRUE(night.open(23 * 60 + 59));
  EXPECT_TRUE(night.open(0));
  EXPECT_TRUE(night.open(7 * 60 - 1));
  EXPECT_FALSE(night.open(7 * 60));
  EXPECT_EQ(night.minutes_to_opening(7 * 60), 12 * 60);
  EXPECT_EQ(night.minutes_to_opening(18 * 60 + 59), 1);
}

TEST(Booking, DayAndAlways) {
  Booking day("08:30-12:00");
  EXPECT_FALSE(day.open(8 * 60 + 29));
  EXPECT_TRUE(day.open(8 * 60 + 30));
  EXPECT_FALSE(day.open(12 * 60));
  EXPECT_EQ(day.minutes_to_opening(12 * 60), 20 * 60 + 30);
  EXPECT_TRUE(Booking().open(0));
  EXPECT_TRUE(Booking("00:00-23:59").open(0));
}

TEST(Booking, RefusesWhatIsNoSpan) {
  for (const char* given : {"19-7", "19:00", "24:00-07:00", "19:60-07:00", "7:00-19:00", "07:00-07:00", "19:00-07:00-08:00", "ab:cd-07:00", "-"}) EXPECT_THROW(Booking{given}, Error) << given;
}

}  // namespace
}  // namespace tomograd
