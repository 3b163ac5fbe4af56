#ifdef TOMOGRAD_LIBPQ
#include "experiments/postgres_connection.h"

#include <libpq-fe.h>

#include <algorithm>
#include <charconv>
#include <cstring>

#include "base/error.h"
#include "base/log.h"
#include "spec/value.h"

namespace tomograd {

namespace {

constexpr int most_tries = 50;                   // of one transaction, however they end

std::string one_line(const char* message) {
  std::string line = message ? message : "";
  while (!line.empty() && (line.back() == '\n' || line.back() == ' ')) line.pop_back();
  std::replace(line.begin(), line.end(), '\n', ' ');
  return line;
}

// PostgreSQL takes valid UTF-8 without NUL only; what a program wrote before it failed may be anything.
std::string valid_text(const std::string& v) {
  std::string result;
  result.reserve(v.size());
  for (size_t i = 0; i < v.size();) {
    auto byte = [&](size_t at) { return at < v.size() ? static_cast<unsigned char>(v[at]) : 0u; };
    unsigned first = byte(i);
    size_t length = first == 0 ? 0 : first < 0x80 ? 1 : first >= 0xC2 && first < 0xE0 ? 2 : (first & 0xF0) == 0xE0 ? 3 : first >= 0xF0 && first < 0xF5 ? 4 : 0;
    for (size_t k = 1; k < length; ++k)
      if ((byte(i + k) & 0xC0) != 0x80) length = 0;
    unsigned second = byte(i + 1);
    if ((first == 0xE0 && second < 0xA0) || (first == 0xED && second >= 0xA0) || (first == 0xF0 && second < 0x90) || (first == 0xF4 && second >= 0x90)) length = 0;
    if (length == 0) result += '?', ++i;
    else result.append(v, i, length), i += length;
  }
  return result;
}

}  // namespace

class PostgresStatement : public SqlStatement {
 public:
  PostgresStatement(PostgresConnection& connection, const std::string& name) : connection_(connection), name_(name) {}
  ~PostgresStatement() override { PQclear(result_); }
  void bind(int64_t v) override { values_.push_back(std::to_string(v)); }
  void bind(double v) override { values_.push_back(number_text(v)); }
  void bind(const std::string& v) override { values_.push_back(valid_text(v)); }

  bool step() override {                         // the first runs it and fetches all rows
    if (!result_) {
      std::vector<const char*> values;
      for (const auto& value : values_) values.push_back(value.c_str());
      result_ = connection_.check(PQexecPrepared(connection_.connection_, name_.c_str(), int(values.size()), values.data(), nullptr, nullptr, 0));
    }
    return ++row_ < PQntuples(result_);
  }
  int64_t changed() const override { return result_ ? parse(PQcmdTuples(result_)) : 0; }
  bool is_null(int column) const override { return PQgetisnull(result_, row_, column) != 0; }
  int64_t integer(int column) const override { return parse(text(column)); }
  double number(int column) const override {
    double v = 0;
    std::string_view digits = text(column);
    std::from_chars(digits.data(), digits.data() + digits.size(), v);
    return v;
  }
  std::string_view text(int column) const override { return {PQgetvalue(result_, row_, column), size_t(PQgetlength(result_, row_, column))}; }

 private:
  static int64_t parse(std::string_view digits) {
    int64_t v = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), v);
    return v;
  }

  PostgresConnection& connection_;
  std::string name_;
  std::vector<std::string> values_;
  pg_result* result_ = nullptr;
  int row_ = -1;
};

PostgresConnection::PostgresConnection(PostgresAddress address, Clock& clock, double patience_seconds) : address_(std::move(address)), clock_(clock), patience_(patience_seconds) {
  try {
    connect();
  } catch (const Error&) {
    if (try_again(1)) return;                    // which has connected
    PQfinish(connection_);
    throw;
  }
}

PostgresConnection::~PostgresConnection() { PQfinish(connection_); }

