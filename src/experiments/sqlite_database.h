// SQLite's C interface made safe: a connection with our settings, prepared statements that are kept, transactions that roll
// back unless committed. Private to this room.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

struct sqlite3;
struct sqlite3_stmt;

namespace tomograd {

class Statement {  // one use of a prepared statement: bind in order, step, read columns; reset when it goes out of scope
 public:
  Statement(sqlite3* db, sqlite3_stmt* statement, const std::string& path) : db_(db), statement_(statement), path_(path) {}
  ~Statement();
  Statement(const Statement&) = delete;
  Statement& bind(int64_t v);
  Statement& bind(double v);
  Statement& bind(const std::string& v);
  Statement& bind_null();
  bool step();                                   // true = there is a row
  void run();                                    // for statements without rows
  int64_t integer(int column) const;
  double number(int column) const;
  std::string str(int column) const;             // "" for NULL
  bool is_null(int column) const;

 private:
  sqlite3* db_;
  sqlite3_stmt* statement_;
  const std::string& path_;
  int next_ = 1;
};

class Database {
 public:
  Database(std::string path, bool create, double busy_seconds);
  ~Database();
  Database(const Database&) = delete;
  Statement prepare(const char* sql);            // `sql` must be a literal: its address is the key of the cache
  void execute(const char* sql);                 // any number of statements, no rows
  int64_t changes() const;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
  sqlite3* db_ = nullptr;
  std::map<const char*, sqlite3_stmt*> statements_;
};

class Transaction {  // BEGIN IMMEDIATE: the write lock is taken at the start, so a transaction never fails half way by a lock
 public:
  explicit Transaction(Database& database);
  ~Transaction();
  void commit();

 private:
  Database& database_;
  bool open_ = true;
};

}  // namespace tomograd
