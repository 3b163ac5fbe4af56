#include "experiments/export_optuna.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <optional>

#include "base/clock.h"
#include "experiments/metrics.h"
#include "search/space.h"
#include "spec/experiment_spec.h"
#include "spec/text_formats.h"

namespace tomograd {
namespace {

// Numbers of optuna/storages/journal/_storage.py (JournalOperation), optuna/trial/_state.py and optuna/study/_study_direction.py.
enum Operation { create_study = 0, set_study_user_attribute = 2, set_study_system_attribute = 3, create_trial = 4 };
enum class State { running = 0, complete = 1, pruned = 2, fail = 3, waiting = 4 };
constexpr int maximize = 2;

std::string line_of(Operation operation, Value fields) {
  Value line = Value::table();
  line["op_code"] = int64_t(operation), line["worker_id"] = "tomograd-export";
  for (auto& [key, value] : fields.as_table()) line[key] = std::move(value);
  return to_json(line, false) + "\n";
}

Value time_value(int64_t unix_milliseconds) {
  std::string seconds = utc_text(unix_milliseconds);          // "2026-11-26T14:00:00Z"
  char rest[24];
  std::snprintf(rest, sizeof rest, ".%03d000+00:00", int(unix_milliseconds % 1000));
  return seconds.substr(0, seconds.size() - 1) + rest;
}

// One parameter of the study: how Optuna describes its values, and which number stands for one of ours.
class Parameter {
 public:
  // The values of a trial that the parameter can take, given those that trials have.
  static Parameter of_range(const VariableSpec& variable, const std::vector<Value>& seen) {
    Parameter p;
    p.name = variable.key;
    double low = std::min(variable.range[0], variable.range[1]), high = std::max(variable.range[0], variable.range[1]);
    bool whole = variable.scale == "integer" || variable.scale == "integer-log";
    for (const auto& value : seen) {
      if (!value.is_number()) continue;
      low = std::min(low, value.as_number()), high = std::max(high, value.as_number());
      whole = whole && value.is_integer();
    }
    Value attributes = Value::table();
    attributes["log"] = (variable.scale == "log" || variable.scale == "integer-log") && low > 0;
    attributes["step"] = whole ? Value(1) : Value();
    attributes["low"] = whole ? Value(int64_t(std::floor(low))) : Value(low);
    attributes["high"] = whole ? Value(int64_t(std::ceil(high))) : Value(high);
    p.describe(whole ? "IntDistribution" : "FloatDistribution", attributes);
    return p;
  }

  static Parameter of_choices(const std::string& name, std::vector<Value> given, const std::vector<Value>& seen) {
    Parameter p;
    p.name = name;
    given.insert(given.end(), seen.begin(), seen.end());
    for (const auto& value : given)
      if (std::find(p.choices_.begin(), p.choices_.end(), value) == p.choices_.end()) p.choices_.push_back(value);
    Value::List shown;                           // Optuna keeps nothing, booleans, numbers and text; lists and tables become text
    for (const auto& value : p.choices_) shown.push_back(value.is_list() || value.is_table() ? Value(to_json(value, false)) : value);
    Value attributes = Value::table();
    attributes["choices"] = shown;
    p.describe("CategoricalDistribution", attributes);
    return p;
  }

  // None: the trial does not have it, or something that no distribution holds.
  std::optional<double> number(const Value& value) const {
    if (choices_.empty()) return value.is_number() && std::isfinite(value.as_number()) ? std::optional(value.as_number()) : std::nullopt;
    auto found = std::find(choices_.begin(), choices_.end(), value);
    return found == choices_.end() ? std::nullopt : std::optional(double(found - choices_.begin()));
  }

  std::string name, distribution;                // the latter as JSON in a text, as the journal has it
  bool design = false;                           // found in the trial's design, not in its settings

