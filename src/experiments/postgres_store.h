// TrialStore in a PostgreSQL database, for workers of many hosts. An experiment is one schema of the database, so dropping it
// is DROP SCHEMA name CASCADE.
#pragma once

#include <memory>
#include <string>

#include "base/clock.h"
#include "experiments/trial_store.h"

namespace tomograd {

struct PostgresOptions {
  bool create = false;                           // make the schema when it is not there; else that is Error(input)
  double patience_seconds = 60;                  // how long a server that is gone is waited for, in every call
};

// postgresql://[user@]host[:port]/database?schema=NAME[&libpq's own parameters]; the password is best left to ~/.pgpass or
// PGPASSWORD. NAME: small letters, digits and _, not a digit first, at most 63.
bool is_postgres_address(const std::string& address);

struct PostgresAddress {
  std::string connection;                        // for libpq
  std::string schema;
  std::string shown;                             // without password
};
PostgresAddress parse_postgres_address(const std::string& address);  // Error(usage) says what is missing

// Leases count the server's clock. Claims of several clients pass each other (FOR UPDATE SKIP LOCKED). A connection that
// breaks is made anew and the transaction run again, once or not at all by its request id. Error(input) where libpq is not
// built in, the schema is not there, is none of ours, or was made by a newer version.
std::unique_ptr<TrialStore> open_postgres_store(const std::string& address, Clock& clock, const PostgresOptions& options = {});

}  // namespace tomograd
