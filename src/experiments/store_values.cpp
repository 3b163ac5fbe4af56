#include "experiments/store_values.h"

namespace tomograd {
namespace {

// Each record lists its fields once: the same list writes and reads.
struct Writer {
  Value value = Value::table();
  void operator()(const char* key, const std::string& field) { value[key] = field; }
  void operator()(const char* key, int64_t field) { value[key] = field; }
  void operator()(const char* key, double field) { value[key] = field; }
  void operator()(const char* key, bool field) { value[key] = field; }
  void operator()(const char* key, const Value& field) { value[key] = field; }
  void operator()(const char* key, TrialState field) { value[key] = trial_state_name(field); }
};

struct Reader {
  const Value& value;
  void operator()(const char* key, std::string& field) { field = value.at(key).as_text(); }
  void operator()(const char* key, int64_t& field) { field = value.at(key).as_integer(); }
  void operator()(const char* key, double& field) { field = value.at(key).as_number(); }
  void operator()(const char* key, bool& field) { field = value.at(key).as_bool(); }
  void operator()(const char* key, Value& field) { field = value.at(key); }
  void operator()(const char* key, TrialState& field) { field = trial_state_from(value.at(key).as_text()); }
};

template <class Record, class Visitor>
void fields(Record& r, Visitor&& v) requires std::is_same_v<std::remove_const_t<Record>, ExperimentRecord> {
  v("name", r.name), v("spec", r.spec), v("facts", r.facts), v("fingerprint", r.fingerprint), v("attempts", r.attempts), v("lease_seconds", r.lease_seconds), v("created_unix_milliseconds", r.created);
}
template <class Record, class Visitor>
void fields(Record& r, Visitor&& v) requires std::is_same_v<std::remove_const_t<Record>, PlannedTrial> {
  v("trial", r.number), v("settings", r.settings), v("design", r.design);
}
template <class Record, class Visitor>
void fields(Record& r, Visitor&& v) requires std::is_same_v<std::remove_const_t<Record>, TrialRecord> {
  v("trial", r.number), v("state", r.state), v("settings", r.settings), v("design", r.design), v("fingerprint", r.fingerprint), v("attempts", r.attempts), v("failures", r.failures), v("reason", r.reason);
  v("owner", r.owner), v("progress", r.progress), v("abandoned", r.abandoned), v("metrics", r.metrics), v("timing", r.timing);
}
template <class Record, class Visitor>
void fields(Record& r, Visitor&& v) requires std::is_same_v<std::remove_const_t<Record>, Claim> {
  v("trial", r.trial), v("attempt", r.attempt), v("owner", r.owner), v("fingerprint", r.fingerprint), v("settings", r.settings), v("design", r.design);
}
template <class Record, class Visitor>
void fields(Record& r, Visitor&& v) requires std::is_same_v<std::remove_const_t<Record>, TrialOutcome> {
  v("metrics", r.metrics), v("timing", r.timing);
}
template <class Record, class Visitor>
void fields(Record& r, Visitor&& v) requires std::is_same_v<std::remove_const_t<Record>, Adopted> {
  v("trial", r.trial), v("metrics", r.outcome.metrics), v("timing", r.outcome.timing), v("source", r.source);
}
template <class Record, class Visitor>
void fields(Record& r, Visitor&& v) requires std::is_same_v<std::remove_const_t<Record>, TrialCounts> {
  v("waiting", r.waiting), v("running", r.running), v("complete", r.complete), v("failed", r.failed), v("preempted", r.preempted), v("cancelled", r.cancelled), v("pruned", r.pruned);
}
template <class Record, class Visitor>
void fields(Record& r, Visitor&& v) requires std::is_same_v<std::remove_const_t<Record>, StoreEvent> {
  v("id", r.id), v("at_unix_milliseconds", r.at), v("kind", r.kind), v("trial", r.trial), v("attempt", r.attempt), v("text", r.text);
}

template <class Record>
Value written(const Record& record) {
  Writer writer;
  fields(record, writer);
  return std::move(writer.value);
}

template <class Record>
Record read(const Value& v) {
  Record record;
  fields(record, Reader{v});
  return record;
}

}  // namespace

Value to_value(const ExperimentRecord& record) { return written(record); }
Value to_value(const PlannedTrial& trial) { return written(trial); }
Value to_value(const TrialRecord& trial) { return written(trial); }
Value to_value(const Claim& claim) { return written(claim); }
Value to_value(const TrialOutcome& outcome) { return written(outcome); }
Value to_value(const Adopted& result) { return written(result); }
Value to_value(const TrialCounts& counts) { return written(counts); }
Value to_value(const StoreEvent& event) { return written(event); }

ExperimentRecord experiment_from(const Value& v) { return read<ExperimentRecord>(v); }
PlannedTrial planned_from(const Value& v) { return read<PlannedTrial>(v); }
TrialRecord trial_from(const Value& v) { return read<TrialRecord>(v); }
Claim claim_from(const Value& v) { return read<Claim>(v); }
TrialOutcome outcome_from(const Value& v) { return read<TrialOutcome>(v); }
Adopted adopted_from(const Value& v) { return read<Adopted>(v); }
TrialCounts counts_from(const Value& v) { return read<TrialCounts>(v); }
StoreEvent event_from(const Value& v) { return read<StoreEvent>(v); }

}  // namespace tomograd
