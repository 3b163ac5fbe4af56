// The tables of a store in SQLite. Attempts are rows of their own from the start, so that one table answers who ran what,
// when, and how it ended. Version 2 brought trials that are pruned and requests whose answers are more than one trial, version 3 an index.
// Private to this room.
#pragma once

namespace tomograd {

constexpr int schema_version = 3;
constexpr int schema_application = 0x546f6d6f;   // "Tomo", at byte 68 of the file

constexpr const char* schema_experiment = R"sql(
CREATE TABLE experiment(
  id INTEGER PRIMARY KEY CHECK (id = 1),
  name TEXT NOT NULL,
  spec TEXT NOT NULL,                            -- JSON
  facts TEXT NOT NULL,                           -- JSON
  fingerprint TEXT NOT NULL,
  attempts INTEGER NOT NULL,
  lease_milliseconds INTEGER NOT NULL,
  created INTEGER NOT NULL,                      -- Unix milliseconds
  stop_requested INTEGER NOT NULL DEFAULT 0);
)sql";
constexpr const char* schema_trial = R"sql(
CREATE TABLE trial(
  number INTEGER PRIMARY KEY,
  state TEXT NOT NULL CHECK (state IN ('waiting', 'running', 'complete', 'failed', 'preempted', 'cancelled', 'pruned')),
  settings TEXT NOT NULL,                        -- JSON
  design TEXT NOT NULL,                          -- JSON
  fingerprint TEXT NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0,           -- claims so far; the last one's number fences all before it
  failures INTEGER NOT NULL DEFAULT 0,           -- since the trial was last reopened
  reason TEXT NOT NULL DEFAULT '');
)sql";
constexpr const char* schema_trial_index = "CREATE INDEX trial_claimable ON trial(number) WHERE state IN ('waiting', 'preempted');";
// With it a claim finds the leases that ran out without reading those of all workers.
constexpr const char* schema_lease_index = "CREATE INDEX attempt_lease ON attempt(boot, lease_until) WHERE outcome IS NULL;";
constexpr const char* schema_attempt = R"sql(
CREATE TABLE attempt(
  trial INTEGER NOT NULL REFERENCES trial(number),
  attempt INTEGER NOT NULL,
  owner TEXT NOT NULL,
  boot TEXT NOT NULL,                            -- leases count the monotonic clock of this boot
  lease_until INTEGER NOT NULL,                  -- milliseconds of that clock
  progress REAL NOT NULL DEFAULT 0,
  started INTEGER NOT NULL,                      -- Unix milliseconds, for people
  ended INTEGER,
  outcome TEXT,                                  -- complete, pruned, failed, preempted, lost, cancelled
  reason TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (trial, attempt)) WITHOUT ROWID;
CREATE INDEX attempt_open ON attempt(owner) WHERE outcome IS NULL;
CREATE TABLE result(
  trial INTEGER PRIMARY KEY REFERENCES trial(number),
  attempt INTEGER NOT NULL,
  metrics TEXT NOT NULL,                         -- JSON, reproducible
  timing TEXT NOT NULL,                          -- JSON, differs from run to run
  FOREIGN KEY (trial, attempt) REFERENCES attempt(trial, attempt));
)sql";
constexpr const char* schema_request = R"sql(
CREATE TABLE request(
  id TEXT PRIMARY KEY,
  kind TEXT NOT NULL,
  answer TEXT NOT NULL) WITHOUT ROWID;
)sql";
constexpr const char* schema_event = R"sql(
CREATE TABLE event(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  at INTEGER NOT NULL,
  kind TEXT NOT NULL,
  trial INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  text TEXT NOT NULL);
)sql";

// From version 1, by the way that SQLite's manual gives for a changed CHECK: a new table, the rows, the old one's name.
// Foreign keys are off meanwhile and checked at the end.
constexpr const char* migrate_trial = R"sql(
INSERT INTO new_trial SELECT number, state, settings, design, fingerprint, attempts, failures, reason FROM trial;
DROP TABLE trial;
ALTER TABLE new_trial RENAME TO trial;
)sql";
constexpr const char* migrate_request = R"sql(
INSERT INTO new_request SELECT id, CASE kind WHEN 'complete' THEN 'result' ELSE kind END, trial || '/' || attempt FROM request;
DROP TABLE request;
ALTER TABLE new_request RENAME TO request;
)sql";

}  // namespace tomograd
