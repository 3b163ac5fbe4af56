#include "experiments/http_store_protocol.h"

#include "base/error.h"
#include "experiments/store_values.h"
#include "spec/error_value.h"
#include "spec/text_formats.h"

namespace tomograd {
namespace {

int status_of(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::input: case ErrorKind::usage: return 422;
    case ErrorKind::conflict: return 409;
    case ErrorKind::budget: return 507;
    default: return 500;
  }
}

Value carry_out(TrialStore& store, const std::string& method, const Value& in) {
  auto str = [&](const char* key) { return in.at(key).as_text(); };
  auto claim = [&] { return claim_from(in.at("claim")); };
  if (method == "claim") return list_value(store.claim_some(str("owner"), str("request_id"), in.at("most").as_integer()));
  if (method == "heartbeat") return store.heartbeat(claim(), in.at("progress").as_number());
  if (method == "complete") return store.complete(claim(), outcome_from(in.at("outcome")), str("request_id")), Value();
  if (method == "prune") return store.prune(claim(), outcome_from(in.at("outcome")), str("request_id")), Value();
  if (method == "fail") return store.fail(claim(), str("reason"), in.at("retry").as_bool(), str("request_id")), Value();
  if (method == "preempt") return store.preempt(claim(), str("reason"), str("request_id")), Value();
  if (method == "counts") return to_value(store.counts());
  if (method == "trials") return list_value(store.trials());
  if (method == "events") return list_value(store.events(in.at("after_id").as_integer()));
  if (method == "stop_requested") return store.stop_requested();
  if (method == "request_stop") return store.request_stop(), Value();
  if (method == "resume") return store.resume(), Value();
  if (method == "sweep") return store.sweep();
  if (method == "release") return store.release(str("owner"), str("reason"));
  if (method == "reopen") return Value::list_of(store.reopen(integers_from(in.at("trials")), str("request_id")));
  if (method == "cancel") return store.cancel(integers_from(in.at("trials"))), Value();
  if (method == "note") return store.note(in.at("trial").as_integer(), str("text"), str("request_id")), Value();
  if (method == "extend") return store.extend(list_from(in.at("trials"), planned_from), in.find("spec") ? in.at("spec") : Value()), Value();
  if (method == "adopt") return store.adopt(list_from(in.at("results"), adopted_from), str("request_id")), Value();
  if (method == "create") return store.create(experiment_from(in.at("experiment")), list_from(in.at("trials"), planned_from)), Value();
  if (method == "experiment") {
    auto record = store.experiment();
    return record ? to_value(*record) : Value();
  }
  fail_usage("a store has no '" + method + "'", "is one side of an older version of tomograd?");
}

}  // namespace

StoreAnswer error_answer(const Error& error) {
  Value whole = Value::table();
  whole["error"] = error_value(error);
  return {status_of(error.kind()), to_json(whole, false), {}};
}

StoreAnswer answer_store_request(TrialStore& store, const std::string& method, const std::string& body) {
  try {
    return with_context(method, [&] {
      Value whole = Value::table();
      whole["result"] = carry_out(store, method, parse_json(body, "the request"));
      return StoreAnswer{200, to_json(whole, false), {}};
    });
  } catch (const Error& error) {
    return error_answer(error);
  }
}

void throw_answered_error(const StoreAnswer& answer) {
  Value whole;
  try {
    whole = parse_json(answer.body, "the answer");
  } catch (const Error&) {
  }
  const Value* inside = whole.find("error");
  if (!inside || !inside->find("message") || !inside->at("message").is_text()) fail_input(text("the answer has status ", answer.status, " and is not one of a store"), "does the address lead to a tomograd that serves an experiment?");
  throw error_from(*inside);
}

}  // namespace tomograd
