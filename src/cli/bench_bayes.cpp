#include "cli/bench_bayes.h"

#include <algorithm>
#include <charconv>

#include "base/clock.h"
#include "base/error.h"
#include "cli/bench_bayes_problems.h"
#include "search/proposal.h"

namespace tomograd {
namespace {

ExperimentSpec spec_of(const SearchProblem& problem, const char* kind) {
  ExperimentSpec spec;
  spec.strategy.kind = kind;
  spec.strategy.trials = problem.trials;
  spec.strategy.parallel = problem.parallel;
  spec.variable = problem.variables;
  return spec;
}

// Trials 1 to n, each told to those after it.
std::vector<Observation> searched(const SearchProblem& problem, const ExperimentSpec& spec, int64_t seed, int64_t n) {
  std::vector<Observation> told;
  for (int64_t number = 1; number <= n; ++number) {
    std::optional<Value::Table> settings = propose(spec, seed, number, told);
    if (!settings) fail_failure(text("trial ", number, " of ", problem.name, " waits although all before it are done"));
    Observation next{number, Value(*settings), ObservationState::complete, 0};
    next.value = -measured_value(problem, next.settings, seed, number);
    told.push_back(std::move(next));
  }
  return told;
}

double quantile(const std::vector<double>& sorted, double share) {
  const double at = share * double(sorted.size() - 1);
  const size_t i = size_t(at);
  return i + 1 < sorted.size() ? sorted[i] + (at - double(i)) * (sorted[i + 1] - sorted[i]) : sorted[i];
}

// Of the trial that observed the best value.
double regret_observed(const SearchProblem& problem, const std::vector<Observation>& told) {
  const auto best = std::max_element(told.begin(), told.end(), [](const Observation& a, const Observation& b) { return a.value < b.value; });
  return problem.function(best->settings) - problem.minimum;
}

// Of the trial that our model expects to be the best, whoever proposed them.
double regret_by_mean(const SearchProblem& problem, int64_t seed, const std::vector<Observation>& told) {
  const int64_t number = *best_by_mean(spec_of(problem, "bayesian"), seed, told);
  return problem.function(told[size_t(number - 1)].settings) - problem.minimum;
}

struct Regrets {
  std::vector<double> observed, by_mean;         // sorted; by_mean only where values are noisy
};

Regrets regrets(const SearchProblem& problem, const char* kind, int64_t seeds) {
  Regrets result;
  const ExperimentSpec spec = spec_of(problem, kind);
  for (int64_t seed = 100; seed < 100 + seeds; ++seed) {
    const std::vector<Observation> told = searched(problem, spec, seed, problem.trials);
    result.observed.push_back(regret_observed(problem, told));
    if (problem.noisy) result.by_mean.push_back(regret_by_mean(problem, seed, told));
  }
  std::sort(result.observed.begin(), result.observed.end());
  std::sort(result.by_mean.begin(), result.by_mean.end());
  return result;
}

int64_t whole_number(const std::string& raw) {
  int64_t number = 0;
  const auto [end, error] = std::from_chars(raw.data(), raw.data() + raw.size(), number);
  if (error != std::errc() || end != raw.data() + raw.size() || number < 0) fail_usage("the seed '" + raw + "' of a search is no whole number");
  return number;
}

// Median of five proposals behind 100 trials.
double ask_seconds(const SearchProblem& problem) {
  const ExperimentSpec spec = spec_of(problem, "bayesian");
  std::vector<double> seconds;
  for (int64_t seed = 1; seed <= 5; ++seed) {
    const std::vector<Observation> told = searched(problem, spec_of(problem, "random"), seed, 100);
    const double begun = system_clock().monotonic_seconds();
    propose(spec, seed, 101, told);
    seconds.push_back(system_clock().monotonic_seconds() - begun);
  }
  std::sort(seconds.begin(), seconds.end());
  return quantile(seconds, 0.5);
}

}  // namespace

Value bench_bayes(int64_t seeds, const std::vector<std::string>& functions) {
  for (const auto& name : functions) search_problem(name);
  Value value = Value::table();
  for (const auto& problem : search_problems()) {
    if (!functions.empty() && std::find(functions.begin(), functions.end(), problem.name) == functions.end()) continue;
    const Regrets ours = regrets(problem, "bayesian", seeds), random = regrets(problem, "random", seeds);
    Value of = Value::table();
    of["trials"] = problem.trials;
    of["median_regret"] = quantile(ours.observed, 0.5);
    of["quartiles"] = Value(Value::List{quantile(ours.observed, 0.25), quantile(ours.observed, 0.75)});
    of["random_median_regret"] = quantile(random.observed, 0.5);
    if (problem.noisy) {
      of["median_regret_by_mean"] = quantile(ours.by_mean, 0.5);
      of["quartiles_by_mean"] = Value(Value::List{quantile(ours.by_mean, 0.25), quantile(ours.by_mean, 0.75)});
      of["random_median_regret_by_mean"] = quantile(random.by_mean, 0.5);
    }
    of["ask_seconds_at_100"] = ask_seconds(problem);
    value[problem.name] = std::move(of);
  }
  return value;
}

Value evaluate_point(const std::string& function, const std::string& point, int64_t seed) {
  const SearchProblem& problem = search_problem(function);
  const Value settings = settings_of(problem, point);
  Value value = Value::table();
  value["function"] = problem.name, value["seed"] = seed;
  value["value"] = problem.noisy ? problem.noisy(settings, uint64_t(seed)) : problem.function(settings);
  value["mean"] = problem.function(settings);
  value["regret"] = value.at("mean").as_number() - problem.minimum;
  return value;
}

struct ForeignSearch::State {
  const SearchProblem& problem;
  int64_t seed = 0;
  std::vector<Observation> told;
};

ForeignSearch::ForeignSearch(const std::string& function) : state_(new State{search_problem(function), 0, {}}) {}
ForeignSearch::~ForeignSearch() = default;

std::string ForeignSearch::answer(const std::string& line) {
  State& s = *state_;
  if (line.starts_with("search ")) {
    s.seed = whole_number(line.substr(7)), s.told.clear();
    return "searching";
  }
  if (line == "end") {
    if (s.told.empty()) fail_usage("the search ends without a trial");
    return number_text(regret_observed(s.problem, s.told)) + " " + number_text(regret_by_mean(s.problem, s.seed, s.told));
  }
  const int64_t number = int64_t(s.told.size()) + 1;
  Observation next{number, settings_of(s.problem, line), ObservationState::complete, 0};
  const double value = measured_value(s.problem, next.settings, s.seed, number);
  next.value = -value;
  s.told.push_back(std::move(next));
  return number_text(value);
}

}  // namespace tomograd
