// libpq made safe: one connection that is made anew when it breaks, prepared statements, errors of ours. Private to this room.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/clock.h"
#include "experiments/postgres_store.h"
#include "experiments/sql_connection.h"

struct pg_conn;
struct pg_result;

namespace tomograd {

class PostgresConnection : public SqlConnection {
 public:
  PostgresConnection(PostgresAddress address, Clock& clock, double patience_seconds);
  ~PostgresConnection() override;
  PostgresConnection(const PostgresConnection&) = delete;

  std::unique_ptr<SqlStatement> prepare(const char* sql) override;
  void begin() override { execute("BEGIN"); }
  void commit() override { execute("COMMIT"); }
  void rollback() noexcept override;
  bool try_again(int tries) override;
  const char* select_events() const override { return "SELECT id, at, kind, trial, attempt, text FROM settled_events() WHERE id > $1 ORDER BY id"; }
  const std::string& name() const override { return address_.shown; }
  const std::string& schema() const { return address_.schema; }

  void execute(const std::string& sql);          // any number of statements, rows are dropped

 private:
  friend class PostgresStatement;
  enum class Trouble { none, lasting, in_the_way, lost };
  void connect();
  pg_result* check(pg_result* result);           // Error unless it succeeded; notes what kind of trouble it is

  PostgresAddress address_;
  Clock& clock_;
  double patience_, lost_since_ = 0;
  Trouble trouble_ = Trouble::none;
  pg_conn* connection_ = nullptr;
  std::map<const char*, std::string> statements_;  // names of what this connection has prepared
};

}  // namespace tomograd
