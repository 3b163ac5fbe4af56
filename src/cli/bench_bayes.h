// `bench bayes`: what the Bayesian search finds on functions whose minimum is known.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "spec/value.h"

namespace tomograd {

// Names: branin, hartmann3, hartmann6, ackley5, mixed, parallel8_hartmann6. Empty = all.
std::vector<std::string> bayes_functions();

// Per function: trials, median_regret and quartiles over the seeds 100, 101, ... (regret = best value found - minimum), those of
// random search with the same trials, and the seconds that one proposal takes behind 100 trials.
Value bench_bayes(int64_t seeds, const std::vector<std::string>& functions);

}  // namespace tomograd
