#include "cli/bench_bayes.h"

#include <algorithm>
#include <cmath>

#include "base/clock.h"
#include "base/error.h"
#include "search/proposal.h"

namespace tomograd {
namespace {

constexpr double pi = 3.14159265358979323846;

double number_of(const Value& settings, int i) { return settings.at("x" + std::to_string(i)).as_number(); }

double branin(const Value& settings) {
  const double a = number_of(settings, 0), b = number_of(settings, 1), bend = b - 5.1 / (4 * pi * pi) * a * a + 5 / pi * a - 6;
  return bend * bend + 10 * (1 - 1 / (8 * pi)) * std::cos(a) + 10;
}

// Four wells of these depths; rates and centres (times 1e4), one row a well.
double wells(const Value& settings, int dims, const double (*rate)[6], const double (*centre)[6]) {
  constexpr double depth[4] = {1, 1.2, 3, 3.2};
  double sum = 0;
  for (int i = 0; i < 4; ++i) {
    double q = 0;
    for (int j = 0; j < dims; ++j) q += rate[i][j] * std::pow(number_of(settings, j) - 1e-4 * centre[i][j], 2);
    sum -= depth[i] * std::exp(-q);
  }
  return sum;
}
double hartmann3(const Value& settings) {
  constexpr double rate[4][6] = {{3, 10, 30}, {.1, 10, 35}, {3, 10, 30}, {.1, 10, 35}};
  constexpr double centre[4][6] = {{3689, 1170, 2673}, {4699, 4387, 7470}, {1091, 8732, 5547}, {381, 5743, 8828}};
  return wells(settings, 3, rate, centre);
}
double hartmann6(const Value& settings) {
  constexpr double rate[4][6] = {{10, 3, 17, 3.5, 1.7, 8}, {.05, 10, 17, .1, 8, 14}, {3, 3.5, 1.7, 10, 17, 8}, {17, 8, .05, 10, .1, 14}};
  constexpr double centre[4][6] = {{1312, 1696, 5569, 124, 8283, 5886}, {2329, 4135, 8307, 3736, 1004, 9991}, {2348, 1451, 3522, 2883, 3047, 6650}, {4047, 8828, 8732, 5743, 1091, 381}};
  return wells(settings, 6, rate, centre);
}

double ackley5(const Value& settings) {
  double squares = 0, waves = 0;
  for (int i = 0; i < 5; ++i) {
    const double x = number_of(settings, i);
    squares += x * x / 5, waves += std::cos(2 * pi * x) / 5;
  }
  return -20 * std::exp(-0.2 * std::sqrt(squares)) - std::exp(waves) + 20 + std::exp(1.0);
}

// Names, whole numbers, a log scale and a real number, whose best values depend on the network.
const std::vector<std::string> networks = {"unet", "deepmedic", "msd", "resnet"}, losses = {"dice", "entropy", "focal"};
double mixed(const Value& settings) {
  constexpr double cost[4][3] = {{0, .3, .2}, {.4, .1, .5}, {.15, .35, .05}, {.6, .5, .4}};
  constexpr double best_rate[4] = {-3.2, -2.1, -2.7, -4}, best_depth[4] = {5, 9, 11, 3}, best_width[4] = {5, 6, 3, 5};
  const auto index = [](const std::vector<std::string>& names, const Value& name) { return size_t(std::find(names.begin(), names.end(), name.as_text()) - names.begin()); };
  const size_t n = index(networks, settings.at("network"));
  const double depth = settings.at("depth").as_number();
  return cost[n][index(losses, settings.at("loss"))] + 0.3 * std::pow(std::log10(settings.at("rate").as_number()) - best_rate[n], 2) + 0.02 * std::pow(depth - best_depth[n], 2) +
         0.05 * std::pow(std::log2(settings.at("width").as_number()) - best_width[n], 2) + 3 * std::pow(settings.at("dropout").as_number() - 0.05 - 0.03 * depth, 2);
}

struct Problem {
  std::string name;
  double (*function)(const Value&);
  double minimum;
  int64_t trials, parallel;
  std::vector<VariableSpec> variables;
};

VariableSpec range(const std::string& key, double low, double high, const char* scale = "linear") {
  VariableSpec variable;
  variable.key = key, variable.range = {low, high}, variable.scale = scale;
  return variable;
}

std::vector<VariableSpec> box(int dims, double low, double high) {
  std::vector<VariableSpec> variables;
  for (int i = 0; i < dims; ++i) variables.push_back(range("x" + std::to_string(i), low, high));
  return variables;
}

std::vector<VariableSpec> mixed_variables() {
  VariableSpec network, loss;
  network.key = "network", network.values = Value::list_of(networks);
  loss.key = "loss", loss.values = Value::list_of(losses);
  return {network, loss, range("rate", 1e-5, 1e-1, "log"), range("depth", 1, 12, "integer"), range("width", 4, 128, "integer-log"), range("dropout", 0, 0.6)};
}

std::vector<Problem> problems() {
  return {{"branin", branin, 0.39788735773, 40, 1, {range("x0", -5, 10), range("x1", 0, 15)}},
          {"hartmann3", hartmann3, -3.86278, 40, 1, box(3, 0, 1)},
          {"hartmann6", hartmann6, -3.322368, 60, 1, box(6, 0, 1)},
          {"ackley5", ackley5, 0, 60, 1, box(5, -32.768, 32.768)},
          {"mixed", mixed, 0, 40, 1, mixed_variables()},
          {"parallel8_hartmann6", hartmann6, -3.322368, 78, 8, box(6, 0, 1)}};
}

ExperimentSpec spec_of(const Problem& problem, const char* kind) {
  ExperimentSpec spec;
  spec.strategy.kind = kind;
  spec.strategy.trials = problem.trials;
  spec.strategy.parallel = problem.parallel;
  spec.variable = problem.variables;
  return spec;
}

// Trials 1 to n, each told to those after it.
std::vector<Observation> searched(const Problem& problem, const ExperimentSpec& spec, int64_t seed, int64_t n) {
  std::vector<Observation> told;
  for (int64_t number = 1; number <= n; ++number) {
    std::optional<Value::Table> settings = propose(spec, seed, number, told);
    if (!settings) fail_failure(text("trial ", number, " of ", problem.name, " waits although all before it are done"));
    Observation next{number, Value(*settings), ObservationState::complete, 0};
    next.value = -problem.function(next.settings);
    told.push_back(std::move(next));
  }
  return told;
}

double quantile(const std::vector<double>& sorted, double share) {
  const double at = share * double(sorted.size() - 1);
  const size_t i = size_t(at);
  return i + 1 < sorted.size() ? sorted[i] + (at - double(i)) * (sorted[i + 1] - sorted[i]) : sorted[i];
}

std::vector<double> regrets(const Problem& problem, const char* kind, int64_t seeds) {
  std::vector<double> result;
  const ExperimentSpec spec = spec_of(problem, kind);
  for (int64_t seed = 100; seed < 100 + seeds; ++seed) {
    double best = -1e300;
    for (const auto& observation : searched(problem, spec, seed, problem.trials)) best = std::max(best, observation.value);
    result.push_back(-best - problem.minimum);
  }
  std::sort(result.begin(), result.end());
  return result;
}

// Median of five proposals behind 100 trials.
double ask_seconds(const Problem& problem) {
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

std::vector<std::string> bayes_functions() {
  std::vector<std::string> names;
  for (const auto& problem : problems()) names.push_back(problem.name);
  return names;
}

Value bench_bayes(int64_t seeds, const std::vector<std::string>& functions) {
  const std::vector<std::string> known = bayes_functions();
  for (const auto& name : functions)
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      std::string near = nearest_name(name, known);
      fail_usage("there is no function '" + name + "'", near.empty() ? "there are branin, hartmann3, hartmann6, ackley5, mixed and parallel8_hartmann6" : "did you mean '" + near + "'?");
    }
  Value value = Value::table();
  for (const auto& problem : problems()) {
    if (!functions.empty() && std::find(functions.begin(), functions.end(), problem.name) == functions.end()) continue;
    const std::vector<double> ours = regrets(problem, "bayesian", seeds), random = regrets(problem, "random", seeds);
    Value of = Value::table();
    of["trials"] = problem.trials;
    of["median_regret"] = quantile(ours, 0.5);
    of["quartiles"] = Value(Value::List{quantile(ours, 0.25), quantile(ours, 0.75)});
    of["random_median_regret"] = quantile(random, 0.5);
    of["ask_seconds_at_100"] = ask_seconds(problem);
    value[problem.name] = std::move(of);
  }
  return value;
}

}  // namespace tomograd
