#include "experiments/sqlite_connection.h"

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

class SqliteStatement : public SqlStatement {
 public:
  SqliteStatement(sqlite3* db, sqlite3_stmt* statement, const std::string& path) : db_(db), statement_(statement), path_(path) {}
  ~SqliteStatement() override {
    sqlite3_reset(statement_);
    sqlite3_clear_bindings(statement_);
  }
  void bind(int64_t v) override { check(sqlite3_bind_int64(statement_, next_++, v)); }
  void bind(double v) override { check(sqlite3_bind_double(statement_, next_++, v)); }
  void bind(const std::string& v) override { check(sqlite3_bind_text64(statement_, next_++, v.data(), v.size(), SQLITE_TRANSIENT, SQLITE_UTF8)); }
  bool step() override {
    int code = sqlite3_step(statement_);
    if (code == SQLITE_ROW) return true;
    if (code != SQLITE_DONE) fail_sqlite(db_, code, path_);
    changed_ = sqlite3_changes64(db_);
    return false;
  }
  int64_t changed() const override { return changed_; }
  int64_t integer(int column) const override { return sqlite3_column_int64(statement_, column); }
  double number(int column) const override { return sqlite3_column_double(statement_, column); }
  bool is_null(int column) const override { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }
  std::string_view text(int column) const override {
    const unsigned char* bytes = sqlite3_column_text(statement_, column);
    if (!bytes && sqlite3_errcode(db_) == SQLITE_NOMEM) fail_sqlite(db_, SQLITE_NOMEM, path_);  // not an empty text
    return bytes ? std::string_view(reinterpret_cast<const char*>(bytes), size_t(sqlite3_column_bytes(statement_, column))) : std::string_view();
  }

 private:
  void check(int code) {
    if (code != SQLITE_OK) fail_sqlite(db_, code, path_);
  }

  sqlite3* db_;
  sqlite3_stmt* statement_;
  const std::string& path_;
  int64_t changed_ = 0;
  int next_ = 1;
};

StoreClock& clock_of(sqlite3_context* call) { return *static_cast<StoreClock*>(sqlite3_user_data(call)); }
void lease_clock(sqlite3_context* call, int, sqlite3_value**) { sqlite3_result_int64(call, int64_t(clock_of(call).clock.monotonic_seconds() * 1000)); }
void wall_clock(sqlite3_context* call, int, sqlite3_value**) { sqlite3_result_int64(call, clock_of(call).clock.unix_milliseconds()); }
void boot_name(sqlite3_context* call, int, sqlite3_value**) {
  const std::string& boot = clock_of(call).boot;
  sqlite3_result_text(call, boot.data(), int(boot.size()), SQLITE_TRANSIENT);
}

}  // namespace

SqliteConnection::SqliteConnection(std::string path, bool create, double busy_seconds, StoreClock clock) : path_(std::move(path)), clock_(std::move(clock)) {
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
    constexpr int flags_of_functions = SQLITE_UTF8 | SQLITE_DIRECTONLY;
    const auto add = [&](const char* function, void (*body)(sqlite3_context*, int, sqlite3_value**)) {
      if (int added = sqlite3_create_function_v2(db_, function, 0, flags_of_functions, &clock_, body, nullptr, nullptr, nullptr)) fail_sqlite(db_, added, path_);
    };
    add("lease_clock", &lease_clock), add("wall_clock", &wall_clock), add("boot_name", &boot_name);
    execute("PRAGMA cell_size_check = ON; PRAGMA mmap_size = 0; PRAGMA journal_mode = PERSIST; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;");
    if (int made = sqlite3_prepare_v3(db_, "ROLLBACK", -1, SQLITE_PREPARE_PERSISTENT, &rollback_, nullptr)) fail_sqlite(db_, made, path_);
  } catch (...) {
    sqlite3_close(db_);
    throw;
  }
}

SqliteConnection::~SqliteConnection() {
  for (auto& [sql, statement] : statements_) sqlite3_finalize(statement);
  sqlite3_finalize(rollback_);
  sqlite3_close(db_);
}

std::unique_ptr<SqlStatement> SqliteConnection::prepare(const char* sql) {
  settle();
  sqlite3_stmt*& statement = statements_[sql];
  if (!statement) {
    std::string_view all(sql);
    all = all.substr(0, all.find(" FOR UPDATE"));
    if (int code = sqlite3_prepare_v3(db_, all.data(), int(all.size()), SQLITE_PREPARE_PERSISTENT, &statement, nullptr)) fail_sqlite(db_, code, path_);
    for (int i = 1; i <= sqlite3_bind_parameter_count(statement); ++i)
      if (sqlite3_bind_parameter_name(statement, i) != tomograd::text("$", i)) fail_failure(tomograd::text("parameters of a statement stand out of order: ", sql));
  }
  return std::make_unique<SqliteStatement>(db_, statement, path_);
}

void SqliteConnection::execute(const char* sql) {
  if (int code = sqlite3_exec(db_, sql, nullptr, nullptr, nullptr)) fail_sqlite(db_, code, path_);
}

int64_t SqliteConnection::pragma(const char* sql) {
  Query row(*this, sql);
  return row.step() ? row.integer(0) : 0;
}

void SqliteConnection::settle() {
  if (owes_rollback_) rollback();
  if (owes_rollback_) fail_sqlite(db_, SQLITE_NOMEM, path_);
}

void SqliteConnection::begin() {
  settle();
  execute("BEGIN IMMEDIATE");
}

void SqliteConnection::rollback() noexcept {
  sqlite3_step(rollback_);                       // an error means that SQLite has rolled back by itself (disk full, I/O error)
  sqlite3_reset(rollback_);
  owes_rollback_ = !sqlite3_get_autocommit(db_);
}

}  // namespace tomograd
