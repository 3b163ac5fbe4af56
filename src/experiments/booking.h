// Hours of the day during which a shared machine is ours: "19:00-07:00". Trials start and run inside them; when they end, running
// trials save their state and wait for the next opening.
#pragma once

#include <cstdint>
#include <string>

namespace tomograd {

class Booking {
 public:
  // "" = always. Two times of day of the local time zone, the second excluded; the second may lie on the next day. Error(usage)
  // quotes what is no such pair; equal times are refused, as they could mean never or always.
  explicit Booking(const std::string& between = "");
  bool open(int64_t minute_of_day) const;        // 0 to 1439
  int64_t minutes_to_opening(int64_t minute_of_day) const;  // 0 when it is open
  bool always() const { return from_ == to_; }

 private:
  int64_t from_ = 0, to_ = 0;                    // minutes of the day
};

int64_t local_minute_of_day(int64_t unix_milliseconds);

}  // namespace tomograd
