// Claims, and how a worker ends them.
#include "base/error.h"
#include "experiments/request_id.h"
#include "experiments/sql_store.h"
#include "spec/text_formats.h"

namespace tomograd {
namespace {

// A claim's answer is kept as "trial/attempt trial/attempt ...": what the claims hold besides never changes.
std::vector<std::pair<int64_t, int64_t>> parse_answer(const std::string& answer) {
  std::vector<std::pair<int64_t, int64_t>> pairs;
  std::istringstream in(answer);
  int64_t trial, attempt;
  char slash;
  while (in >> trial >> slash >> attempt) pairs.emplace_back(trial, attempt);
  return pairs;
}

// Not by text(): a stream that finds no memory is silent, and half an answer would be kept.
std::string answer_of(const Claim& claim) { return std::to_string(claim.trial) + "/" + std::to_string(claim.attempt); }

Claim read_claim(SqlConnection& db, int64_t trial, int64_t attempt, const std::string& owner) {
  Query row(db, "SELECT settings, design, fingerprint FROM trial WHERE number = $1", trial);
  if (!row.step()) fail_failure(text("trial ", trial, " is not in the store"));
  return {trial, attempt, owner, row.str(2), parse_json(row.text(0), "the store"), parse_json(row.text(1), "the store")};
}

}  // namespace

std::vector<Claim> SqlStore::claim_some(const std::string& owner, const std::string& request_id, int64_t most) {
  if (most < 1 || most > most_claims) fail_failure(text(most, " trials cannot be claimed at once; 1 to ", most_claims, " can"));
  if (owner.empty() || request_id.empty()) fail_failure("a claim needs an owner and a request id");
  std::vector<Claim> claims;
  write("claim", [&] {
    claims.clear();
    if (auto before = answered(request_id, "claim")) {
      for (const auto& [trial, attempt] : parse_answer(*before)) claims.push_back(read_claim(db_, trial, attempt, owner));
      return;
    }
    take_back("", "the lease ran out");
    {
      Query row(db_,
                "SELECT t.number, t.attempts, t.fingerprint, t.settings, t.design FROM trial t WHERE t.state IN ('waiting', 'preempted') AND "
                "EXISTS (SELECT 1 FROM experiment WHERE stop_requested = 0) ORDER BY t.number LIMIT $1 FOR UPDATE OF t SKIP LOCKED",
                most);
      while (row.step()) claims.push_back({row.integer(0), row.integer(1) + 1, owner, row.str(2), parse_json(row.text(3), "the store"), parse_json(row.text(4), "the store")});
    }
    std::string given;
    for (const Claim& claim : claims) {
      run(db_, "UPDATE trial SET state = 'running', attempts = $1 WHERE number = $2", claim.attempt, claim.trial);
      run(db_,
          "INSERT INTO attempt(trial, attempt, owner, boot, lease_until, started) SELECT $1, $2, $3, boot_name(), lease_clock() + lease_milliseconds, wall_clock() FROM experiment",
          claim.trial, claim.attempt, owner);
      add_event("claimed", claim.trial, claim.attempt, owner);
      given += (given.empty() ? "" : " ") + answer_of(claim);
    }
    if (!claims.empty()) answer(request_id, "claim", given);
  });
  return claims;
}

// Fencing. A claim is ours while its attempt is the trial's last and nothing has ended it. A lease that ran out without
// anybody having taken the trial back is still ours: there is nobody whom we could harm.
void SqlStore::require_owned(const Claim& claim) {
  int64_t attempts = 0;
  bool running = false;
  {
    Query row(db_, "SELECT attempts, state FROM trial WHERE number = $1 FOR UPDATE", claim.trial);
    if (row.step()) attempts = row.integer(0), running = row.text(1) == "running";
  }
  Query row(db_, "SELECT owner, outcome FROM attempt WHERE trial = $1 AND attempt = $2", claim.trial, claim.attempt);
  if (!row.step()) fail_failure(text("attempt ", claim.attempt, " of trial ", claim.trial, " is not in the store"));
  if (attempts == claim.attempt && running && row.is_null(1) && row.text(0) == claim.owner) return;
  tomograd::fail(ErrorKind::conflict, text("attempt ", claim.attempt, " of trial ", claim.trial, " is no longer this worker's: ",
                                           attempts > claim.attempt ? text("attempt ", attempts, " has taken over") : row.is_null(1) ? text("'", row.text(0), "' has it") : text("it ended as ", row.text(1))),
                 "this worker was silent for longer than lease_seconds, or was taken for dead");
}

void SqlStore::close_attempt(int64_t trial, int64_t attempt, const char* outcome, const std::string& reason) {
  run(db_, "UPDATE attempt SET outcome = $1, reason = $2, ended = wall_clock() WHERE trial = $3 AND attempt = $4", std::string(outcome), reason, trial, attempt);
}

bool SqlStore::heartbeat(const Claim& claim, double progress) {
  bool go_on = true;
  write("heartbeat", [&] {
    require_owned(claim);
    run(db_, "UPDATE attempt SET lease_until = lease_clock() + (SELECT lease_milliseconds FROM experiment), boot = boot_name(), progress = $1 WHERE trial = $2 AND attempt = $3", progress, claim.trial, claim.attempt);
    Query row(db_, "SELECT stop_requested FROM experiment");
    go_on = row.step() && row.integer(0) == 0;
  });
  return go_on;
}

void SqlStore::end_attempt(const Claim& claim, const char* kind, const std::string& request_id, const std::function<void()>& body) {
  write(kind, [&] {
    if (auto before = answered(request_id, kind)) {
      if (*before != answer_of(claim)) fail_failure(text("request id '", request_id, "' was used for trial/attempt ", *before, " before, now for ", answer_of(claim)));
      return;
    }
    require_owned(claim);
    body();
    answer(request_id, kind, answer_of(claim));
  });
}

void SqlStore::record_result(const Claim& claim, const char* state, const TrialOutcome& outcome) {
  run(db_, "INSERT INTO result(trial, attempt, metrics, timing) VALUES ($1, $2, $3, $4)", claim.trial, claim.attempt, to_json(outcome.metrics, false), to_json(outcome.timing, false));
  close_attempt(claim.trial, claim.attempt, state, "");
  run(db_, "UPDATE trial SET state = $1, reason = '' WHERE number = $2", std::string(state), claim.trial);
  add_event(state, claim.trial, claim.attempt, "");
}

void SqlStore::adopt(const std::vector<Adopted>& results, const std::string& request_id) {
  const std::string request = request_id.empty() ? new_request_id() : request_id;
  write("adopt", [&] {
    if (answered(request, "adopt")) return;
    for (const Adopted& result : results) {
      Claim claim;
      claim.trial = result.trial, claim.attempt = 1;
      if (run(db_, "UPDATE trial SET attempts = 1 WHERE number = $1 AND attempts = 0 AND state = 'waiting'", result.trial) != 1) fail_usage(text("trial ", result.trial, " is not there, or was claimed before"));
      run(db_, "INSERT INTO attempt(trial, attempt, owner, boot, lease_until, started) VALUES ($1, 1, $2, boot_name(), lease_clock(), wall_clock())", result.trial, result.source);
      add_event("adopted", result.trial, 1, result.source);
      record_result(claim, "complete", result.outcome);
    }
    answer(request, "adopt", "");
  });
}

void SqlStore::complete(const Claim& claim, const TrialOutcome& outcome, const std::string& request_id) {
  end_attempt(claim, "result", request_id, [&] { record_result(claim, "complete", outcome); });
}

void SqlStore::prune(const Claim& claim, const TrialOutcome& outcome, const std::string& request_id) {
  end_attempt(claim, "prune", request_id, [&] { record_result(claim, "pruned", outcome); });
}

void SqlStore::fail(const Claim& claim, const std::string& reason, bool retry, const std::string& request_id) {
  end_attempt(claim, "fail", request_id, [&] { give_back(claim.trial, claim.attempt, reason, retry); });
}

void SqlStore::preempt(const Claim& claim, const std::string& reason, const std::string& request_id) {
  end_attempt(claim, "preempt", request_id, [&] {
    close_attempt(claim.trial, claim.attempt, "preempted", reason);
    run(db_, "UPDATE trial SET state = 'preempted', reason = $1 WHERE number = $2", reason, claim.trial);
    add_event("preempted", claim.trial, claim.attempt, reason);
  });
}

}  // namespace tomograd
