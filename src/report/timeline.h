// Who worked when: from the events of a store to one row per worker with its attempts, their ends and the waits between them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "experiments/trial_store.h"

namespace tomograd {

struct AttemptSpan {
  int64_t trial = 0, attempt = 0;
  double begin = 0, end = 0;                     // seconds since the timeline's start; of a lost attempt the end is when the
                                                 // loss was noticed, not when its worker died
  std::string outcome;                           // complete, pruned, failed, preempted, lost, cancelled, running
  std::string reason;                            // why it failed, was preempted or lost
};

struct WorkerRow {
  std::string owner;
  std::vector<AttemptSpan> attempts;             // in order, one at a time
  double busy_seconds = 0, waited_seconds = 0;   // in attempts; between its first claim and its last end outside of them
};

struct TimelineMark {                            // stop, resume, retry
  std::string kind;
  int64_t trial = 0;                             // of retry
  double at = 0;
};

struct Timeline {
  int64_t start = 0;                             // Unix milliseconds of the first claim
  double seconds = 0;                            // to the last end
  std::vector<WorkerRow> workers;                // in order of their first claim
  std::vector<TimelineMark> marks;
  int64_t complete = 0, pruned = 0, failed = 0, preempted = 0, lost = 0, cancelled = 0, running = 0;  // attempts
  double busy_seconds = 0, lost_seconds = 0;     // over all workers; in attempts that were lost or failed
};

// An attempt without an end runs until `now` (Unix milliseconds; 0 = the last event), or, when the trial is abandoned, until
// the last event. Events of an experiment in which nothing was claimed give an empty timeline.
Timeline make_timeline(const std::vector<StoreEvent>& events, const std::vector<TrialRecord>& trials, int64_t now = 0);

// Stretches in which no attempt ran that are long enough to hide the rest: longer than `share` of the time at work and
// `share` of everything. Charts cut them out. Sorted.
struct Pause { double begin = 0, end = 0; };
std::vector<Pause> pauses(const Timeline& timeline, double share = 0.1);

}  // namespace tomograd
