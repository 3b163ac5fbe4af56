// What `bench bayes` searches: functions whose minimum is known, and a training whose values are as noisy as those of any.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "spec/experiment_spec.h"
#include "spec/value.h"

namespace tomograd {

struct SearchProblem {
  std::string name;
  double (*function)(const Value& settings);     // without noise; smaller is better
  double minimum;                                // of it, as far as known
  int64_t trials, parallel;
  std::vector<VariableSpec> variables;
  double (*noisy)(const Value& settings, uint64_t seed) = nullptr;  // what a trial measures where that is not `function` itself
};

const std::vector<SearchProblem>& search_problems();
const SearchProblem& search_problem(const std::string& name);  // Error(usage) for one that is not there

// What trial `number` (from 1) of the search with this seed measures.
double measured_value(const SearchProblem& problem, const Value& settings, int64_t seed, int64_t number);

// "0.1,1e-4,16,0.9": numbers in the order of the variables. Error(usage) for other texts, numbers out of range, and variables that are names.
Value settings_of(const SearchProblem& problem, const std::string& point);

}  // namespace tomograd
