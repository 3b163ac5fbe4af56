#ifndef TOMOGRAD_LIBPQ
#include "base/error.h"
#include "experiments/postgres_store.h"

namespace tomograd {

std::unique_ptr<TrialStore> open_postgres_store(const std::string& address, Clock&, const PostgresOptions&) {
  fail_input("'" + parse_postgres_address(address).shown + "' needs PostgreSQL's client library, and this tomograd was built without it", "install libpq-dev and build again");
}

}  // namespace tomograd
#endif
