#include "experiments/proposing.h"

#include <cmath>

#include "base/error.h"
#include "experiments/metrics.h"

namespace tomograd {

std::vector<Observation> observations_of(const ExperimentSpec& spec, const std::vector<TrialRecord>& trials, int64_t trials_per_proposal) {
  std::vector<Observation> observations;
  for (size_t first = 0; first + size_t(trials_per_proposal) <= trials.size(); first += size_t(trials_per_proposal)) {
    Observation observation;
    observation.number = int64_t(observations.size()) + 1;
    observation.outcome = ObservationState::complete;
    for (const auto& variable : spec.variable)
      if (const Value* value = trials[first].settings.find(variable.key)) observation.settings[variable.key] = *value;
    double sum = 0;
    for (size_t i = first; i < first + size_t(trials_per_proposal); ++i) {
      const TrialRecord& trial = trials[i];
      if (!is_over(trial.state)) {
        observation.outcome = ObservationState::pending;
        break;
      }
      auto value = trial.state == TrialState::complete || trial.state == TrialState::pruned ? trial_metric(trial.metrics, spec.strategy.metric) : std::nullopt;
      if (value && std::isfinite(*value)) sum += *value;
      else observation.outcome = ObservationState::failed;
    }
    if (observation.outcome == ObservationState::complete) observation.value = sum / double(trials_per_proposal);
    observations.push_back(std::move(observation));
  }
  return observations;
}

bool Proposing::more(TrialStore& store, const TrialCounts& counts) const {
  if (counts.total() >= trials_) return false;
  if (counts.open() > 0 || spec_.strategy.halving == 0) return true;
  // All trials are over: where a rung could not be filled, none follow.
  return !next_trials(spec_, facts_, observations_of(spec_, store.trials(), trials_per_proposal(spec_, facts_))).empty();
}

int64_t Proposing::propose_now(TrialStore& store) const {
  const std::vector<TrialRecord> trials = store.trials();
  if (int64_t(trials.size()) >= trials_) return 0;
  const std::vector<PlannedTrial> added = next_trials(spec_, facts_, observations_of(spec_, trials, trials_per_proposal(spec_, facts_)));
  try {
    if (!added.empty()) store.extend(added);
  } catch (const Error& error) {
    if (!spec_.strategy.greedy || error.kind() != ErrorKind::conflict) throw;
    return 0;                                    // another worker knew other results and came first
  }
  return int64_t(added.size());
}

DatasetFacts dataset_facts_of(const ExperimentRecord& record) {
  DatasetFacts facts;
  auto names = [&](const char* key) {
    std::vector<std::string> list;
    if (const Value* value = record.facts.find(key))
      for (const auto& name : value->as_list()) list.push_back(name.as_text());
    return list;
  };
  facts.channels = names("channels"), facts.patients = names("patients"), facts.left_out = names("left_out");
  if (const Value* seed = record.facts.find("seed")) facts.seed = seed->as_integer();
  if (const Value* share = record.facts.find("channel_dropout")) facts.channel_dropout = share->as_number();
  return facts;
}

void record_dataset_facts(const DatasetFacts& facts, Value& recorded) {
  recorded["channels"] = Value::list_of(facts.channels), recorded["patients"] = Value::list_of(facts.patients), recorded["left_out"] = Value::list_of(facts.left_out);
  recorded["seed"] = facts.seed, recorded["channel_dropout"] = facts.channel_dropout;
}

}  // namespace tomograd
