// Where jobs run: a scheduler, or processes of this host. What a cluster says about an element is a hint; what counts is the
// element's output (a tile with its digest, a trial's result), and an absent job is `unknown`, never complete.
#pragma once

#include <functional>
#include <map>
#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/env.h"
#include "cluster/job.h"

namespace tomograd {

// Elements first .. first + count - 1 of a job, as one job of the scheduler: its index k works on element first + k.
struct JobChunk {
  int64_t index = 0, first = 0, count = 0;
  std::string id;                                // the scheduler's; empty: not accepted yet
};

struct Submission {
  std::string uuid, name;
  int64_t elements = 0;
  int64_t created_unix_seconds = 0;
  std::vector<int64_t> only;                     // as in the job: these elements alone; empty: all
  std::vector<JobChunk> chunks;                  // without those that hold none of `only`

  bool has(int64_t element) const;               // is one of those to run
  const JobChunk& chunk_of(int64_t element) const;  // Error(input) when the element is none of those to run
  std::vector<std::string> ids() const;          // for JobDependency; Error(failure) when a chunk was not accepted
};

// The record of a submission, written before the first chunk is sent and again whenever one is accepted.
void save_submission(Env& env, const std::string& path, const Submission& submission);
Submission load_submission(Env& env, const std::string& path);  // Error(input)

struct ElementStates {
  std::vector<JobState> of;                      // by element; those that are not to run stay `unknown`
  std::map<int64_t, std::string> reasons;        // what is known of those that ended badly or wait for something
  int64_t count(JobState state) const;
  bool all_ended(const Submission& submission) const;
};

class Cluster {
 public:
  virtual ~Cluster() = default;
  // May be called again with the same job (same uuid) after an error or a death of this process: what was accepted is not
  // sent again. Error(input): the cluster refuses such a job for good; Error(failure): it does not answer.
  virtual Submission submit(const Job& job) = 0;
  virtual ElementStates states(const Submission& submission) = 0;
  // One element once more, from the queue; others are not touched. A running one is ended first.
  virtual void requeue(const Submission& submission, int64_t element) = 0;
  virtual void cancel(const Submission& submission) = 0;   // what has ended is left as it is
};

// Asks for the states every `poll_seconds` and hands them to `look`, until it returns false, all have ended, or a stop was
// requested (the caller decides whether to cancel).
ElementStates watch(Cluster& cluster, const Submission& submission, Clock& clock, double poll_seconds, const std::stop_token& stop, const std::function<bool(const ElementStates&)>& look);

}  // namespace tomograd
