// The tables of a store in PostgreSQL, the same as those of sqlite_schema.h, and the functions that statements of ours call.
// Private to this room.
#pragma once

namespace tomograd {

constexpr int postgres_schema_version = 3;       // counted as SQLite's; there was no version 1 here

constexpr const char* postgres_schema = R"sql(
CREATE TABLE store_version(version bigint NOT NULL);
CREATE TABLE experiment(
  id bigint PRIMARY KEY CHECK (id = 1),
  name text NOT NULL,
  spec text NOT NULL,                            -- JSON, as text: it comes back byte by byte
  facts text NOT NULL,
  fingerprint text NOT NULL,
  attempts bigint NOT NULL,
  lease_milliseconds bigint NOT NULL,
  created bigint NOT NULL,                       -- Unix milliseconds
  stop_requested bigint NOT NULL DEFAULT 0);
CREATE TABLE trial(
  number bigint PRIMARY KEY,
  state text NOT NULL CHECK (state IN ('waiting', 'running', 'complete', 'failed', 'preempted', 'cancelled', 'pruned')),
  settings text NOT NULL,
  design text NOT NULL,
  fingerprint text NOT NULL,
  attempts bigint NOT NULL DEFAULT 0,
  failures bigint NOT NULL DEFAULT 0,
  reason text NOT NULL DEFAULT '');
CREATE INDEX trial_claimable ON trial(number) WHERE state IN ('waiting', 'preempted');
CREATE TABLE attempt(
  trial bigint NOT NULL REFERENCES trial(number),
  attempt bigint NOT NULL,
  owner text NOT NULL,
  boot text NOT NULL,
  lease_until bigint NOT NULL,                   -- milliseconds of lease_clock()
  progress double precision NOT NULL DEFAULT 0,
  started bigint NOT NULL,
  ended bigint,
  outcome text,
  reason text NOT NULL DEFAULT '',
  PRIMARY KEY (trial, attempt));
CREATE INDEX attempt_open ON attempt(owner) WHERE outcome IS NULL;
CREATE INDEX attempt_lease ON attempt(boot, lease_until) WHERE outcome IS NULL;
CREATE TABLE result(
  trial bigint PRIMARY KEY REFERENCES trial(number),
  attempt bigint NOT NULL,
  metrics text NOT NULL,
  timing text NOT NULL,
  FOREIGN KEY (trial, attempt) REFERENCES attempt(trial, attempt));
CREATE TABLE request(
  id text PRIMARY KEY,
  kind text NOT NULL,
  answer text NOT NULL);
CREATE TABLE event(
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at bigint NOT NULL,
  kind text NOT NULL,
  trial bigint NOT NULL,
  attempt bigint NOT NULL,
  text text NOT NULL);
CREATE FUNCTION wall_clock() RETURNS bigint LANGUAGE sql VOLATILE AS 'SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint';
CREATE FUNCTION lease_clock() RETURNS bigint LANGUAGE sql VOLATILE AS 'SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint';
CREATE FUNCTION boot_name() RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT text ''server''';
)sql";

constexpr const char* postgres_from_version_2 = "CREATE INDEX attempt_lease ON attempt(boot, lease_until) WHERE outcome IS NULL; INSERT INTO store_version VALUES (3);";

// An event's id is drawn before its transaction commits, so a larger one can be seen first. The lock waits for all who have
// drawn one, and lets nobody draw until the rows are read.
constexpr const char* postgres_settled_events = R"sql(
CREATE FUNCTION settled_events() RETURNS SETOF event LANGUAGE plpgsql VOLATILE AS $body$
BEGIN
  LOCK TABLE event IN SHARE MODE;
  RETURN QUERY SELECT * FROM event;
END $body$;
)sql";

}  // namespace tomograd