// Every statement here is meant for an index, which the planner would not believe of tables that are new and small; what it
// charges for the rest would make it compile them. A client that freezes inside a transaction must not hold its rows for ever.
void PostgresConnection::connect() {
  PQfinish(connection_);
  statements_.clear();
  const char* keys[] = {"connect_timeout", "tcp_user_timeout", "application_name", "client_encoding", "dbname", nullptr};
  const char* values[] = {"10", "30000", "tomograd", "UTF8", address_.connection.c_str(), nullptr};
  connection_ = PQconnectdbParams(keys, values, 1);
  if (PQstatus(connection_) != CONNECTION_OK) {
    std::string message = one_line(PQerrorMessage(connection_));
    // libpq gives no code here, so the words must do; one that is not known is waited for, and then said.
    trouble_ = Trouble::lost;
    for (const char* words : {"authentication failed", "does not exist", "no password supplied", "pg_hba.conf", "permission denied", "invalid", "could not translate", "certificate", "does not support"})
      if (message.find(words) != std::string::npos) trouble_ = Trouble::lasting;
    fail_input("'" + address_.shown + "': " + message);
  }
  PQsetNoticeProcessor(connection_, [](void*, const char*) {}, nullptr);
  execute("SET search_path = \"" + address_.schema + "\"; SET enable_seqscan = off; SET jit = off; SET idle_in_transaction_session_timeout = '60s'; SET default_transaction_isolation = 'read committed'; SET synchronous_commit = on");
  lost_since_ = 0;
}

pg_result* PostgresConnection::check(pg_result* result) {
  ExecStatusType status = PQresultStatus(result);
  if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK) return result;
  const char* field = PQresultErrorField(result, PG_DIAG_SQLSTATE);
  std::string state = field ? field : "", message = one_line(result && *PQresultErrorMessage(result) ? PQresultErrorMessage(result) : PQerrorMessage(connection_));
  PQclear(result);
  if (state.empty() || PQstatus(connection_) != CONNECTION_OK || state == "57P01" || state == "57P02" || state == "57P03") trouble_ = Trouble::lost;
  // Another session was in the way: serialisation, deadlock, or the same row written at once (the same request, sent twice).
  else if (state == "40001" || state == "40P01" || state == "23505") trouble_ = Trouble::in_the_way;
  else trouble_ = Trouble::lasting;
  message = "'" + address_.shown + "': " + message;
  if (state == "53100") fail_failure(message, "free some space on the server and resume; finished trials are intact");
  if (state == "42501" || state == "3F000") fail_input(message, "the user needs CREATE on the database, or USAGE of the schema and all rights on its tables");
  fail_failure(message);
}

std::unique_ptr<SqlStatement> PostgresConnection::prepare(const char* sql) {
  auto found = statements_.find(sql);
  if (found == statements_.end()) {
    std::string name = "s" + std::to_string(statements_.size());
    PQclear(check(PQprepare(connection_, name.c_str(), sql, 0, nullptr)));
    found = statements_.emplace(sql, name).first;
  }
  return std::make_unique<PostgresStatement>(*this, found->second);
}

void PostgresConnection::execute(const std::string& sql) { PQclear(check(PQexec(connection_, sql.c_str()))); }

void PostgresConnection::rollback() noexcept {
  Trouble trouble = trouble_;                    // what try_again() will ask about is the error, not its clearing up
  if (PQstatus(connection_) == CONNECTION_OK) PQclear(PQexec(connection_, "ROLLBACK"));
  trouble_ = trouble;
}

bool PostgresConnection::try_again(int tries) {
  Trouble trouble = std::exchange(trouble_, Trouble::none);
  if (trouble == Trouble::in_the_way) return tries < most_tries;
  if (trouble != Trouble::lost || tries >= most_tries) return false;
  if (lost_since_ == 0) lost_since_ = clock_.monotonic_seconds();
  bool said = false;
  for (double wait = 0.01; clock_.monotonic_seconds() - lost_since_ < patience_; wait = std::min(2.0, wait * 2)) {
    clock_.sleep_seconds(wait);
    try {
      connect();
      return true;
    } catch (const Error&) {
      if (std::exchange(trouble_, Trouble::none) != Trouble::lost) return false;
      if (!std::exchange(said, true)) warn("waiting for " + address_.shown);
    }
  }
  lost_since_ = 0;
  return false;
}

}  // namespace tomograd
#endif
