#include "experiments/sqlite_store.h"

#include <sys/stat.h>

#include <fstream>
#include <mutex>

#include "base/env.h"
#include "base/error.h"
#include "base/failpoint.h"
#include "experiments/sqlite_database.h"
#include "experiments/sqlite_schema.h"
#include "spec/text_formats.h"

namespace tomograd {

int64_t system_file_system_magic(const std::string& folder);  // file_system.cpp

namespace {

std::string this_boot() {
  std::string id;
  std::ifstream("/proc/sys/kernel/random/boot_id") >> id;
  return id.empty() ? "unknown" : id;
}

Value json_column(const Statement& row, int column) { return parse_json(row.str(column), "the store"); }

class SqliteStore : public TrialStore {
 public:
  SqliteStore(const std::string& path, Clock& clock, const SqliteOptions& options)
      : db_(path, options.create, options.busy_seconds), clock_(clock), boot_(options.boot.empty() ? this_boot() : options.boot) {
    check_or_make_schema(options.create);
  }

  void create(const ExperimentRecord& experiment, const std::vector<PlannedTrial>& trials) override;
  std::optional<ExperimentRecord> experiment() override;
  std::vector<TrialRecord> trials() override;
  TrialCounts counts() override;
  std::vector<StoreEvent> events(int64_t after_id) override;
  std::optional<Claim> claim(const std::string& owner, const std::string& request_id) override;
  bool heartbeat(const Claim& claim, double progress) override;
  void complete(const Claim& claim, const TrialOutcome& outcome, const std::string& request_id) override;
  void fail(const Claim& claim, const std::string& reason, bool retry, const std::string& request_id) override;
  void preempt(const Claim& claim, const std::string& reason, const std::string& request_id) override;
  int64_t sweep() override;
  int64_t release(const std::string& owner, const std::string& reason) override;
  std::vector<int64_t> reopen(const std::vector<int64_t>& trials) override;
  void request_stop() override { set_stop(true); }
  void resume() override { set_stop(false); }
  bool stop_requested() override;

 private:
  void check_or_make_schema(bool may_create);
  int64_t monotonic_milliseconds() { return int64_t(clock_.monotonic_seconds() * 1000); }
  void note(const char* kind, int64_t trial, int64_t attempt, const std::string& what);
  bool seen_request(const std::string& id, const char* kind, const Claim& claim);
  void require_owned(const Claim& claim);
  void close_attempt(int64_t trial, int64_t attempt, const char* outcome, const std::string& reason);
  void give_back(int64_t trial, int64_t attempt, const std::string& reason, bool retry);
  void lose(int64_t trial, int64_t attempt, const std::string& reason);
  int64_t take_back(const std::string& owner, const std::string& reason);
  void set_stop(bool stop);
  Claim read_claim(int64_t trial, int64_t attempt, const std::string& owner);

