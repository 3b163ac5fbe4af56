#include "experiments/open_store.h"

#include "experiments/http_store.h"
#include "experiments/postgres_store.h"
#include "experiments/sqlite_store.h"

namespace tomograd {

bool is_store_address(const std::string& address) { return address.starts_with("http://") || address.starts_with("https://") || is_postgres_address(address); }

std::unique_ptr<TrialStore> open_trial_store(const std::string& address, Clock& clock, const StoreOptions& options) {
  if (is_postgres_address(address)) return open_postgres_store(address, clock, {options.create, options.patience_seconds});
  if (is_store_address(address)) return open_http_store(address, clock, {options.token, options.patience_seconds});
  SqliteOptions sqlite;
  sqlite.create = options.create, sqlite.migrate = options.migrate, sqlite.busy_seconds = options.patience_seconds;
  return open_sqlite_store(address, clock, sqlite);
}

}  // namespace tomograd
