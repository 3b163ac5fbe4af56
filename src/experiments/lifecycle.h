// The life of a worker: claim, run, report, again, until no trial is left. Knows neither training nor SQLite.
#pragma once

#include <functional>
#include <stop_token>
#include <string>

#include "base/clock.h"
#include "experiments/proposing.h"
#include "experiments/trial_store.h"

namespace tomograd {

class TrialReporter {  // what a runner tells while it runs, and hears
 public:
  virtual ~TrialReporter() = default;
  virtual void progress(double share) = 0;       // 0 to 1
  virtual std::stop_token stop() const = 0;      // requested: save the state and throw Error(stopped)
  // Before an error: a part of the attempt, such as a rank of its training, was killed from outside. That says as little against the
  // trial as a worker that is gone, and counts as lost.
  virtual void lost() {}
};

class TrialRunner {
 public:
  virtual ~TrialRunner() = default;
  // Runs one attempt. Errors decide what becomes of the trial: stopped = preempted, to be continued; input and usage =
  // failed for good, the next attempt could only fail the same way; all others = another attempt.
  virtual TrialOutcome run(const Claim& claim, TrialReporter& reporter) = 0;
};

struct WorkerOptions {
  std::string owner;                             // unique among all workers ever (host, process, start)
  double heartbeat_seconds = 15;                 // a quarter of the lease or less
  double idle_seconds = 0.2;                     // between looks for work while other workers still run trials
  std::stop_token stop;
  std::function<bool()> may_claim;               // asked before each claim; false ends the worker (no money left). Default: always
  const Proposing* proposing = nullptr;          // of a search: what adds trials when nothing can be claimed
  // Called from the heartbeat thread when the claim was lost; a worker whose runner writes files ends its process here, so
  // that it touches nothing that the new owner uses. Default: the runner is asked to stop and its outcome is dropped.
  std::function<void(const std::string& reason)> on_fenced;
};

struct WorkerSummary {
  int64_t complete = 0, failed = 0, preempted = 0, lost = 0, fenced = 0;
  bool stopped = false;                          // ended by a request, not because all trials were done
};

WorkerSummary run_worker(TrialStore& store, TrialRunner& runner, Clock& clock, const WorkerOptions& options);

// "node7-4711-1a2b3c": host name, process id, start time.
std::string unique_owner_name(Clock& clock);

}  // namespace tomograd
