#include "experiments/booking.h"

#include <ctime>

#include "base/error.h"

namespace tomograd {
namespace {

constexpr int64_t minutes_of_day = 24 * 60;

int64_t minute_of(const std::string& given, const std::string& part) {
  auto digits = [&](size_t at) { return part[at] >= '0' && part[at] <= '9' ? part[at] - '0' : 99; };
  if (part.size() == 5 && part[2] == ':') {
    const int64_t hour = digits(0) * 10 + digits(1), minute = digits(3) * 10 + digits(4);
    if (hour < 24 && minute < 60) return hour * 60 + minute;
  }
  fail_usage("'" + given + "' is no span of hours: '" + part + "' is no time from 00:00 to 23:59", "expected two times of day, such as 19:00-07:00");
}

}  // namespace

Booking::Booking(const std::string& between) {
  if (between.empty()) return;
  const size_t dash = between.find('-');
  if (dash == std::string::npos) fail_usage("'" + between + "' is no span of hours", "expected two times of day, such as 19:00-07:00");
  from_ = minute_of(between, between.substr(0, dash)), to_ = minute_of(between, between.substr(dash + 1));
  if (from_ == to_) fail_usage("'" + between + "' begins and ends at the same time", "leave it out to run at all hours");
}

bool Booking::open(int64_t minute) const { return minutes_to_opening(minute) == 0; }

int64_t Booking::minutes_to_opening(int64_t minute) const {
  const int64_t since = (minute - from_ + minutes_of_day) % minutes_of_day, length = (to_ - from_ + minutes_of_day) % minutes_of_day;
  return always() || since < length ? 0 : minutes_of_day - since;
}

int64_t local_minute_of_day(int64_t unix_milliseconds) {
  const std::time_t seconds = std::time_t(unix_milliseconds / 1000);
  std::tm local{};
  ::localtime_r(&seconds, &local);
  return local.tm_hour * 60 + local.tm_min;
}

}  // namespace tomograd
