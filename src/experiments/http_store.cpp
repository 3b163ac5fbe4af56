#include "experiments/http_store.h"

#include <algorithm>

#include "base/error.h"
#include "base/log.h"
#include "experiments/request_id.h"
#include "experiments/store_values.h"
#include "spec/text_formats.h"

namespace tomograd {
namespace {

bool is_passing(int status) { return status == 0 || status == 429 || status == 502 || status == 503 || status == 504; }

class HttpStore : public TrialStore {
 public:
  HttpStore(StoreTransport transport, std::string name, Clock& clock, double patience_seconds) : transport_(std::move(transport)), name_(std::move(name)), clock_(clock), patience_(patience_seconds) {}

  void create(const ExperimentRecord& experiment, const std::vector<PlannedTrial>& trials) override {
    Value in = Value::table();
    in["experiment"] = to_value(experiment), in["trials"] = list_value(trials);
    int tries = 0;
    try {
      call("create", in, &tries);
    } catch (const Error& error) {               // was it made by a request of ours whose answer got lost?
      if (tries == 1 || error.kind() != ErrorKind::input) throw;
      auto there = this->experiment();
      if (!there || there->name != experiment.name || there->fingerprint != experiment.fingerprint || counts().total() != int64_t(trials.size())) throw;
    }
  }
  void extend(const std::vector<PlannedTrial>& trials, const Value& spec) override { call("extend", {{"trials", list_value(trials)}, {"spec", spec}}); }
  void adopt(const std::vector<Adopted>& results, const std::string& request_id) override { call("adopt", {{"results", list_value(results)}, {"request_id", id_of(request_id)}}); }
  std::optional<ExperimentRecord> experiment() override {
    Value result = call("experiment", {});
    return result.is_nothing() ? std::nullopt : std::optional(experiment_from(result));
  }
  std::vector<TrialRecord> trials() override { return list_from(call("trials", {}), trial_from); }
  TrialCounts counts() override { return counts_from(call("counts", {})); }
  std::vector<StoreEvent> events(int64_t after_id) override { return list_from(call("events", {{"after_id", after_id}}), event_from); }
  void note(int64_t trial, const std::string& text, const std::string& request_id) override { call("note", {{"trial", trial}, {"text", text}, {"request_id", id_of(request_id)}}); }
  std::vector<Claim> claim_some(const std::string& owner, const std::string& request_id, int64_t most) override {
    return list_from(call("claim", {{"owner", owner}, {"request_id", request_id}, {"most", most}}), claim_from);
  }
  bool heartbeat(const Claim& claim, double progress) override { return call("heartbeat", {{"claim", short_value(claim)}, {"progress", progress}}).as_bool(); }
  void complete(const Claim& claim, const TrialOutcome& outcome, const std::string& request_id) override { end("complete", claim, {{"outcome", to_value(outcome)}, {"request_id", request_id}}); }
  void prune(const Claim& claim, const TrialOutcome& outcome, const std::string& request_id) override { end("prune", claim, {{"outcome", to_value(outcome)}, {"request_id", request_id}}); }
  void fail(const Claim& claim, const std::string& reason, bool retry, const std::string& request_id) override { end("fail", claim, {{"reason", reason}, {"retry", retry}, {"request_id", request_id}}); }
  void preempt(const Claim& claim, const std::string& reason, const std::string& request_id) override { end("preempt", claim, {{"reason", reason}, {"request_id", request_id}}); }
  int64_t sweep() override { return call("sweep", {}).as_integer(); }
  int64_t release(const std::string& owner, const std::string& reason) override { return call("release", {{"owner", owner}, {"reason", reason}}).as_integer(); }
  std::vector<int64_t> reopen(const std::vector<int64_t>& trials, const std::string& request_id) override {
    return integers_from(call("reopen", {{"trials", Value::list_of(trials)}, {"request_id", id_of(request_id)}}));
  }
  void cancel(const std::vector<int64_t>& trials) override { call("cancel", {{"trials", Value::list_of(trials)}}); }
  void request_stop() override { call("request_stop", {}); }
  void resume() override { call("resume", {}); }
  bool stop_requested() override { return call("stop_requested", {}).as_bool(); }

 private:
  static std::string id_of(const std::string& given) { return given.empty() ? new_request_id() : given; }
  static Value short_value(const Claim& claim) {  // who claims what; the settings are known over there
    Claim part;
    part.trial = claim.trial, part.attempt = claim.attempt, part.owner = claim.owner;
    return to_value(part);
  }
  void end(const char* method, const Claim& claim, Value::Table in) {
    in.emplace_back("claim", short_value(claim));
    call(method, std::move(in));
  }

  Value call(const char* method, Value::Table in) { return call(method, Value(std::move(in)), nullptr); }
  Value call(const char* method, const Value& in, int* tries) {
    std::string body = to_json(in, false);
    double begun = clock_.monotonic_seconds(), wait = 0.05;
    for (int count = 1;; ++count) {
      if (tries) *tries = count;
      StoreAnswer answer = transport_(method, body);
      if (answer.status == 200) return parse_json(answer.body, "the answer of " + name_).at("result");
      if (answer.status == 401) fail_input("'" + name_ + "' refuses our token", "take the token that its server was started with");
      if (!is_passing(answer.status)) throw_answered_error(answer);
      double left = patience_ - (clock_.monotonic_seconds() - begun);
      if (left <= 0) fail_failure(text("'", name_, "' does not answer: ", answer.status ? text("status ", answer.status) : answer.trouble), "is the host that serves the experiment up, and the port open?");
      if (count == 3) warn("waiting for " + name_);
      clock_.sleep_seconds(std::min(wait, left));
      wait = std::min(2.0, wait * 2);
    }
  }

  StoreTransport transport_;
  std::string name_;
  Clock& clock_;
  double patience_;
};

}  // namespace

std::unique_ptr<TrialStore> open_carried_store(StoreTransport transport, std::string name, Clock& clock, double patience_seconds) {
  return std::make_unique<HttpStore>(std::move(transport), std::move(name), clock, patience_seconds);
}

std::unique_ptr<TrialStore> open_http_store(const std::string& address, Clock& clock, const HttpStoreOptions& options) {
  std::string base = address;
  while (base.ends_with('/')) base.pop_back();
  return open_carried_store(curl_transport(base, options.token, options.timeout_seconds), base, clock, options.patience_seconds);
}

}  // namespace tomograd
