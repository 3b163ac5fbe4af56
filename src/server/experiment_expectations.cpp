// Where a Bayesian search looks next, and why: its own model (search/expectation.h), asked from the trials in the store.
#include <algorithm>

#include "base/error.h"
#include "experiments/proposing.h"
#include "search/expectation.h"
#include "server/experiment_values.h"

namespace tomograd {
namespace {

constexpr int64_t most_asked_proposals = 8;
// A model takes the time of the third power of its results: 0.03 s at 100, 0.1 s here, 1.5 s at 400 (one core, four variables).
constexpr int64_t most_results = 200;

void add_expectation(Value& item, const Expectation& expected) {
  item["basis"] = "model", item["mean"] = expected.mean, item["standard_deviation"] = expected.deviation, item["improvement"] = expected.improvement, item["best"] = expected.best;
  item["success"] = expected.success, item["exploits"] = expected.exploits, item["results"] = expected.results;
  Value& model = item["model"];
  model["mean"] = expected.model_mean, model["standard_deviation"] = expected.model_deviation, model["best"] = expected.model_best, model["log_improvement"] = expected.log_improvement;
}

}  // namespace

Value expectations_value(const ExperimentView& view) {
  const ExperimentSpec& spec = view.spec;
  if (spec.strategy.kind != "bayesian") fail_input("its strategy is '" + spec.strategy.kind + "', which expects nothing of its trials", "a bayesian search does");
  const DatasetFacts facts = dataset_facts_of(view.record);
  const int64_t each = trials_per_proposal(spec, facts);
  const std::vector<Observation> told = observations_of(spec, view.trials, each);
  const int64_t complete = std::count_if(told.begin(), told.end(), [](const Observation& one) { return one.outcome == ObservationState::complete; });
  const bool asked = complete <= most_results;
  Value::List list;
  int64_t open = 0;
  auto add = [&](int64_t number, const Value& settings, Value trial, const std::string& state) {
    Value item = Value::table();
    item["proposal"] = number, item["trial"] = std::move(trial), item["state"] = state, item["settings"] = settings, item["basis"] = asked ? "quasi-random" : "not asked";
    if (asked && number > quasi_random_trials(spec.variable))
      if (auto expected = expectation(spec, facts.seed, number, settings, told)) add_expectation(item, *expected);
    list.push_back(std::move(item));
  };
  for (const auto& one : told) {
    if (one.outcome != ObservationState::pending || ++open > most_asked_proposals) continue;
    const size_t first = size_t((one.number - 1) * each);
    size_t at = first;                           // the first of its trials that is not over says how it is
    for (; at + 1 < first + size_t(each) && is_over(view.trials[at].state);) ++at;
    add(one.number, one.settings, Value(view.trials[at].number), trial_state_name(view.trials[at].state));
  }
  // One that is not recorded yet: made when a worker asks, or were the search extended.
  const int64_t next = int64_t(told.size()) + 1;
  const bool beyond = next > spec.strategy.trials;
  if (asked && (!beyond || open == 0) && open < most_asked_proposals)
    if (auto settings = propose(spec, facts.seed, next, told)) add(next, Value(*settings), Value(), beyond ? "beyond" : "next");
  Value v = Value::table();
  v["format"] = "tomograd.expectations/1", v["metric"] = spec.strategy.metric, v["parallel"] = parallel_proposals(spec), v["trials_per_proposal"] = each, v["results"] = complete, v["most_results"] = most_results;
  v["more"] = std::max<int64_t>(0, open - most_asked_proposals), v["proposals"] = std::move(list);
  return v;
}

}  // namespace tomograd
