#include "experiments/sql_store.h"

#include "base/error.h"
#include "base/failpoint.h"
#include "experiments/request_id.h"
#include "spec/text_formats.h"

namespace tomograd {
namespace {

Value json_column(const Query& row, int column) { return parse_json(row.text(column), "the store"); }

}  // namespace

void SqlStore::write(const std::string& name, const std::function<void()>& body) {
  std::lock_guard lock(mutex_);
  for (int tries = 1;; ++tries) try {
    Transaction transaction(db_);
    body();
    FAILPOINT((name + ".before_commit").c_str());
    transaction.commit();
    FAILPOINT((name + ".after_commit").c_str());
    return;
  } catch (const Error&) {
    if (!db_.try_again(tries)) throw;
  }
}

void SqlStore::read(const std::function<void()>& body) {
  std::lock_guard lock(mutex_);
  for (int tries = 1;; ++tries) try {
    return body();
  } catch (const Error&) {
    if (!db_.try_again(tries)) throw;
  }
}

std::optional<std::string> SqlStore::answered(const std::string& request_id, const std::string& kind) {
  Query row(db_, "SELECT kind, answer FROM request WHERE id = $1", request_id);
  if (!row.step()) return std::nullopt;
  if (row.text(0) != kind) fail_failure(text("request id '", request_id, "' was used for '", row.text(0), "' before, now for '", kind, "'"));
  return row.str(1);
}

void SqlStore::answer(const std::string& request_id, const std::string& kind, const std::string& text) {
  run(db_, "INSERT INTO request(id, kind, answer) VALUES ($1, $2, $3)", request_id, kind, text);
}

void SqlStore::add_event(const char* kind, int64_t trial, int64_t attempt, const std::string& text) {
  run(db_, "INSERT INTO event(at, kind, trial, attempt, text) VALUES (wall_clock(), $1, $2, $3, $4)", std::string(kind), trial, attempt, text);
}

bool SqlStore::add_trial(const std::string& experiment_fingerprint, const PlannedTrial& trial) {
  return run(db_, "INSERT INTO trial(number, state, settings, design, fingerprint) VALUES ($1, 'waiting', $2, $3, $4) ON CONFLICT (number) DO NOTHING", trial.number, to_json(trial.settings, false),
             to_json(trial.design, false), trial_fingerprint(experiment_fingerprint, trial.settings)) == 1;
}

void SqlStore::create(const ExperimentRecord& experiment, const std::vector<PlannedTrial>& trials) {
  if (trials.empty()) fail_input("the experiment has no trials");
  std::string request = new_request_id();        // when the server is lost at the commit, the next try sees whether it was made
  write("create", [&] {
    if (answered(request, "create")) return;
    int64_t added = run(db_, "INSERT INTO experiment(id, name, spec, facts, fingerprint, attempts, lease_milliseconds, created) VALUES (1, $1, $2, $3, $4, $5, $6, wall_clock()) ON CONFLICT (id) DO NOTHING",
                        experiment.name, to_json(experiment.spec, false), to_json(experiment.facts, false), experiment.fingerprint, experiment.attempts, int64_t(experiment.lease_seconds * 1000));
    if (added == 0) fail_input("'" + db_.name() + "' holds an experiment already", "resume it, or choose another `out`");
    for (const auto& trial : trials)
      if (!add_trial(experiment.fingerprint, trial)) fail_failure(text("two trials have the number ", trial.number));
    answer(request, "create", "");
    add_event("created", 0, 0, text(trials.size(), " trials"));
  });
}

void SqlStore::extend(const std::vector<PlannedTrial>& trials, const Value& spec) {
  write("extend", [&] {
    std::string fingerprint;
    {
      Query row(db_, "SELECT fingerprint FROM experiment");
      if (!row.step()) fail_input("'" + db_.name() + "' holds no experiment that could have more trials");
      fingerprint = row.str(0);
    }
    int64_t added = 0, first = 0;
    for (const auto& trial : trials) {
      if (trial.number < 1) fail_input(text("a trial's number is ", trial.number, "; they count from 1"));
      if (add_trial(fingerprint, trial)) {
        if (++added == 1) first = trial.number;
        continue;
      }
      Query row(db_, "SELECT settings FROM trial WHERE number = $1", trial.number);
      if (std::string ours = to_json(trial.settings, false); row.step() && row.text(0) != ours)
        tomograd::fail(ErrorKind::conflict, text("trial ", trial.number, " is there with other settings: ", row.text(0), ", not ", ours), "another worker proposed it, from other results");
    }
    if (!spec.is_nothing()) run(db_, "UPDATE experiment SET spec = $1", to_json(spec, false));
    if (added > 0 || !spec.is_nothing()) add_event("extended", first, 0, text(added, added == 1 ? " trial" : " trials", spec.is_nothing() ? "" : ", and the spec"));
  });
}

std::optional<ExperimentRecord> SqlStore::experiment() {
  std::optional<ExperimentRecord> result;
  read([&] {
    Query row(db_, "SELECT name, spec, facts, fingerprint, attempts, lease_milliseconds, created FROM experiment");
    if (!row.step()) return;
    ExperimentRecord record;
    record.name = row.str(0), record.spec = json_column(row, 1), record.facts = json_column(row, 2), record.fingerprint = row.str(3);
    record.attempts = row.integer(4), record.lease_seconds = double(row.integer(5)) / 1000, record.created = row.integer(6);
    result = std::move(record);
  });
  return result;
}

std::vector<TrialRecord> SqlStore::trials() {
  std::vector<TrialRecord> trials;
  read([&] {
    trials.clear();
    Query row(db_,
              "SELECT t.number, t.state, t.settings, t.design, t.fingerprint, t.attempts, t.failures, t.reason, a.owner, a.progress, r.metrics, r.timing, "
              "CASE WHEN a.lease_until < lease_clock() OR a.boot <> boot_name() THEN 1 ELSE 0 END FROM trial t "
              "LEFT JOIN attempt a ON t.state = 'running' AND a.trial = t.number AND a.attempt = t.attempts LEFT JOIN result r ON r.trial = t.number ORDER BY t.number");
    while (row.step()) {
      TrialRecord& trial = trials.emplace_back();
      trial.number = row.integer(0), trial.state = trial_state_from(row.str(1)), trial.settings = json_column(row, 2), trial.design = json_column(row, 3);
      trial.fingerprint = row.str(4), trial.attempts = row.integer(5), trial.failures = row.integer(6), trial.reason = row.str(7), trial.owner = row.str(8);
      trial.progress = row.number(9), trial.abandoned = trial.state == TrialState::running && row.integer(12) != 0;
      if (!row.is_null(10)) trial.metrics = json_column(row, 10), trial.timing = json_column(row, 11);
    }
  });
  return trials;
}

TrialCounts SqlStore::counts() {
  TrialCounts counts;
  read([&] {
    counts = {};
    Query row(db_, "SELECT state, count(*) FROM trial GROUP BY state");
    while (row.step()) {
      int64_t* const slots[] = {&counts.waiting, &counts.running, &counts.complete, &counts.failed, &counts.preempted, &counts.cancelled, &counts.pruned};
      *slots[int(trial_state_from(row.str(0)))] = row.integer(1);
    }
  });
  return counts;
}

std::vector<StoreEvent> SqlStore::events(int64_t after_id) {
  std::vector<StoreEvent> events;
  read([&] {
    events.clear();
    Query row(db_, db_.select_events(), after_id);
    while (row.step()) events.push_back({row.integer(0), row.integer(1), row.str(2), row.integer(3), row.integer(4), row.str(5)});
  });
  return events;
}

void SqlStore::note(int64_t trial, const std::string& what, const std::string& request_id) {
  if (what.empty()) fail_usage("a note without text");
  std::string request = request_id.empty() ? new_request_id() : request_id;
  write("note", [&] {
    if (answered(request, "note")) return;
    if (trial != 0)
      if (Query row(db_, "SELECT 1 FROM trial WHERE number = $1", trial); !row.step()) fail_usage(text("there is no trial ", trial));
    answer(request, "note", "");
    add_event("note", trial, 0, what);
  });
}

void SqlStore::set_stop(bool stop) {
  write("stop", [&] {
    if (run(db_, "UPDATE experiment SET stop_requested = $1 WHERE stop_requested <> $1", int64_t(stop)) > 0) add_event(stop ? "stop" : "resume", 0, 0, "");
  });
}

bool SqlStore::stop_requested() {
  bool stop = false;
  read([&] {
    Query row(db_, "SELECT stop_requested FROM experiment");
    stop = row.step() && row.integer(0) != 0;
  });
  return stop;
}

}  // namespace tomograd
