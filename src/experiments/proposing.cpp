#include "experiments/proposing.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "experiments/metrics.h"

namespace tomograd {
namespace {

bool is_over(TrialState state) { return state == TrialState::complete || state == TrialState::failed || state == TrialState::cancelled || state == TrialState::pruned; }

}  // namespace

std::vector<Observation> observations_of(const ExperimentSpec& spec, const std::vector<TrialRecord>& trials, int64_t trials_per_proposal) {
  std::vector<Observation> observations;
  for (size_t first = 0; first + size_t(trials_per_proposal) <= trials.size(); first += size_t(trials_per_proposal)) {
    Observation observation;
    observation.number = int64_t(observations.size()) + 1;
    observation.outcome = Outcome::complete;
    for (const auto& variable : spec.variable)
      if (const Value* value = trials[first].settings.find(variable.key)) observation.settings[variable.key] = *value;
    double sum = 0;
    for (size_t i = first; i < first + size_t(trials_per_proposal); ++i) {
      const TrialRecord& trial = trials[i];
      if (!is_over(trial.state)) {
        observation.outcome = Outcome::pending;
        break;
      }
      auto value = trial.state == TrialState::complete || trial.state == TrialState::pruned ? trial_metric(trial.metrics, spec.strategy.metric) : std::nullopt;
      if (value && std::isfinite(*value)) sum += *value;
      else observation.outcome = Outcome::failed;
    }
    if (observation.outcome == Outcome::complete) observation.value = sum / double(trials_per_proposal);
    observations.push_back(std::move(observation));
  }
  return observations;
}

int64_t Proposing::propose_now(TrialStore& store) const {
  const std::vector<TrialRecord> trials = store.trials();
  if (int64_t(trials.size()) >= this->trials()) return 0;
  const int64_t each = trials_per_proposal(spec_, facts_);
  std::vector<Observation> told = observations_of(spec_, trials, each);
  int64_t pending = std::count_if(told.begin(), told.end(), [](const Observation& o) { return o.outcome == Outcome::pending; });
  std::vector<PlannedTrial> added;
  for (; pending < parallel_proposals(spec_) && int64_t(told.size()) < spec_.strategy.trials; ++pending) {
    const int64_t number = int64_t(told.size()) + 1;
    auto settings = propose(spec_, facts_.seed, number, told);
    if (!settings) break;
    for (auto& trial : trials_of_proposal(spec_, facts_, number, *settings)) added.push_back(std::move(trial));
    Observation observation;
    observation.number = number, observation.settings = std::move(*settings);
    told.push_back(std::move(observation));
  }
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
  return facts;
}

}  // namespace tomograd
