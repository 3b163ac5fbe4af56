// What others than its worker do to a trial: taking it back from a worker that is gone, letting it wait again, ending it.
#include <algorithm>

#include "base/error.h"
#include "experiments/request_id.h"
#include "experiments/sql_store.h"

namespace tomograd {

// An attempt that failed: the trial waits for its next attempt or, when they are used up, has failed.
void SqlStore::give_back(int64_t trial, int64_t attempt, const std::string& reason, bool retry) {
  close_attempt(trial, attempt, "failed", reason);
  run(db_, "UPDATE trial SET failures = failures + 1, reason = $1, state = CASE WHEN $2 <> 0 AND failures + 1 < (SELECT attempts FROM experiment) THEN 'waiting' ELSE 'failed' END WHERE number = $3", reason,
      int64_t(retry), trial);
  add_event("failed", trial, attempt, reason);
}

// An attempt whose worker is gone says nothing against the trial, which waits again. One that takes its worker with it
// every time must come to an end all the same, so those are counted that followed each other without getting further than
// one before them; an attempt that ended by itself starts the count anew.
void SqlStore::lose(int64_t trial, int64_t attempt, const std::string& reason) {
  int64_t lost = 0, most = 0;
  {
    Query row(db_,
              "SELECT count(*), (SELECT attempts FROM experiment) FROM attempt WHERE trial = $1 AND (outcome = 'lost' OR attempt = $2) "
              "AND attempt > (SELECT coalesce(max(attempt), 0) FROM attempt WHERE trial = $1 AND outcome IN ('failed', 'preempted')) "
              "AND attempt >= (SELECT attempt FROM attempt WHERE trial = $1 ORDER BY progress DESC, attempt LIMIT 1)",
              trial, attempt);
    if (row.step()) lost = row.integer(0), most = row.integer(1) * lost_per_attempt;
  }
  if (lost >= most) return give_back(trial, attempt, text(reason, " (", lost, " times in a row, without progress)"), false);
  close_attempt(trial, attempt, "lost", reason);
  run(db_, "UPDATE trial SET state = 'waiting', reason = $1 WHERE number = $2", reason, trial);
  add_event("lost", trial, attempt, reason);
}

// Inside a transaction. owner = "": attempts whose lease ran out; else all attempts of this owner. What another session is
// just writing about is left to the next time.
int64_t SqlStore::take_back(const std::string& owner, const std::string& reason) {
  std::vector<std::pair<int64_t, int64_t>> lost;
  auto gather = [&](Query row) {
    while (row.step()) lost.emplace_back(row.integer(0), row.integer(1));
  };
  if (owner.empty()) {
    // Three looks into the index of boots and leases: joined by OR they would read every open attempt at every claim.
    gather(Query(db_, "SELECT a.trial, a.attempt FROM attempt a JOIN trial t ON t.number = a.trial WHERE a.outcome IS NULL AND a.boot = boot_name() AND a.lease_until < lease_clock() FOR UPDATE OF t, a SKIP LOCKED"));
    gather(Query(db_, "SELECT a.trial, a.attempt FROM attempt a JOIN trial t ON t.number = a.trial WHERE a.outcome IS NULL AND a.boot < boot_name() FOR UPDATE OF t, a SKIP LOCKED"));
    gather(Query(db_, "SELECT a.trial, a.attempt FROM attempt a JOIN trial t ON t.number = a.trial WHERE a.outcome IS NULL AND a.boot > boot_name() FOR UPDATE OF t, a SKIP LOCKED"));
    std::sort(lost.begin(), lost.end());
  } else
    gather(Query(db_, "SELECT a.trial, a.attempt FROM attempt a JOIN trial t ON t.number = a.trial WHERE a.outcome IS NULL AND a.owner = $1 ORDER BY a.trial FOR UPDATE OF t, a", owner));
  for (const auto& [trial, attempt] : lost) lose(trial, attempt, reason);
  return int64_t(lost.size());
}

int64_t SqlStore::sweep() {
  int64_t count = 0;
  write("sweep", [&] { count = take_back("", "the lease ran out"); });
  return count;
}

int64_t SqlStore::release(const std::string& owner, const std::string& reason) {
  if (owner.empty()) fail_failure("release() needs an owner");
  int64_t count = 0;
  write("release", [&] { count = take_back(owner, reason); });
  return count;
}

std::vector<int64_t> SqlStore::reopen(const std::vector<int64_t>& trials, const std::string& request_id) {
  std::string request = request_id.empty() ? new_request_id() : request_id;
  std::vector<int64_t> numbers;
  write("reopen", [&] {
    numbers.clear();
    if (auto before = answered(request, "reopen")) {
      std::istringstream in(*before);
      for (int64_t number; in >> number;) numbers.push_back(number);
      return;
    }
    numbers = trials;
    if (trials.empty())
      for (Query row(db_, "SELECT number FROM trial WHERE state = 'failed' ORDER BY number"); row.step();) numbers.push_back(row.integer(0));
    std::string given;
    for (int64_t number : numbers) {
      int64_t attempts = 0;
      {
        Query row(db_, "SELECT state, attempts FROM trial WHERE number = $1 FOR UPDATE", number);
        if (!row.step()) fail_usage(text("there is no trial ", number));
        if (row.text(0) != "failed") fail_usage(text("trial ", number, " is ", row.text(0), "; only failed trials can be tried again"));
        attempts = row.integer(1);
      }
      run(db_, "UPDATE trial SET state = 'waiting', failures = 0 WHERE number = $1", number);
      add_event("retry", number, attempts, "");
      given += text(number, " ");
    }
    answer(request, "reopen", given);
  });
  return numbers;
}

void SqlStore::cancel(const std::vector<int64_t>& trials) {
  std::vector<int64_t> numbers = trials;
  std::sort(numbers.begin(), numbers.end());     // two sessions lock in the same order
  write("cancel", [&] {
    for (int64_t number : numbers) {
      TrialState state = TrialState::waiting;
      int64_t attempts = 0;
      {
        Query row(db_, "SELECT state, attempts FROM trial WHERE number = $1 FOR UPDATE", number);
        if (!row.step()) fail_usage(text("there is no trial ", number));
        state = trial_state_from(row.str(0)), attempts = row.integer(1);
      }
      if (state == TrialState::cancelled) continue;
      if (is_over(state)) fail_usage(text("trial ", number, " is ", trial_state_name(state), "; only what is not over can be cancelled"));
      if (state == TrialState::running) close_attempt(number, attempts, "cancelled", "");
      run(db_, "UPDATE trial SET state = 'cancelled', reason = '' WHERE number = $1", number);
      add_event("cancelled", number, attempts, "");
    }
  });
}

}  // namespace tomograd
