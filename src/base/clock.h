// Time, injected: code that waits, leases or measures takes a Clock, and tests hand it a ManualClock.
#pragma once

#include <cstdint>
#include <string>

namespace tomograd {

class Clock {
 public:
  virtual ~Clock() = default;
  virtual double monotonic_seconds() = 0;      // for intervals; never goes back
  virtual int64_t unix_milliseconds() = 0;     // for records that people read
  virtual void sleep_seconds(double seconds) = 0;
};

Clock& system_clock();

// "2026-11-22T16:48:41Z"
std::string utc_text(int64_t unix_milliseconds);

class ManualClock : public Clock {
 public:
  double monotonic_seconds() override { return now_; }
  int64_t unix_milliseconds() override { return int64_t(now_ * 1000); }
  void sleep_seconds(double seconds) override { now_ += seconds; }
  void advance(double seconds) { now_ += seconds; }

 private:
  double now_ = 1.0e6;
};

}  // namespace tomograd
