#include "experiments/sqlite_database.h"

#include <sqlite3.h>

#include "base/error.h"

namespace tomograd {
namespace {

[[noreturn]] void fail_sqlite(sqlite3* db, int code, const std::string& path) {
  std::string message = text("'", path, "': ", db ? sqlite3_errmsg(db) : sqlite3_errstr(code));
  switch (code & 0xff) {
    case SQLITE_NOTADB: fail_input(text("'", path, "' is not an experiment store (no SQLite file)"), "nothing was changed in it");
    case SQLITE_CORRUPT: fail_input(text("'", path, "' is damaged: ", sqlite3_errmsg(db)), "nothing was changed in it; copy it before you try to repair it with `sqlite3 FILE .recover`");
    case SQLITE_CANTOPEN: fail_input(message);
    case SQLITE_READONLY: fail_input(message, "the store and its folder must be writable");
    case SQLITE_BUSY: fail_failure(message, "another process holds the store; is a copy or backup of it running?");
    case SQLITE_FULL: fail_failure(message, "free some space and resume; finished trials are intact");
    default: fail_failure(message);
  }
}

}  // namespace

Statement::~Statement() {
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
}

Statement& Statement::bind(int64_t v) {
  if (int code = sqlite3_bind_int64(statement_, next_++, v)) fail_sqlite(db_, code, path_);
  return *this;
}

Statement& Statement::bind(double v) {
  if (int code = sqlite3_bind_double(statement_, next_++, v)) fail_sqlite(db_, code, path_);
  return *this;
}

Statement& Statement::bind(const std::string& v) {
  if (int code = sqlite3_bind_text64(statement_, next_++, v.data(), v.size(), SQLITE_TRANSIENT, SQLITE_UTF8)) fail_sqlite(db_, code, path_);
  return *this;
}

Statement& Statement::bind_null() {
  if (int code = sqlite3_bind_null(statement_, next_++)) fail_sqlite(db_, code, path_);
  return *this;
}

bool Statement::step() {
  int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code != SQLITE_DONE) fail_sqlite(db_, code, path_);
  return false;
}

void Statement::run() { step(); }
int64_t Statement::integer(int column) const { return sqlite3_column_int64(statement_, column); }
double Statement::number(int column) const { return sqlite3_column_double(statement_, column); }
bool Statement::is_null(int column) const { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }

std::string Statement::str(int column) const {
  const unsigned char* bytes = sqlite3_column_text(statement_, column);
  return bytes ? std::string(reinterpret_cast<const char*>(bytes), size_t(sqlite3_column_bytes(statement_, column))) : std::string();
}

Database::Database(std::string path, bool create, double busy_seconds) : path_(std::move(path)) {
  int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_FULLMUTEX | (create ? SQLITE_OPEN_CREATE : 0);
  int code = sqlite3_open_v2(path_.c_str(), &db_, flags, nullptr);
  try {
    if (code != SQLITE_OK) fail_sqlite(db_, code, path_);
    sqlite3_extended_result_codes(db_, 1);
    sqlite3_busy_timeout(db_, int(busy_seconds * 1000));
    // A file from elsewhere is data, never code: no triggers, views or functions of its own run with our rights.
    sqlite3_db_config(db_, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
    sqlite3_db_config(db_, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
    sqlite3_db_config(db_, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, nullptr);
    sqlite3_db_config(db_, SQLITE_DBCONFIG_ENABLE_VIEW, 0, nullptr);
    execute("PRAGMA cell_size_check = ON; PRAGMA mmap_size = 0; PRAGMA journal_mode = DELETE; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;");
  } catch (...) {
    sqlite3_close(db_);
    throw;
  }
}

Database::~Database() {
  for (auto& [sql, statement] : statements_) sqlite3_finalize(statement);
  sqlite3_close(db_);
}

Statement Database::prepare(const char* sql) {
  sqlite3_stmt*& statement = statements_[sql];
  if (!statement)
    if (int code = sqlite3_prepare_v3(db_, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr)) fail_sqlite(db_, code, path_);
  return Statement(db_, statement, path_);
}

void Database::execute(const char* sql) {
  if (int code = sqlite3_exec(db_, sql, nullptr, nullptr, nullptr)) fail_sqlite(db_, code, path_);
}

int64_t Database::changes() const { return sqlite3_changes64(db_); }

Transaction::Transaction(Database& database) : database_(database) { database_.execute("BEGIN IMMEDIATE"); }

Transaction::~Transaction() {
  if (!open_) return;
  try {
    database_.execute("ROLLBACK");
  } catch (const Error&) {  // SQLite has rolled back by itself (disk full, I/O error)
  }
}

void Transaction::commit() {
  database_.execute("COMMIT");
  open_ = false;
}

}  // namespace tomograd
