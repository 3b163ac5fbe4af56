// SQLite's C interface made safe: one connection with our settings and prepared statements that are kept. Private to this room.
#pragma once

#include <map>

#include "base/clock.h"
#include "experiments/sql_connection.h"

struct sqlite3;
struct sqlite3_stmt;

namespace tomograd {

// Leases count the monotonic clock, which starts anew with each boot of the machine.
struct StoreClock {
  Clock& clock;
  std::string boot;
};

class SqliteConnection : public SqlConnection {
 public:
  // The rollback journal is kept and its header zeroed at a commit, with all synced: where it is deleted instead (SQLite's
  // default), a power cut can bring it back and undo a transaction that was acknowledged.
  SqliteConnection(std::string path, bool create, double busy_seconds, StoreClock clock);
  ~SqliteConnection() override;
  SqliteConnection(const SqliteConnection&) = delete;

  std::unique_ptr<SqlStatement> prepare(const char* sql) override;
  // IMMEDIATE: the write lock is taken at the start, so a transaction never fails half way by a lock.
  void begin() override;
  void commit() override { execute("COMMIT"); }
  void rollback() noexcept override;
  bool try_again(int) override { return false; } // a locked file was waited for already
  const std::string& name() const override { return path_; }

  void execute(const char* sql);                 // any number of statements, no rows
  int64_t pragma(const char* sql);               // the number that a PRAGMA or a count answers

 private:
  std::string path_;
  void settle();                                 // nobody goes on, or looks, inside a transaction that was given up
  StoreClock clock_;
  sqlite3* db_ = nullptr;
  sqlite3_stmt* rollback_ = nullptr;             // made ahead: it must work where there is no memory to make it
  bool owes_rollback_ = false;                   // there was not even memory to run it
  std::map<const char*, sqlite3_stmt*> statements_;
};

}  // namespace tomograd
