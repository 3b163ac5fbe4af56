// TrialStore on SQL tables, the same code for every back end that speaks SQL (sql_connection.h); what differs is how tables
// are made and opened (sqlite_store.cpp, postgres_store.cpp). Private to this room.
//
// Whoever writes about a trial holds its row (FOR UPDATE) from the look at its state to the commit; an attempt is the trial's
// current one when their numbers are equal and the trial is running. Three files: the experiment as a whole (sql_store.cpp),
// claims and how they end (sql_store_claims.cpp), and what is taken back or ended from outside (sql_store_takes.cpp).
#pragma once

#include <functional>
#include <mutex>

#include "experiments/sql_connection.h"
#include "experiments/trial_store.h"

namespace tomograd {

class SqlStore : public TrialStore {
 public:
  explicit SqlStore(std::unique_ptr<SqlConnection> connection) : connection_(std::move(connection)), db_(*connection_) {}

  void create(const ExperimentRecord& experiment, const std::vector<PlannedTrial>& trials) override;
  void extend(const std::vector<PlannedTrial>& trials, const Value& spec) override;
  void adopt(const std::vector<Adopted>& results, const std::string& request_id) override;
  std::optional<ExperimentRecord> experiment() override;
  std::vector<TrialRecord> trials() override;
  TrialCounts counts() override;
  std::vector<StoreEvent> events(int64_t after_id) override;
  void note(int64_t trial, const std::string& text, const std::string& request_id) override;
  std::vector<Claim> claim_some(const std::string& owner, const std::string& request_id, int64_t most) override;
  bool heartbeat(const Claim& claim, double progress) override;
  void complete(const Claim& claim, const TrialOutcome& outcome, const std::string& request_id) override;
  void prune(const Claim& claim, const TrialOutcome& outcome, const std::string& request_id) override;
  void fail(const Claim& claim, const std::string& reason, bool retry, const std::string& request_id) override;
  void preempt(const Claim& claim, const std::string& reason, const std::string& request_id) override;
  int64_t sweep() override;
  int64_t release(const std::string& owner, const std::string& reason) override;
  std::vector<int64_t> reopen(const std::vector<int64_t>& trials, const std::string& request_id) override;
  void cancel(const std::vector<int64_t>& trials) override;
  void request_stop() override { set_stop(true); }
  void resume() override { set_stop(false); }
  bool stop_requested() override;

 private:
  // The body in one transaction, run again where the back end says that this may help, so it changes nothing but the store
  // and what it returns. The failpoints NAME.before_commit and NAME.after_commit stand around the commit.
  void write(const std::string& name, const std::function<void()>& body);
  void read(const std::function<void()>& body);

  // A request's answer as text; none = it is new. Error(failure) when the id was used for something else.
  std::optional<std::string> answered(const std::string& request_id, const std::string& kind);
  void answer(const std::string& request_id, const std::string& kind, const std::string& text);

  void add_event(const char* kind, int64_t trial, int64_t attempt, const std::string& text);
  bool add_trial(const std::string& experiment_fingerprint, const PlannedTrial& trial);  // false = the number is taken
  void end_attempt(const Claim& claim, const char* kind, const std::string& request_id, const std::function<void()>& body);
  void record_result(const Claim& claim, const char* state, const TrialOutcome& outcome);
  void require_owned(const Claim& claim);
  void close_attempt(int64_t trial, int64_t attempt, const char* outcome, const std::string& reason);
  void give_back(int64_t trial, int64_t attempt, const std::string& reason, bool retry);
  void lose(int64_t trial, int64_t attempt, const std::string& reason);
  int64_t take_back(const std::string& owner, const std::string& reason);
  void set_stop(bool stop);

  std::mutex mutex_;                             // one transaction at a time on the one connection
  std::unique_ptr<SqlConnection> connection_;
  SqlConnection& db_;
};

}  // namespace tomograd
