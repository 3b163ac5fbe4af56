// How long a worker may live, where who started it says so: TOMOGRAD_LIFETIME_SECONDS, counted from its start (job.h). After that
// nothing new is taken up, long before a time limit would kill it; ends of many workers are staggered this way.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>
#include <thread>

#include "base/clock.h"

namespace tomograd {

class Lifetime {
 public:
  // Without the variable there is no end, nor with `no_end`. Error(usage) when it is no number of seconds. `stop`: other reasons to stop.
  explicit Lifetime(std::stop_token stop, bool no_end = false);
  Lifetime(std::optional<double> seconds, std::stop_token stop, Clock& clock);
  std::stop_token stop() const { return source_.get_token(); }  // for those reasons, or because the time is up
  bool over() const;                             // the time is up, or the next piece would not fit into it
  // A piece of the work is done and others follow, which may take as long as the longest so far.
  void next_piece();

 private:
  Clock& clock_;
  std::optional<double> end_;                    // monotonic seconds
  double piece_began_ = 0, longest_ = 0;
  bool any_piece_ = false;
  std::stop_source source_;
  std::stop_callback<std::function<void()>> forward_;
  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::jthread timer_;                           // last: it uses all of the above
};

}  // namespace tomograd