 private:
  void describe(const char* kind, const Value& attributes) {
    Value v = Value::table();
    v["name"] = kind, v["attributes"] = attributes;
    distribution = to_json(v, false);
  }
  std::vector<Value> choices_;                   // empty = a range
};

const Value* value_of(const TrialRecord& trial, const Parameter& parameter) {
  return parameter.design ? trial.design.find(parameter.name == "test" ? "test_name" : parameter.name) : trial.settings.find(parameter.name);
}

std::vector<Parameter> parameters_of(const StudyMaterial& material, const ExperimentSpec& spec) {
  std::vector<Parameter> parameters;
  auto seen = [&](const std::string& key, bool design) {
    std::vector<Value> values;
    for (const auto& trial : material.trials)
      if (const Value* value = (design ? trial.design : trial.settings).find(key); value && std::find(values.begin(), values.end(), *value) == values.end()) values.push_back(*value);
    return values;
  };
  for (const auto& variable : spec.variable) {
    bool range = variable.range.size() == 2;
    std::vector<Value> listed = variable.values.is_list() ? variable.values.as_list() : std::vector<Value>{};
    parameters.push_back(range ? Parameter::of_range(variable, seen(variable.key, false)) : Parameter::of_choices(variable.key, listed, seen(variable.key, false)));
  }
  for (const auto& [name, key] : {std::pair{"left_out", "left_out"}, {"test", "test_name"}, {"channel_dropout", "channel_dropout"}}) {
    std::vector<Value> values = seen(key, true);
    if (values.size() < 2) continue;
    parameters.push_back(Parameter::of_choices(name, {}, values));
    parameters.back().design = true;
  }
  return parameters;
}

struct Times {
  int64_t start = 0, end = 0;                    // Unix milliseconds; 0 = not yet
};

std::map<int64_t, Times> times_of(const std::vector<StoreEvent>& events) {
  std::map<int64_t, Times> times;
  for (const auto& event : events) {
    Times& t = times[event.trial];
    if (event.kind == "claimed" && t.start == 0) t.start = event.at;
    if (event.kind == "complete" || event.kind == "failed" || event.kind == "pruned" || event.kind == "cancelled") t.end = event.at;
  }
  return times;
}

State state_of(const TrialRecord& trial, bool has_value) {
  switch (trial.state) {
    case TrialState::complete: return has_value ? State::complete : State::fail;   // Optuna knows no complete trial without a value
    case TrialState::pruned: return State::pruned;
    case TrialState::failed:
    case TrialState::cancelled: return State::fail;
    case TrialState::running: return State::running;
    case TrialState::waiting:
    case TrialState::preempted: return State::waiting;
  }
  return State::waiting;
}

Value notes_of(const std::vector<StoreEvent>& events, int64_t trial) {
  Value::List notes;
  for (const auto& event : events) {
    if (event.kind != "note" || event.trial != trial) continue;
    Value note = Value::table();
    note["at"] = utc_text(event.at), note["text"] = event.text;
    notes.push_back(std::move(note));
  }
  return notes;
}

Value attributes_of(const TrialRecord& trial, const StudyMaterial& material) {
  Value v = Value::table();
  for (const Value* table : {&trial.metrics, &trial.timing})
    if (table->is_table())
      for (const auto& [name, value] : table->as_table())
        if (value.is_number() && std::isfinite(value.as_number())) v[name] = value;
  v["trial"] = trial.number, v["state"] = trial_state_name(trial.state), v["attempts"] = trial.attempts, v["reason"] = trial.reason;
  v["design"] = trial.design, v["settings"] = trial.settings, v["fingerprint"] = trial.fingerprint;
  if (const Value* seed = trial.design.find("seed")) v["seed"] = *seed;
  if (Value notes = notes_of(material.events, trial.number); !notes.as_list().empty()) v["notes"] = notes;
  return v;
}

Value trial_fields(const TrialRecord& trial, const StudyMaterial& material, const ExperimentSpec& spec, const std::vector<Parameter>& parameters, const Times& times) {
  Value fields = Value::table();
  auto metric = trial_metric(trial.metrics, spec.strategy.metric);
  State state = state_of(trial, metric.has_value());
  bool finished = state == State::complete || state == State::pruned || state == State::fail;
  int64_t start = times.start > 0 ? times.start : material.experiment.created;
  fields["study_id"] = 0;
  fields["state"] = int64_t(state);
  fields["value"] = metric && (state == State::complete || state == State::pruned) ? Value(*metric) : Value(), fields["values"] = Value();
  fields["datetime_start"] = state == State::waiting ? Value() : time_value(start);
  if (finished) fields["datetime_complete"] = time_value(std::max(start, times.end));
  Value distributions = Value::table(), params = Value::table(), intermediate = Value::table();
  for (const auto& parameter : parameters) {
    const Value* value = value_of(trial, parameter);
    auto number = value ? parameter.number(*value) : std::nullopt;
    if (number) distributions[parameter.name] = parameter.distribution, params[parameter.name] = *number;
  }
  if (auto found = material.intermediate.find(trial.number); found != material.intermediate.end())
    for (const auto& [step, value] : found->second)
      if (std::isfinite(value)) intermediate[std::to_string(step)] = value;
  fields["distributions"] = distributions, fields["params"] = params, fields["intermediate_values"] = intermediate;
  fields["user_attrs"] = attributes_of(trial, material), fields["system_attrs"] = Value::table();
  return fields;
}

}  // namespace

std::string optuna_journal(const StudyMaterial& material) {
  ExperimentSpec spec = spec_from<ExperimentSpec>(material.experiment.spec);
  Value study = Value::table();
  study["study_name"] = material.experiment.name, study["directions"] = Value(Value::List{maximize});
  std::string journal = line_of(create_study, study);
  auto attribute = [&](Operation operation, const char* key, Value value) {
    Value fields = Value::table();
    fields["study_id"] = 0;
    fields[operation == set_study_user_attribute ? "user_attr" : "system_attr"][key] = std::move(value);
    journal += line_of(operation, fields);
  };
  attribute(set_study_system_attribute, "study:metric_names", Value(Value::List{spec.strategy.metric}));
  attribute(set_study_user_attribute, "strategy", spec.strategy.kind);
  attribute(set_study_user_attribute, "fingerprint", material.experiment.fingerprint);
  attribute(set_study_user_attribute, "spec", material.experiment.spec);
  if (Value notes = notes_of(material.events, 0); !notes.as_list().empty()) attribute(set_study_user_attribute, "notes", notes);

  std::vector<Parameter> parameters = parameters_of(material, spec);
  std::map<int64_t, Times> times = times_of(material.events);
  int64_t next = 1;
  for (const auto& trial : material.trials) {
    for (; next < trial.number; ++next) {        // Optuna counts by order; a number that is not ours must not shift the others
      Value gap = Value::table();
      gap["study_id"] = 0, gap["state"] = int64_t(State::fail), gap["datetime_start"] = time_value(material.experiment.created), gap["datetime_complete"] = gap.at("datetime_start");
      journal += line_of(create_trial, gap);
    }
    journal += line_of(create_trial, trial_fields(trial, material, spec, parameters, times[trial.number]));
    ++next;
  }
  return journal;
}

}  // namespace tomograd
