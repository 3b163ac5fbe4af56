#include "search/expectation.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "search/proposal_model.h"

namespace tomograd {

std::optional<Expectation> expectation(const ExperimentSpec& spec, int64_t seed, int64_t number, const Value& settings, const std::vector<Observation>& told) {
  if (spec.strategy.kind != "bayesian") fail_usage("strategy.kind is '" + spec.strategy.kind + "', which expects nothing of its trials; bayesian does");
  if (number < 1) fail_usage(text("trials count from 1, asked for ", number));
  if (number <= quasi_random_trials(spec.variable)) return std::nullopt;
  const SearchSpace space(spec.variable);
  const std::optional<Known> known = known_before(space, spec.strategy, parallel_proposals(spec), number, told);
  if (!known || int64_t(known->complete.size()) < least_results) return std::nullopt;
  const ProposalModel model = model_of(space, *known, seed, number);
  const PromiseParts parts = promise_parts(model.surrogate, space.point(settings));
  const double mean = parts.objective.mean, deviation = std::sqrt(std::max(0.0, parts.objective.variance)), per_unit = model.bend.slope(mean);
  Expectation result;
  result.mean = -model.bend.value(mean), result.best = -model.bend.value(model.surrogate.best);   // the model minimises
  result.deviation = deviation * per_unit, result.improvement = std::exp(parts.log_improvement) * per_unit;
  result.model_mean = -mean, result.model_deviation = deviation, result.model_best = -model.surrogate.best, result.log_improvement = parts.log_improvement;
  result.success = parts.success, result.exploits = model.exploits, result.results = int64_t(known->complete.size());
  return result;
}

}  // namespace tomograd
