#include "base/clock.h"

#include <time.h>

#include <chrono>
#include <thread>

namespace tomograd {
namespace {

class SystemClock : public Clock {
 public:
  double monotonic_seconds() override { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }
  int64_t unix_milliseconds() override { return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch()).count(); }
  void sleep_seconds(double seconds) override { std::this_thread::sleep_for(std::chrono::duration<double>(seconds)); }
};

}  // namespace

Clock& system_clock() {
  static SystemClock clock;
  return clock;
}

std::string utc_text(int64_t unix_milliseconds) {
  time_t seconds = time_t(unix_milliseconds / 1000);
  tm parts{};
  gmtime_r(&seconds, &parts);
  char buffer[32];
  strftime(buffer, sizeof buffer, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return buffer;
}

}  // namespace tomograd
