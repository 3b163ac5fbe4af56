// The record of an experiment that survives anything: all trials are written before the first starts; a worker claims a
// trial together with its lease in one transaction; every claim gets a larger attempt number, and a write that carries an
// older one is refused (fencing), so a worker that was thought dead and wakes up can do no harm.
// The promises P1 to P9 are those of research/reliability.md §1.3.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "search/trial_plan.h"
#include "spec/value.h"

namespace tomograd {

// waiting -> running -> complete | pruned | failed | preempted; preempted trials are claimed again like waiting ones; pruned =
// ended early because it promised too little, with what it measured so far. cancel() ends what is not over. An attempt that
// fails puts the trial back to waiting until the attempts are used up; a preemption uses up none, and neither does an attempt
// that is lost because its worker was killed: only lost_per_attempt times as many of these, one after the other without
// progress, make a trial failed. reopen() lets failed trials wait again with all their attempts.
constexpr int64_t lost_per_attempt = 10;
constexpr int64_t most_claims = 16;              // that one call of claim_some() may take
enum class TrialState { waiting, running, complete, failed, preempted, cancelled, pruned };
const char* trial_state_name(TrialState state);
bool is_over(TrialState state);                  // complete, failed, cancelled, pruned
TrialState trial_state_from(const std::string& name);

struct ExperimentRecord {
  std::string name;
  Value spec;                                    // resolved experiment spec
  Value facts = Value::table();                  // what else reports need: channels, patients, labels of variables
  std::string fingerprint;                       // digest of what decides the trials and their results
  int64_t attempts = 3;                          // attempts that may fail before a trial counts as failed
  double lease_seconds = 60;
  int64_t created = 0;                           // Unix milliseconds
};

struct TrialRecord {
  int64_t number = 0;
  TrialState state = TrialState::waiting;
  Value settings, design;                        // as planned (search/trial_plan.h)
  std::string fingerprint;                       // digest of the experiment's fingerprint and the settings
  int64_t attempts = 0;                          // claims so far
  int64_t failures = 0;                          // of them, those that failed since the trial was last reopened
  std::string reason;                            // of the last failure, loss or preemption; "" when complete
  std::string owner;                             // while running
  double progress = 0;                           // while running, 0 to 1
  bool abandoned = false;                        // running by the record, but its lease ran out: the worker is gone
  Value metrics, timing;                         // when complete or pruned: what is reproducible, and what is not (times, bytes)
};

struct Claim {
  int64_t trial = 0, attempt = 0;
  std::string owner, fingerprint;
  Value settings, design;
};

struct TrialOutcome {
  Value metrics = Value::table(), timing = Value::table();
};

struct Adopted {                                 // a result of another experiment whose trial was the same
  int64_t trial = 0;                             // here
  TrialOutcome outcome;
  std::string source;                            // for people: which experiment, which trial
};

struct TrialCounts {
  int64_t waiting = 0, running = 0, complete = 0, failed = 0, preempted = 0, cancelled = 0, pruned = 0;
  int64_t open() const { return waiting + running + preempted; }      // a worker may still have to run these
  int64_t over() const { return complete + failed + cancelled + pruned; }
  int64_t total() const { return open() + over(); }
  bool operator==(const TrialCounts&) const = default;
};

struct StoreEvent {
  int64_t id = 0, at = 0;                        // Unix milliseconds
  // created, extended, adopted, claimed, complete, pruned, failed, preempted, lost, cancelled, retry, stop, resume, note
  std::string kind;
  int64_t trial = 0, attempt = 0;                // 0 = of the whole experiment
  std::string text;
};

// All members are thread-safe. A request id is made by the caller, unique per request, and sent again when the answer got
// lost: the second time nothing happens and the first answer is given. `conflict` errors mean: the claim is no longer yours.
class TrialStore {
 public:
  virtual ~TrialStore() = default;

  // The experiment and all its trials in one transaction. Error(input) when the store has an experiment already.
  virtual void create(const ExperimentRecord& experiment, const std::vector<PlannedTrial>& trials) = 0;
  // More trials, in one transaction. Several workers may propose the same trial at once: one whose number is there with equal
  // settings is left as it is; with other settings it is Error(conflict), and none is added. spec: replaces the recorded one; its
  // fingerprint stays, which names the experiment.
  virtual void extend(const std::vector<PlannedTrial>& trials, const Value& spec = {}) = 0;
  // Trials that nobody has claimed yet are complete with results from elsewhere, all in one transaction. Error(usage) for a trial that
  // is not there or was claimed; then none is touched.
  virtual void adopt(const std::vector<Adopted>& results, const std::string& request_id = {}) = 0;
  virtual std::optional<ExperimentRecord> experiment() = 0;           // none = nothing was created yet
  virtual std::vector<TrialRecord> trials() = 0;                      // in order of their numbers
  virtual TrialCounts counts() = 0;
  virtual std::vector<StoreEvent> events(int64_t after_id = 0) = 0;   // in order of their ids; none with a smaller id can follow
  // People's notes, kept as events of kind `note`; trial 0 = of the whole experiment. Error(usage) for a trial that is not there.
  virtual void note(int64_t trial, const std::string& text, const std::string& request_id = {}) = 0;

  // The lowest waiting or preempted trial, after leases that ran out were taken back; none when there is none, or when a
  // stop was requested.
  std::optional<Claim> claim(const std::string& owner, const std::string& request_id);
  // The same for as many as there are, at most `most` (1 to most_claims), in one transaction.
  virtual std::vector<Claim> claim_some(const std::string& owner, const std::string& request_id, int64_t most) = 0;
  // Prolongs the lease; returns false when the experiment is to stop. Error(conflict) when the claim is no longer ours.
  virtual bool heartbeat(const Claim& claim, double progress) = 0;
  virtual void complete(const Claim& claim, const TrialOutcome& outcome, const std::string& request_id) = 0;
  virtual void prune(const Claim& claim, const TrialOutcome& outcome, const std::string& request_id) = 0;
  // retry = false: the next attempt could only fail the same way (a bad value in the spec).
  virtual void fail(const Claim& claim, const std::string& reason, bool retry, const std::string& request_id) = 0;
  virtual void preempt(const Claim& claim, const std::string& reason, const std::string& request_id) = 0;

  // Takes back what runs without a living owner; each returns the number of trials. release(): the owner is known to be
  // dead (its process was reaped), so its leases need not run out first.
  virtual int64_t sweep() = 0;
  virtual int64_t release(const std::string& owner, const std::string& reason) = 0;

  // Lets failed trials wait again, their failures forgotten; all of them when none is named. Returns their numbers.
  // Error(usage) for a trial that is not there or has not failed; then none is touched.
  virtual std::vector<int64_t> reopen(const std::vector<int64_t>& trials = {}, const std::string& request_id = {}) = 0;
  // Ends trials that are not over; who runs one hears it as a conflict at the next heartbeat. Error(usage) for a trial that is
  // not there or over; then none is touched. Cancelled ones are left as they are.
  virtual void cancel(const std::vector<int64_t>& trials) = 0;

  virtual void request_stop() = 0;               // no further claims; running workers hear of it at their next heartbeat
  virtual void resume() = 0;                     // takes the request back
  virtual bool stop_requested() = 0;
};

// People's notes among the events, in order.
std::vector<StoreEvent> notes_of(TrialStore& store);

// The trial in whose folder this one goes on (halving); itself when it begins.
int64_t begun_as(int64_t trial, const Value& design);

// The trial's part of a fingerprint chain: digest of both.
std::string trial_fingerprint(const std::string& experiment_fingerprint, const Value& settings);

}  // namespace tomograd
