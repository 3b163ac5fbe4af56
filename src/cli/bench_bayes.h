// `bench bayes`: what the Bayesian search finds on functions whose minimum is known, and on a noisy training.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "spec/value.h"

namespace tomograd {

// Per function of bench_bayes_problems.h (empty = all): trials, median_regret and quartiles over the seeds 100, 101, ... (regret = noiseless value of
// the best observed trial - minimum), those of random search with the same trials, and the seconds that one proposal takes behind 100 trials.
// Where values are noisy also *_by_mean: of the trial that the model expects to be the best.
Value bench_bayes(int64_t seeds, const std::vector<std::string>& functions);

// One point ("0.1,1e-4,16,0.9") of a function: value (measured with this seed), mean (without noise), regret.
Value evaluate_point(const std::string& function, const std::string& point, int64_t seed);

// A search by another program over the same values, line by line (bench/peers/bayes_optuna.py): "search SEED" begins one, a point is its next
// trial and answered with what it measured, "end" with its regret, of the best observed and of the best by our model. Error(usage) for other lines.
class ForeignSearch {
 public:
  explicit ForeignSearch(const std::string& function);
  ~ForeignSearch();
  std::string answer(const std::string& line);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tomograd
