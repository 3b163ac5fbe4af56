// What a back end that keeps trials in SQL tables gives to SqlStore: prepared statements and transactions. The statements are
// written once, in what SQLite and PostgreSQL have in common: parameters $1, $2, ... numbered in the order in which they first
// stand, and the functions lease_clock() (milliseconds by which leases count), boot_name() (leases of another boot have run
// out) and wall_clock() (Unix milliseconds, for people). " FOR UPDATE" and what follows it is for PostgreSQL; SQLite leaves it
// out, as its transactions lock the whole file. Private to this room.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace tomograd {

class SqlStatement {                             // one use of a prepared statement; its texts live until the next step()
 public:
  virtual ~SqlStatement() = default;
  virtual void bind(int64_t v) = 0;
  virtual void bind(double v) = 0;
  virtual void bind(const std::string& v) = 0;
  virtual bool step() = 0;                       // true = there is a row
  virtual int64_t changed() const = 0;           // rows that it inserted, updated or deleted
  virtual int64_t integer(int column) const = 0; // 0 for NULL, as number() and "" of text()
  virtual double number(int column) const = 0;
  virtual std::string_view text(int column) const = 0;
  virtual bool is_null(int column) const = 0;
};

class SqlConnection {
 public:
  virtual ~SqlConnection() = default;
  // `sql` must be a literal: its address is the key under which the prepared statement is kept.
  virtual std::unique_ptr<SqlStatement> prepare(const char* sql) = 0;
  virtual void begin() = 0;
  virtual void commit() = 0;
  virtual void rollback() noexcept = 0;
  // After an error: whether the whole transaction may succeed when it is run once more (the server was gone, another session
  // was in the way). Waits, and connects anew, before it says yes; `tries` so far, from 1.
  virtual bool try_again(int tries) = 0;
  // The events behind id $1 in order, none of which can still be joined by one with a smaller id.
  virtual const char* select_events() const { return "SELECT id, at, kind, trial, attempt, text FROM event WHERE id > $1 ORDER BY id"; }
  virtual const std::string& name() const = 0;   // how messages call the store
};

class Query {                                    // Query q(db, "SELECT a FROM t WHERE b = $1", b); while (q.step()) ...
 public:
  template <class... Values>
  Query(SqlConnection& db, const char* sql, const Values&... values) : statement_(db.prepare(sql)) { (statement_->bind(values), ...); }
  bool step() { return statement_->step(); }
  int64_t integer(int column) const { return statement_->integer(column); }
  double number(int column) const { return statement_->number(column); }
  std::string_view text(int column) const { return statement_->text(column); }
  std::string str(int column) const { return std::string(text(column)); }
  bool is_null(int column) const { return statement_->is_null(column); }

 private:
  std::unique_ptr<SqlStatement> statement_;
};

// For statements without rows; returns how many rows they changed.
template <class... Values>
int64_t run(SqlConnection& db, const char* sql, const Values&... values) {
  auto statement = db.prepare(sql);
  (statement->bind(values), ...);
  statement->step();
  return statement->changed();
}

class Transaction {                              // rolls back unless committed
 public:
  explicit Transaction(SqlConnection& db) : db_(db) { db_.begin(); }
  ~Transaction() {
    if (open_) db_.rollback();
  }
  Transaction(const Transaction&) = delete;
  void commit() {
    db_.commit();
    open_ = false;
  }

 private:
  SqlConnection& db_;
  bool open_ = true;
};

}  // namespace tomograd
