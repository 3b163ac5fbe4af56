// What is known of this host's Slurm, a few seconds old at most while somebody asks. Its commands may hang for as long as their limit when the controller
// does; they run on a thread of their own, and who asks gets what was known before.
#pragma once

#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>

#include "base/clock.h"
#include "cluster/slurm_overview.h"

namespace tomograd {

class ClusterWatch {                             // thread-safe
 public:
  ClusterWatch(SlurmTools tools, double command_seconds, Clock& clock) : tools_(std::move(tools)), command_seconds_(command_seconds), clock_(clock) {}
  ~ClusterWatch();                               // ends the commands that run

  struct Seen {
    std::optional<SlurmOverview> overview;       // none: the first answer is still waited for
    double age_seconds = 0;
    bool asking = false;                         // a newer one is on its way
  };
  Seen look();                                   // waits half a second for the first answer, for later ones not at all
  static constexpr double fresh_seconds = 5;

 private:
  const SlurmTools tools_;
  const double command_seconds_;
  Clock& clock_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<SlurmOverview> known_;
  double known_at_ = 0;
  bool asking_ = false;
  std::jthread asker_;                           // the last, so that it ends first
};

}  // namespace tomograd
