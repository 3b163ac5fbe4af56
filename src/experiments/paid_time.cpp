#include "experiments/paid_time.h"

#include <algorithm>
#include <map>
#include <utility>

namespace tomograd {

PaidTime paid_time(const std::vector<StoreEvent>& events, int64_t now) {
  std::map<std::pair<int64_t, int64_t>, int64_t> claimed;            // (trial, attempt) -> when
  PaidTime paid;
  auto seconds = [](int64_t from, int64_t to) { return double(std::max<int64_t>(0, to - from)) / 1000; };  // a clock may be set back
  for (const auto& event : events) {
    if (event.kind == "claimed") claimed[{event.trial, event.attempt}] = event.at;
    for (const char* end : {"complete", "pruned", "failed", "preempted", "lost", "cancelled"})
      if (event.kind == end)
        if (auto found = claimed.find({event.trial, event.attempt}); found != claimed.end()) {
          paid.finished_seconds.push_back(seconds(found->second, event.at));
          claimed.erase(found);
          break;
        }
  }
  for (const auto& [attempt, at] : claimed) paid.running_seconds.push_back(seconds(at, now));
  return paid;
}

}  // namespace tomograd
