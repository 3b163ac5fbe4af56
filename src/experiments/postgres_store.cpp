#ifdef TOMOGRAD_LIBPQ
#include "experiments/postgres_store.h"

#include "base/error.h"
#include "base/failpoint.h"
#include "experiments/postgres_connection.h"
#include "experiments/postgres_schema.h"
#include "experiments/sql_store.h"

namespace tomograd {
namespace {

int64_t count(PostgresConnection& db, const char* sql) {
  Query row(db, sql, db.schema());
  return row.step() ? row.integer(0) : 0;
}

// One after the other, whoever comes at once: the second finds the schema that the first has made.
void check_or_make_schema(PostgresConnection& db, bool may_create) {
  Transaction transaction(db);
  count(db, "SELECT 1 FROM (SELECT pg_advisory_xact_lock(hashtext('tomograd ' || $1))) locked");
  bool ours = count(db, "SELECT count(*) FROM pg_catalog.pg_tables WHERE schemaname = $1 AND tablename = 'store_version'") > 0;
  bool there = count(db, "SELECT count(*) FROM pg_catalog.pg_namespace WHERE nspname = $1") > 0;
  if (!ours) {
    if (count(db, "SELECT count(*) FROM pg_catalog.pg_tables WHERE schemaname = $1") > 0) fail_input("'" + db.name() + "': the schema holds tables of another program", "choose another schema");
    if (!may_create) fail_input("'" + db.name() + "' holds no experiment: " + (there ? "the schema is empty" : "there is no such schema"));
    if (!there) db.execute("CREATE SCHEMA \"" + db.schema() + "\"");
    db.execute(postgres_schema);
    db.execute(postgres_settled_events);
    db.execute(text("INSERT INTO store_version VALUES (", postgres_schema_version, ")"));
    FAILPOINT("schema.before_commit");
    transaction.commit();
    FAILPOINT("schema.after_commit");
    return;
  }
  Query row(db, "SELECT max(version) FROM store_version");
  int64_t version = row.step() ? row.integer(0) : 0;
  if (version > postgres_schema_version)
    fail_input(text("'", db.name(), "' was made by a newer version of tomograd (store version ", version, ", this one reads up to ", postgres_schema_version, ")"), "update tomograd");
  if (version == 2) {
    db.execute(postgres_from_version_2);
    return transaction.commit();
  }
  if (version < postgres_schema_version) fail_input(text("'", db.name(), "' says that its version is ", version, ", which no tomograd made"));
}

}  // namespace

std::unique_ptr<TrialStore> open_postgres_store(const std::string& address, Clock& clock, const PostgresOptions& options) {
  PostgresAddress parsed = parse_postgres_address(address);
  return with_context("opening the experiment's store", [&] {
    auto db = std::make_unique<PostgresConnection>(parsed, clock, options.patience_seconds);
    for (int tries = 1;; ++tries) try {
      check_or_make_schema(*db, options.create);
      return std::make_unique<SqlStore>(std::move(db));
    } catch (const Error&) {
      if (!db->try_again(tries)) throw;
    }
  });
}

}  // namespace tomograd
#endif
