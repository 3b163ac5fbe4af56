#include "server/cluster_watch.h"

#include <chrono>

#include "base/error.h"

namespace tomograd {

ClusterWatch::~ClusterWatch() {
  if (asker_.joinable()) asker_.request_stop(), asker_.join();
}

ClusterWatch::Seen ClusterWatch::look() {
  std::unique_lock lock(mutex_);
  if (!asking_ && (!known_ || clock_.monotonic_seconds() - known_at_ > fresh_seconds)) {
    if (asker_.joinable()) asker_.join();        // it has said its last word already
    asking_ = true;
    asker_ = std::jthread([this](const std::stop_token& stop) {
      SlurmOverview now;
      try {
        now = look_at_slurm(tools_, command_seconds_, stop);
      } catch (const Error& error) {             // no process or pipe is left
        now.installed = true, now.troubles.push_back(error.message());
      }
      std::lock_guard locked(mutex_);
      known_ = std::move(now), known_at_ = clock_.monotonic_seconds(), asking_ = false;
      changed_.notify_all();
    });
  }
  if (!known_) changed_.wait_for(lock, std::chrono::milliseconds(500), [&] { return known_.has_value(); });
  return {known_, known_ ? clock_.monotonic_seconds() - known_at_ : 0, asking_};
}

}  // namespace tomograd
