#include "experiments/sqlite_store.h"

#include <sys/stat.h>

#include <fstream>

#include "base/env.h"
#include "base/error.h"
#include "base/failpoint.h"
#include "experiments/sql_store.h"
#include "experiments/sqlite_connection.h"
#include "experiments/sqlite_schema.h"

namespace tomograd {

int64_t system_file_system_magic(const std::string& folder);  // file_system.cpp

namespace {

std::string this_boot() {
  std::string id;
  std::ifstream("/proc/sys/kernel/random/boot_id") >> id;
  return id.empty() ? "unknown" : id;
}

int64_t version_of(SqliteConnection& db) { return db.pragma("PRAGMA user_version"); }
void set_version(SqliteConnection& db) { db.execute(text("PRAGMA application_id = ", schema_application, "; PRAGMA user_version = ", schema_version).c_str()); }

void make_schema(SqliteConnection& db) {
  Transaction transaction(db);
  if (db.pragma("SELECT count(*) FROM sqlite_schema WHERE name = 'experiment'") == 0) {  // nobody made it since we looked
    for (const char* part : {schema_experiment, schema_trial, schema_trial_index, schema_attempt, schema_lease_index, schema_request, schema_event}) db.execute(part);
    set_version(db);
  }
  FAILPOINT("schema.before_commit");
  transaction.commit();
  FAILPOINT("schema.after_commit");
}

// The table under the name new_TABLE, for the rows of the one that is there.
std::string renewed(std::string schema) {
  constexpr std::string_view create = "CREATE TABLE ";
  return schema.insert(schema.find(create) + create.size(), "new_");
}

// One transaction: whoever is killed in it leaves the old version as it was, and of several that come at once all but the first
// find that it is done.
void migrate(SqliteConnection& db) {
  db.execute("PRAGMA foreign_keys = OFF");       // has no effect inside a transaction
  {
    Transaction transaction(db);
    if (version_of(db) == 1) {
      db.execute((renewed(schema_trial) + migrate_trial + schema_trial_index).c_str());
      FAILPOINT("migrate.half");
      db.execute((renewed(schema_request) + migrate_request).c_str());
      if (db.pragma("SELECT count(*) FROM pragma_foreign_key_check") != 0) fail_input("'" + db.name() + "' is damaged: results or attempts without their trial", "nothing was changed in it");
    }
    if (version_of(db) < schema_version) {
      db.execute(schema_lease_index);
      set_version(db);
    }
    FAILPOINT("migrate.before_commit");
    transaction.commit();
    FAILPOINT("migrate.after_commit");
  }
  db.execute("PRAGMA foreign_keys = ON");
}

void check_or_make_schema(SqliteConnection& db, bool may_create, bool may_migrate) {
  const std::string& path = db.name();
  int64_t version = version_of(db), application = db.pragma("PRAGMA application_id");
  if (version == 0 && application == 0 && db.pragma("SELECT count(*) FROM sqlite_schema") == 0) {
    if (!may_create) fail_input("'" + path + "' is empty and no experiment store");
    return make_schema(db);
  }
  if (application != schema_application) fail_input("'" + path + "' is an SQLite file of another program, not an experiment store");
  if (version > schema_version)
    fail_input(text("'", path, "' was written by a newer version of tomograd (store version ", version, ", this one reads up to ", schema_version, ")"), "update tomograd");
  {
    Query row(db, "PRAGMA quick_check(1)");
    if (row.step() && row.text(0) != "ok") fail_input(text("'", path, "' is damaged: ", row.text(0)), "nothing was changed in it; copy it before you try to repair it with `sqlite3 FILE .recover`");
  }
  if (version < schema_version && !may_migrate)
    fail_input(text("'", path, "' was written by an older version of tomograd (store version ", version, ", this one is ", schema_version, "), and it is opened for reading only"), "`tomograd experiment status` with its folder brings it to this version, and keeps all that is in it");
  if (version < schema_version) with_context("bringing it to the version of this program", [&] { migrate(db); });
}

}  // namespace

std::unique_ptr<TrialStore> open_sqlite_store(const std::string& path, Clock& clock, const SqliteOptions& options) {
  int64_t magic = options.file_system_magic ? options.file_system_magic(parent_path(path)) : system_file_system_magic(parent_path(path));
  if (std::string refusal = refused_file_system(magic); !refusal.empty())
    fail_input("'" + path + "' " + refusal, "put the experiment's `out` on a disk of this machine, and copy results afterwards");
  struct stat facts {};
  if (!options.create && ::stat(path.c_str(), &facts) != 0) fail_input("'" + parent_path(path) + "' holds no experiment: there is no " + file_name(path));
  return with_context("opening the experiment's store", [&] {
    auto db = std::make_unique<SqliteConnection>(path, options.create, options.busy_seconds, StoreClock{clock, options.boot.empty() ? this_boot() : options.boot});
    check_or_make_schema(*db, options.create, options.migrate);
    return std::make_unique<SqlStore>(std::move(db));
  });
}

}  // namespace tomograd
