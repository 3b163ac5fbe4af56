#include "server/experiment_values.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "experiments/metrics.h"
#include "report/numbers.h"
#include "search/space.h"
#include "spec/run_spec.h"

namespace tomograd {
namespace {

struct TrialTimes {                              // over all attempts of a trial
  double begin = nothing, end = nothing, busy = 0;
};

std::map<int64_t, TrialTimes> times_of(const Timeline& timeline) {
  std::map<int64_t, TrialTimes> times;
  for (const auto& worker : timeline.workers)
    for (const auto& span : worker.attempts) {
      TrialTimes& of = times[span.trial];
      of.begin = std::isnan(of.begin) ? span.begin : std::min(of.begin, span.begin);
      of.end = std::isnan(of.end) ? span.end : std::max(of.end, span.end);
      of.busy += span.end - span.begin;
    }
  return times;
}

std::string left_out(const TrialRecord& trial) {
  const Value* name = trial.design.find("left_out");
  return name && name->is_text() ? name->as_text() : "";
}

std::string state_of(const ExperimentView& view) {
  int64_t abandoned = std::count_if(view.trials.begin(), view.trials.end(), [](const TrialRecord& trial) { return trial.abandoned; });
  const int64_t alive = view.counts.running - abandoned;
  if (view.counts.open() == 0 && view.counts.total() >= view.planned) return "done";
  if (view.stop_requested) return alive > 0 ? "stopping" : "stopped";
  if (alive > 0) return "running";
  if (abandoned > 0) return "lost";
  return view.counts.open() == 0 ? "done" : "waiting";
}

// The variables' values in words: "momentum=0.9".
std::string label_of(const ExperimentView& view, const TrialRecord& trial) {
  std::string label;
  for (const auto& variable : view.spec.variable) {
    const Value* value = trial.settings.find(variable.key);
    if (!value) continue;
    std::string name = variable.key.substr(variable.key.rfind('.') + 1);
    label += (label.empty() ? "" : ", ") + name + "=" + value_label(variable, *value);
  }
  if (label.empty() && !left_out(trial).empty()) label = "without " + left_out(trial);
  return label;
}

double eta_of(const ExperimentView& view, int64_t workers) {
  return workers == 0 ? nothing : usual_trial_seconds(view) * double(view.planned - view.counts.over()) / double(workers);
}

Value column(const std::string& key, const char* kind) {
  Value v = Value::table();
  v["key"] = key, v["kind"] = kind;
  return v;
}

// Numbers that results hold beside lists, in order of appearance.
void add_keys(std::vector<std::string>& keys, const Value& table, const std::string& metric) {
  if (!table.is_table()) return;
  for (const auto& [key, value] : table.as_table())
    if (value.is_number() && key != metric && std::find(keys.begin(), keys.end(), key) == keys.end()) keys.push_back(key);
}

Value number_cell(const Value& table, const std::string& key) {
  const Value* value = table.find(key);
  return value && value->is_number() ? *value : Value();
}

Value design_cell(const TrialRecord& trial, const char* key) {
  const Value* value = trial.design.find(key);
  return value && !value->is_table() && !value->is_list() ? *value : Value();
}

Value moment(const Timeline& timeline, double seconds) { return std::isnan(seconds) ? Value() : Value(timeline.start + int64_t(seconds * 1000)); }

Value best_of(const ExperimentView& view) {
  const TrialRecord* best = nullptr;
  double most = -INFINITY;
  for (const auto& trial : view.trials)
    if (auto value = trial_metric(trial.metrics, view.spec.strategy.metric); value && *value > most) most = *value, best = &trial;
  if (!best) return {};
  Value v = Value::table();
  v["trial"] = best->number, v["value"] = most, v["label"] = label_of(view, *best);
  return v;
}

}  // namespace

double usual_trial_seconds(const ExperimentView& view) {
  std::vector<double> complete;
  for (const auto& row : view.timeline.workers)
    for (const auto& span : row.attempts)
      if (span.outcome == "complete") complete.push_back(span.end - span.begin);
  return complete.empty() ? nothing : median_of(std::move(complete));
}

void add_summary(Value& v, const ExperimentView& view) {
  v["strategy"] = view.spec.strategy.kind, v["metric"] = view.spec.strategy.metric, v["state"] = state_of(view);
  Value& trials = v["trials"];
  const TrialCounts& c = view.counts;
  trials["total"] = c.total(), trials["waiting"] = c.waiting, trials["running"] = c.running, trials["complete"] = c.complete, trials["failed"] = c.failed, trials["preempted"] = c.preempted;
  trials["cancelled"] = c.cancelled, trials["pruned"] = c.pruned;
  v["total_planned"] = view.planned, v["best"] = best_of(view);
  std::vector<double> with_all;
  for (const auto& trial : view.trials)
    if (auto value = trial_metric(trial.metrics, view.spec.strategy.metric); value && trial.state == TrialState::complete && left_out(trial).empty()) with_all.push_back(*value);
  Spread spread = spread_of(with_all);
  v["mean"] = Value();
  if (spread.n > 0) v["mean"]["value"] = spread.mean, v["mean"]["standard_deviation"] = spread.deviation;
  int64_t workers = std::count_if(view.trials.begin(), view.trials.end(), [](const TrialRecord& trial) { return trial.state == TrialState::running && !trial.abandoned; });
  v["busy_seconds"] = view.timeline.busy_seconds, v["trial_seconds"] = usual_trial_seconds(view);
  add_money(v, view);
  v["workers"] = workers, v["eta_seconds"] = eta_of(view, workers), v["created_unix_milliseconds"] = view.record.created;
  v["changed_unix_milliseconds"] = view.events.empty() ? view.record.created : view.events.back().at;
}

void add_details(Value& v, const ExperimentView& view) {
  v["spec"] = view.record.spec, v["facts"] = view.record.facts, v["fingerprint"] = view.record.fingerprint;
  v["attempts"] = view.record.attempts, v["lease_seconds"] = view.record.lease_seconds;
  Value::List variables;
  for (const auto& variable : view.spec.variable) {
    Value item = Value::table();
    item["key"] = variable.key, item["scale"] = variable.scale, item["range"] = variable.range.empty() ? Value() : Value::list_of(variable.range);
    item["values"] = variable.values, item["labels"] = Value::list_of(variable.labels);
    variables.push_back(std::move(item));
  }
  v["variables"] = std::move(variables);
  const Value* channels = view.record.facts.find("channels");
  v["channels"] = channels && channels->is_list() ? *channels : Value(Value::List{});
  v["notes"] = notes_value(view.events);
}

Value notes_value(const std::vector<StoreEvent>& events) {
  Value::List notes;
  for (const auto& event : events) {
    if (event.kind != "note") continue;
    Value note = Value::table();
    note["id"] = event.id, note["at_unix_milliseconds"] = event.at, note["trial"] = event.trial, note["text"] = event.text;
    notes.push_back(std::move(note));
  }
  return notes;
}

Value trial_columns(const ExperimentView& view, int64_t offset, int64_t limit) {
  const std::string& metric = view.spec.strategy.metric;
  std::vector<std::string> measured, timed;
  for (const auto& trial : view.trials) add_keys(measured, trial.metrics, metric), add_keys(timed, trial.timing, metric);
  Value::List columns;
  for (const char* key : {"trial", "state", "progress", "attempts", "failures", "owner", "reason", "abandoned"}) columns.push_back(column(key, "trial"));
  for (const char* key : {"started_unix_milliseconds", "ended_unix_milliseconds", "busy_seconds"}) columns.push_back(column(key, "time"));
  const bool priced = view.terms && view.terms->priced();
  if (priced) columns.push_back(column("cost", "money")), columns.back()["unit"] = view.terms->currency;
  constexpr const char* design[] = {"left_out", "test_name", "repeat", "seed"};
  for (const char* key : design) columns.push_back(column(key, "design"));
  for (const auto& variable : view.spec.variable) columns.push_back(column(variable.key, "variable"));
  columns.push_back(column(metric, "metric"));
  columns.back()["main"] = true;
  for (const auto& key : measured) columns.push_back(column(key, "metric"));
  for (const auto& key : timed) columns.push_back(column(key, "timing"));

  const auto times = times_of(view.timeline);
  Value::List rows;
  for (int64_t i = offset; i < std::min(int64_t(view.trials.size()), offset + limit); ++i) {
    const TrialRecord& trial = view.trials[size_t(i)];
    auto found = times.find(trial.number);
    const TrialTimes at = found == times.end() ? TrialTimes{} : found->second;
    const bool over = trial.state != TrialState::running;
    Value::List row{trial.number, trial_state_name(trial.state), over ? (trial.state == TrialState::complete ? 1.0 : 0.0) : trial.progress, trial.attempts, trial.failures, trial.owner, trial.reason, trial.abandoned};
    row.reserve(columns.size());
    row.push_back(moment(view.timeline, at.begin)), row.push_back(over ? moment(view.timeline, at.end) : Value()), row.emplace_back(at.busy);
    if (priced) row.emplace_back(*cost_of(view, at.busy));
    for (const char* key : design) row.push_back(design_cell(trial, key));
    for (const auto& variable : view.spec.variable) {
      const Value* value = trial.settings.find(variable.key);
      row.push_back(value ? *value : Value());
    }
    auto value = trial_metric(trial.metrics, metric);
    row.push_back(value ? Value(*value) : Value());
    for (const auto& key : measured) row.push_back(number_cell(trial.metrics, key));
    for (const auto& key : timed) row.push_back(number_cell(trial.timing, key));
    rows.emplace_back(std::move(row));
  }
  Value v = Value::table(), best = best_of(view);
  v["format"] = "tomograd.trials/1", v["version"] = view.version, v["total"] = int64_t(view.trials.size()), v["offset"] = offset;
  v["best_trial"] = best.is_nothing() ? Value(0) : best.at("trial");
  v["columns"] = std::move(columns), v["rows"] = std::move(rows);
  return v;
}

Value trial_details(const ExperimentView& view, const TrialRecord& trial) {
  Value v = Value::table();
  v["format"] = "tomograd.trial/1", v["trial"] = trial.number, v["state"] = trial_state_name(trial.state), v["settings"] = trial.settings, v["design"] = trial.design;
  auto found = [](const Value& table) { return table.is_nothing() ? Value::table() : table; };   // before the first result
  v["metrics"] = found(trial.metrics), v["timing"] = found(trial.timing), v["attempts"] = trial.attempts, v["failures"] = trial.failures, v["reason"] = trial.reason, v["owner"] = trial.owner;
  v["progress"] = trial.progress, v["abandoned"] = trial.abandoned;
  Value::List history;
  double busy = 0;
  for (const auto& worker : view.timeline.workers)
    for (const auto& span : worker.attempts) {
      if (span.trial != trial.number) continue;
      Value item = Value::table();
      busy += span.end - span.begin;
      item["attempt"] = span.attempt, item["owner"] = worker.owner, item["started_unix_milliseconds"] = moment(view.timeline, span.begin);
      item["ended_unix_milliseconds"] = span.outcome == "running" ? Value() : moment(view.timeline, span.end), item["outcome"] = span.outcome, item["reason"] = span.reason;
      history.push_back(std::move(item));
    }
  std::sort(history.begin(), history.end(), [](const Value& a, const Value& b) { return a.at("attempt").as_integer() < b.at("attempt").as_integer(); });
  v["history"] = std::move(history);
  const auto cost = cost_of(view, busy);
  v["cost"] = cost ? Value(*cost) : Value(), v["currency"] = cost ? Value(view.terms->currency) : Value();
  return v;
}

Value event_list(const ExperimentView& view, int64_t after, int64_t limit) {
  Value::List list;
  for (auto event = view.events.rbegin(); event != view.events.rend() && event->id > after && int64_t(list.size()) < limit; ++event) {
    Value item = Value::table();
    item["id"] = event->id, item["at_unix_milliseconds"] = event->at, item["kind"] = event->kind, item["trial"] = event->trial, item["attempt"] = event->attempt, item["text"] = event->text;
    list.push_back(std::move(item));
  }
  Value v = Value::table();
  v["format"] = "tomograd.log/1", v["last"] = view.events.empty() ? int64_t{0} : view.events.back().id, v["events"] = std::move(list);
  return v;
}

Value changed_fields(const ExperimentSpec& spec) {
  ExperimentSpec given = spec, usual;
  std::vector<FieldInfo> fields, defaults;
  list_fields(given, "", fields), list_fields(usual, "", defaults);
  if (spec.run.is_table()) {
    RunSpec run = spec_from<RunSpec>(spec.run), usual_run;
    list_fields(run, "run", fields), list_fields(usual_run, "run", defaults);
  }
  Value::List changed;
  for (size_t i = 0; i < fields.size(); ++i) {
    if (fields[i].path == "run" || fields[i].default_value == defaults[i].default_value) continue;
    Value item = Value::table();
    item["key"] = fields[i].path, item["value"] = fields[i].default_value, item["default"] = defaults[i].default_value;
    changed.push_back(std::move(item));
  }
  return changed;
}

}  // namespace tomograd
