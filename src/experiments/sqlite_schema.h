// The tables of a store, version 1. Attempts are rows of their own from the start, so that one table answers who ran what,
// when, and how it ended. Private to this room.
#pragma once

namespace tomograd {

constexpr int schema_version = 1;
constexpr int schema_application = 0x546f6d6f;   // "Tomo", at byte 68 of the file

constexpr const char* schema_sql = R"sql(
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
CREATE TABLE trial(
  number INTEGER PRIMARY KEY,
  state TEXT NOT NULL CHECK (state IN ('waiting', 'running', 'complete', 'failed', 'preempted', 'cancelled')),
  settings TEXT NOT NULL,                        -- JSON
  design TEXT NOT NULL,                          -- JSON
  fingerprint TEXT NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0,           -- claims so far; the last one's number fences all before it
  failures INTEGER NOT NULL DEFAULT 0,           -- since the trial was last reopened
  reason TEXT NOT NULL DEFAULT '');
CREATE INDEX trial_claimable ON trial(number) WHERE state IN ('waiting', 'preempted');
CREATE TABLE attempt(
  trial INTEGER NOT NULL REFERENCES trial(number),
  attempt INTEGER NOT NULL,
  owner TEXT NOT NULL,
  boot TEXT NOT NULL,                            -- leases count the monotonic clock of this boot
  lease_until INTEGER NOT NULL,                  -- milliseconds of that clock
  progress REAL NOT NULL DEFAULT 0,
  started INTEGER NOT NULL,                      -- Unix milliseconds, for people
  ended INTEGER,
  outcome TEXT,                                  -- complete, failed, preempted, lost
  reason TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (trial, attempt)) WITHOUT ROWID;
CREATE INDEX attempt_open ON attempt(owner) WHERE outcome IS NULL;
CREATE TABLE result(
  trial INTEGER PRIMARY KEY REFERENCES trial(number),
  attempt INTEGER NOT NULL,
  metrics TEXT NOT NULL,                         -- JSON, reproducible
  timing TEXT NOT NULL,                          -- JSON, differs from run to run
  FOREIGN KEY (trial, attempt) REFERENCES attempt(trial, attempt));
CREATE TABLE request(
  id TEXT PRIMARY KEY,
  kind TEXT NOT NULL,
  trial INTEGER NOT NULL,
  attempt INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE event(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  at INTEGER NOT NULL,
  kind TEXT NOT NULL,
  trial INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  text TEXT NOT NULL);
)sql";

}  // namespace tomograd
