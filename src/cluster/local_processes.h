// The cluster that this host is: elements as child processes, so many at a time, in the order of submission. Same workers,
// same numbers, same logs as under a scheduler. Time passes inside states(): it collects who ended, starts who is next and
// keeps time limits, so it must be called again and again (watch() does), from one thread that lives as long as the workers.
#pragma once

#include <deque>
#include <map>
#include <vector>

#include "cluster/cluster.h"

namespace tomograd {

struct LocalOptions {
  int64_t at_once = 1;                           // elements running at the same time, over all jobs
  double stop_grace_seconds = 30;                // between TERM and KILL
};

class LocalProcesses : public Cluster {
 public:
  LocalProcesses(Env& env, Clock& clock, LocalOptions options) : env_(env), clock_(clock), options_(options) {}
  ~LocalProcesses() override;                    // ends what runs: TERM, the grace, KILL
  LocalProcesses(const LocalProcesses&) = delete;

  Submission submit(const Job& job) override;    // dependencies name ids of earlier jobs of this object, else Error(input)
  ElementStates states(const Submission& submission) override;
  void requeue(const Submission& submission, int64_t element) override;
  void cancel(const Submission& submission) override;

  void forward(int signal);                      // to every running worker and what it started
  int64_t running() const { return int64_t(children_.size()); }

 private:
  struct Entry {
    Job job;
    Submission submission;
    ElementStates states;
    std::deque<int64_t> queue;                   // pending, in order
    int64_t running = 0;
  };
  struct Child {
    pid_t pid = 0;
    Entry* entry = nullptr;
    int64_t element = 0;
    double started = 0, asked_to_end = 0;        // 0: not asked
    JobState becomes = JobState::unknown;        // when it ends on our request
    bool noticed = false;
  };

  Entry& entry_of(const Submission& submission);
  void advance();
  void reap();
  void keep_limits();
  void start_next();
  bool may_start(Entry& entry);
  void end(Child& child, JobState becomes);
  void conclude(const Child& child, int status);

  Env& env_;
  Clock& clock_;
  LocalOptions options_;
  std::deque<Entry> entries_;                    // references stay valid while it grows
  std::vector<Child> children_;
};

}  // namespace tomograd