  std::mutex mutex_;                             // one transaction at a time on the one connection
  Database db_;
  Clock& clock_;
  std::string boot_;
};

void SqliteStore::check_or_make_schema(bool may_create) {
  int64_t version, application, tables;
  {
    auto row = db_.prepare("PRAGMA user_version");
    row.step(), version = row.integer(0);
  }
  {
    auto row = db_.prepare("PRAGMA application_id");
    row.step(), application = row.integer(0);
  }
  {
    auto row = db_.prepare("SELECT count(*) FROM sqlite_schema");
    row.step(), tables = row.integer(0);
  }
  const std::string& path = db_.path();
  if (version == 0 && application == 0 && tables == 0) {
    if (!may_create) fail_input("'" + path + "' is empty and no experiment store");
    Transaction transaction(db_);
    auto row = db_.prepare("SELECT count(*) FROM sqlite_schema WHERE name = 'experiment'");
    row.step();
    if (row.integer(0) == 0) {                   // nobody made it since we looked
      db_.execute(schema_sql);
      db_.execute(text("PRAGMA application_id = ", schema_application, "; PRAGMA user_version = ", schema_version).c_str());
    }
    FAILPOINT("schema.before_commit");
    transaction.commit();
    FAILPOINT("schema.after_commit");
    return;
  }
  if (application != schema_application) fail_input("'" + path + "' is an SQLite file of another program, not an experiment store");
  if (version > schema_version)
    fail_input(text("'", path, "' was written by a newer version of tomograd (store version ", version, ", this one reads up to ", schema_version, ")"), "update tomograd");
  auto row = db_.prepare("PRAGMA quick_check(1)");
  if (row.step() && row.str(0) != "ok") fail_input(text("'", path, "' is damaged: ", row.str(0)), "nothing was changed in it; copy it before you try to repair it with `sqlite3 FILE .recover`");
}

void SqliteStore::note(const char* kind, int64_t trial, int64_t attempt, const std::string& what) {
  db_.prepare("INSERT INTO event(at, kind, trial, attempt, text) VALUES (?, ?, ?, ?, ?)").bind(clock_.unix_milliseconds()).bind(std::string(kind)).bind(trial).bind(attempt).bind(what).run();
}

void SqliteStore::create(const ExperimentRecord& experiment, const std::vector<PlannedTrial>& trials) {
  std::lock_guard lock(mutex_);
  Transaction transaction(db_);
  bool taken;
  {
    auto row = db_.prepare("SELECT count(*) FROM experiment");
    row.step(), taken = row.integer(0) > 0;
  }
  if (taken) fail_input("'" + db_.path() + "' holds an experiment already", "resume it, or choose another `out`");
  if (trials.empty()) fail_input("the experiment has no trials");
  db_.prepare("INSERT INTO experiment(id, name, spec, facts, fingerprint, attempts, lease_milliseconds, created) VALUES (1, ?, ?, ?, ?, ?, ?, ?)")
      .bind(experiment.name).bind(to_json(experiment.spec, false)).bind(to_json(experiment.facts, false)).bind(experiment.fingerprint)
      .bind(experiment.attempts).bind(int64_t(experiment.lease_seconds * 1000)).bind(clock_.unix_milliseconds()).run();
  for (const auto& trial : trials)
    db_.prepare("INSERT INTO trial(number, state, settings, design, fingerprint) VALUES (?, 'waiting', ?, ?, ?)")
        .bind(trial.number).bind(to_json(trial.settings, false)).bind(to_json(trial.design, false)).bind(trial_fingerprint(experiment.fingerprint, trial.settings)).run();
  note("created", 0, 0, text(trials.size(), " trials"));
  FAILPOINT("create.before_commit");
  transaction.commit();
  FAILPOINT("create.after_commit");
}

std::optional<ExperimentRecord> SqliteStore::experiment() {
  std::lock_guard lock(mutex_);
  auto row = db_.prepare("SELECT name, spec, facts, fingerprint, attempts, lease_milliseconds, created FROM experiment");
  if (!row.step()) return std::nullopt;
  ExperimentRecord record;
  record.name = row.str(0), record.spec = json_column(row, 1), record.facts = json_column(row, 2), record.fingerprint = row.str(3);
  record.attempts = row.integer(4), record.lease_seconds = double(row.integer(5)) / 1000, record.created = row.integer(6);
  return record;
}

std::vector<TrialRecord> SqliteStore::trials() {
  std::lock_guard lock(mutex_);
  std::vector<TrialRecord> trials;
  auto row = db_.prepare(
      "SELECT t.number, t.state, t.settings, t.design, t.fingerprint, t.attempts, t.failures, t.reason, a.owner, a.progress, r.metrics, r.timing, a.lease_until < ? OR a.boot <> ? FROM trial t "
      "LEFT JOIN attempt a ON t.state = 'running' AND a.trial = t.number AND a.attempt = t.attempts LEFT JOIN result r ON r.trial = t.number ORDER BY t.number");
  row.bind(monotonic_milliseconds()).bind(boot_);
  while (row.step()) {
    TrialRecord trial;
    trial.number = row.integer(0), trial.state = trial_state_from(row.str(1)), trial.settings = json_column(row, 2), trial.design = json_column(row, 3);
    trial.fingerprint = row.str(4), trial.attempts = row.integer(5), trial.failures = row.integer(6), trial.reason = row.str(7), trial.owner = row.str(8);
    trial.progress = row.number(9), trial.abandoned = trial.state == TrialState::running && row.integer(12) != 0;
    if (!row.is_null(10)) trial.metrics = json_column(row, 10), trial.timing = json_column(row, 11);
    trials.push_back(std::move(trial));
  }
  return trials;
}

TrialCounts SqliteStore::counts() {
  std::lock_guard lock(mutex_);
  TrialCounts counts;
  auto row = db_.prepare("SELECT state, count(*) FROM trial GROUP BY state");
  while (row.step()) {
    int64_t* const slots[] = {&counts.waiting, &counts.running, &counts.complete, &counts.failed, &counts.preempted, &counts.cancelled};
    *slots[int(trial_state_from(row.str(0)))] = row.integer(1);
  }
  return counts;
}

std::vector<StoreEvent> SqliteStore::events(int64_t after_id) {
  std::lock_guard lock(mutex_);
  std::vector<StoreEvent> events;
  auto row = db_.prepare("SELECT id, at, kind, trial, attempt, text FROM event WHERE id > ? ORDER BY id");
  row.bind(after_id);
  while (row.step()) events.push_back({row.integer(0), row.integer(1), row.str(2), row.integer(3), row.integer(4), row.str(5)});
  return events;
}

Claim SqliteStore::read_claim(int64_t trial, int64_t attempt, const std::string& owner) {
  auto row = db_.prepare("SELECT settings, design, fingerprint FROM trial WHERE number = ?");
  row.bind(trial);
  if (!row.step()) fail_failure(text("trial ", trial, " is not in the store"));
  return {trial, attempt, owner, row.str(2), json_column(row, 0), json_column(row, 1)};
}

std::optional<Claim> SqliteStore::claim(const std::string& owner, const std::string& request_id) {
  std::lock_guard lock(mutex_);
  Transaction transaction(db_);
  {
    auto row = db_.prepare("SELECT trial, attempt FROM request WHERE id = ? AND kind = 'claim'");
    if (row.bind(request_id).step()) return read_claim(row.integer(0), row.integer(1), owner);
  }
  take_back("", "the lease ran out");
  int64_t trial = 0, attempt = 0, lease = 0;
  {
    auto row = db_.prepare(
        "SELECT t.number, t.attempts, e.lease_milliseconds FROM trial t, experiment e WHERE t.state IN ('waiting', 'preempted') AND e.stop_requested = 0 ORDER BY t.number LIMIT 1");
    if (row.step()) trial = row.integer(0), attempt = row.integer(1) + 1, lease = row.integer(2);
  }
  if (trial == 0) {
    transaction.commit();                        // what was taken back stays taken back
    return std::nullopt;
  }
  db_.prepare("UPDATE trial SET state = 'running', attempts = ? WHERE number = ?").bind(attempt).bind(trial).run();
  db_.prepare("INSERT INTO attempt(trial, attempt, owner, boot, lease_until, started) VALUES (?, ?, ?, ?, ?, ?)")
      .bind(trial).bind(attempt).bind(owner).bind(boot_).bind(monotonic_milliseconds() + lease).bind(clock_.unix_milliseconds()).run();
  db_.prepare("INSERT INTO request(id, kind, trial, attempt) VALUES (?, 'claim', ?, ?)").bind(request_id).bind(trial).bind(attempt).run();
  note("claimed", trial, attempt, owner);
  Claim claim = read_claim(trial, attempt, owner);
  FAILPOINT("claim.before_commit");
  transaction.commit();
  FAILPOINT("claim.after_commit");
  return claim;
}

bool SqliteStore::seen_request(const std::string& id, const char* kind, const Claim& claim) {
  {
    auto row = db_.prepare("SELECT kind, trial, attempt FROM request WHERE id = ?");
    if (row.bind(id).step()) {
      if (row.str(0) == kind && row.integer(1) == claim.trial && row.integer(2) == claim.attempt) return true;
      fail_failure(text("request id '", id, "' was used for ", row.str(0), " of trial ", row.integer(1), " before"));
    }
  }
  return false;
}

// Fencing. A claim is ours while its attempt is the trial's last and nothing has ended it. A lease that ran out without
// anybody having taken the trial back is still ours: there is nobody whom we could harm.
void SqliteStore::require_owned(const Claim& claim) {
  auto row = db_.prepare("SELECT t.attempts, t.state, a.outcome, a.owner FROM trial t LEFT JOIN attempt a ON a.trial = t.number AND a.attempt = ? WHERE t.number = ?");
  if (!row.bind(claim.attempt).bind(claim.trial).step() || row.is_null(3)) fail_failure(text("attempt ", claim.attempt, " of trial ", claim.trial, " is not in the store"));
  if (row.integer(0) == claim.attempt && row.str(1) == "running" && row.is_null(2) && row.str(3) == claim.owner) return;
  tomograd::fail(ErrorKind::conflict, text("attempt ", claim.attempt, " of trial ", claim.trial, " is no longer this worker's: ",
                                           row.integer(0) > claim.attempt ? text("attempt ", row.integer(0), " has taken over") : text("it ended as ", row.str(2))),
                 "this worker was silent for longer than lease_seconds, or was taken for dead");
}

void SqliteStore::close_attempt(int64_t trial, int64_t attempt, const char* outcome, const std::string& reason) {
  db_.prepare("UPDATE attempt SET outcome = ?, reason = ?, ended = ? WHERE trial = ? AND attempt = ?")
      .bind(std::string(outcome)).bind(reason).bind(clock_.unix_milliseconds()).bind(trial).bind(attempt).run();
}

bool SqliteStore::heartbeat(const Claim& claim, double progress) {
  std::lock_guard lock(mutex_);
  Transaction transaction(db_);
  require_owned(claim);
  db_.prepare("UPDATE attempt SET lease_until = ? + (SELECT lease_milliseconds FROM experiment), boot = ?, progress = ? WHERE trial = ? AND attempt = ?")
      .bind(monotonic_milliseconds()).bind(boot_).bind(progress).bind(claim.trial).bind(claim.attempt).run();
  bool stop;
  {
    auto row = db_.prepare("SELECT stop_requested FROM experiment");
    row.step(), stop = row.integer(0) != 0;
  }
  FAILPOINT("heartbeat.before_commit");
  transaction.commit();
  FAILPOINT("heartbeat.after_commit");
  return !stop;
}

void SqliteStore::complete(const Claim& claim, const TrialOutcome& outcome, const std::string& request_id) {
  std::lock_guard lock(mutex_);
  Transaction transaction(db_);
  if (seen_request(request_id, "complete", claim)) return;
  require_owned(claim);
  db_.prepare("INSERT INTO result(trial, attempt, metrics, timing) VALUES (?, ?, ?, ?)")
      .bind(claim.trial).bind(claim.attempt).bind(to_json(outcome.metrics, false)).bind(to_json(outcome.timing, false)).run();
  close_attempt(claim.trial, claim.attempt, "complete", "");
  db_.prepare("UPDATE trial SET state = 'complete', reason = '' WHERE number = ?").bind(claim.trial).run();
  db_.prepare("INSERT INTO request(id, kind, trial, attempt) VALUES (?, 'complete', ?, ?)").bind(request_id).bind(claim.trial).bind(claim.attempt).run();
  note("complete", claim.trial, claim.attempt, "");
  FAILPOINT("result.before_commit");
  transaction.commit();
  FAILPOINT("result.after_commit");
}

// An attempt that failed: the trial waits for its next attempt or, when they are used up, has failed.
void SqliteStore::give_back(int64_t trial, int64_t attempt, const std::string& reason, bool retry) {
  close_attempt(trial, attempt, "failed", reason);
  db_.prepare("UPDATE trial SET failures = failures + 1, reason = ?, state = CASE WHEN ? AND failures + 1 < (SELECT attempts FROM experiment) THEN 'waiting' ELSE 'failed' END WHERE number = ?")
      .bind(reason).bind(int64_t(retry)).bind(trial).run();
  note("failed", trial, attempt, reason);
}

// An attempt whose worker is gone says nothing against the trial, which waits again. One that takes its worker with it
// every time must come to an end all the same, so those are counted that followed each other without getting further than
// one before them; an attempt that ended by itself starts the count anew.
void SqliteStore::lose(int64_t trial, int64_t attempt, const std::string& reason) {
  int64_t lost = 0, most = 0;
  {
    auto row = db_.prepare(
        "SELECT count(*), (SELECT attempts FROM experiment) FROM attempt WHERE trial = ?1 AND (outcome = 'lost' OR attempt = ?2) "
        "AND attempt > (SELECT ifnull(max(attempt), 0) FROM attempt WHERE trial = ?1 AND outcome IN ('failed', 'preempted')) "
        "AND attempt >= (SELECT attempt FROM attempt WHERE trial = ?1 ORDER BY progress DESC, attempt LIMIT 1)");
    row.bind(trial).bind(attempt);
    if (row.step()) lost = row.integer(0), most = row.integer(1) * lost_per_attempt;
  }
  if (lost >= most) return give_back(trial, attempt, text(reason, " (", lost, " times in a row, without progress)"), false);
  close_attempt(trial, attempt, "lost", reason);
  db_.prepare("UPDATE trial SET state = 'waiting', reason = ? WHERE number = ?").bind(reason).bind(trial).run();
  note("lost", trial, attempt, reason);
}

void SqliteStore::fail(const Claim& claim, const std::string& reason, bool retry, const std::string& request_id) {
  std::lock_guard lock(mutex_);
  Transaction transaction(db_);
  if (seen_request(request_id, "fail", claim)) return;
  require_owned(claim);
  give_back(claim.trial, claim.attempt, reason, retry);
  db_.prepare("INSERT INTO request(id, kind, trial, attempt) VALUES (?, 'fail', ?, ?)").bind(request_id).bind(claim.trial).bind(claim.attempt).run();
  FAILPOINT("fail.before_commit");
  transaction.commit();
  FAILPOINT("fail.after_commit");
}

void SqliteStore::preempt(const Claim& claim, const std::string& reason, const std::string& request_id) {
  std::lock_guard lock(mutex_);
  Transaction transaction(db_);
  if (seen_request(request_id, "preempt", claim)) return;
  require_owned(claim);
  close_attempt(claim.trial, claim.attempt, "preempted", reason);
  db_.prepare("UPDATE trial SET state = 'preempted', reason = ? WHERE number = ?").bind(reason).bind(claim.trial).run();
  db_.prepare("INSERT INTO request(id, kind, trial, attempt) VALUES (?, 'preempt', ?, ?)").bind(request_id).bind(claim.trial).bind(claim.attempt).run();
  note("preempted", claim.trial, claim.attempt, reason);
  FAILPOINT("preempt.before_commit");
  transaction.commit();
  FAILPOINT("preempt.after_commit");
}

// Inside a transaction. owner = "": attempts whose lease ran out; else all attempts of this owner.
int64_t SqliteStore::take_back(const std::string& owner, const std::string& reason) {
  std::vector<std::pair<int64_t, int64_t>> lost;
  {
    auto row = db_.prepare("SELECT trial, attempt FROM attempt WHERE outcome IS NULL AND CASE WHEN ?1 = '' THEN lease_until < ?2 OR boot <> ?3 ELSE owner = ?1 END ORDER BY trial");
    row.bind(owner).bind(monotonic_milliseconds()).bind(boot_);
    while (row.step()) lost.emplace_back(row.integer(0), row.integer(1));
  }
  for (const auto& [trial, attempt] : lost) lose(trial, attempt, reason);
  return int64_t(lost.size());
}

int64_t SqliteStore::sweep() {
  std::lock_guard lock(mutex_);
  Transaction transaction(db_);
  int64_t count = take_back("", "the lease ran out");
  FAILPOINT("sweep.before_commit");
  transaction.commit();
  FAILPOINT("sweep.after_commit");
  return count;
}

int64_t SqliteStore::release(const std::string& owner, const std::string& reason) {
  if (owner.empty()) fail_failure("release() needs an owner");
  std::lock_guard lock(mutex_);
  Transaction transaction(db_);
  int64_t count = take_back(owner, reason);
  FAILPOINT("release.before_commit");
  transaction.commit();
  FAILPOINT("release.after_commit");
  return count;
}

std::vector<int64_t> SqliteStore::reopen(const std::vector<int64_t>& trials) {
  std::lock_guard lock(mutex_);
  Transaction transaction(db_);
  std::vector<int64_t> numbers = trials;
  if (trials.empty()) {
    auto row = db_.prepare("SELECT number FROM trial WHERE state = 'failed' ORDER BY number");
    while (row.step()) numbers.push_back(row.integer(0));
  }
  for (int64_t number : numbers) {
    int64_t attempts = 0;
    {
      auto row = db_.prepare("SELECT state, attempts FROM trial WHERE number = ?");
      if (!row.bind(number).step()) fail_usage(text("there is no trial ", number));
      if (row.str(0) != "failed") fail_usage(text("trial ", number, " is ", row.str(0), "; only failed trials can be tried again"));
      attempts = row.integer(1);
    }
    db_.prepare("UPDATE trial SET state = 'waiting', failures = 0 WHERE number = ?").bind(number).run();
    note("retry", number, attempts, "");
  }
  FAILPOINT("reopen.before_commit");
  transaction.commit();
  FAILPOINT("reopen.after_commit");
  return numbers;
}

void SqliteStore::set_stop(bool stop) {
  std::lock_guard lock(mutex_);
  Transaction transaction(db_);
  db_.prepare("UPDATE experiment SET stop_requested = ?1 WHERE stop_requested <> ?1").bind(int64_t(stop)).run();
  if (db_.changes() > 0) note(stop ? "stop" : "resume", 0, 0, "");
  FAILPOINT("stop.before_commit");
  transaction.commit();
}

bool SqliteStore::stop_requested() {
  std::lock_guard lock(mutex_);
  auto row = db_.prepare("SELECT stop_requested FROM experiment");
  return row.step() && row.integer(0) != 0;
}

}  // namespace

std::unique_ptr<TrialStore> open_sqlite_store(const std::string& path, Clock& clock, const SqliteOptions& options) {
  int64_t magic = options.file_system_magic ? options.file_system_magic(parent_path(path)) : system_file_system_magic(parent_path(path));
  if (std::string refusal = refused_file_system(magic); !refusal.empty())
    fail_input("'" + path + "' " + refusal, "put the experiment's `out` on a disk of this machine, and copy results afterwards");
  struct stat facts {};
  if (!options.create && ::stat(path.c_str(), &facts) != 0) fail_input("'" + parent_path(path) + "' holds no experiment: there is no " + file_name(path));
  return with_context("opening the experiment's store", [&] { return std::make_unique<SqliteStore>(path, clock, options); });
}

}  // namespace tomograd
