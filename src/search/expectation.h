// What a Bayesian search expects of a proposal, and so why it made it: the model is the one from which propose() took it (proposal_model.h), asked
// at the settings that came out.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "search/proposal.h"

namespace tomograd {

struct Expectation {
  // In units of the metric, higher is better: the model sees bent values, of which mean and best are taken back and deviation and improvement are to
  // first order. Not a number where the bend reaches nothing.
  double mean = 0, deviation = 0, improvement = 0, best = 0;
  // As the model has them: of values bent to a standard normal, higher is better.
  double model_mean = 0, model_deviation = 0, model_best = 0, log_improvement = 0;
  double success = 1;                            // probability that the trial does not fail; 1 where none has failed
  bool exploits = false;                         // proposed for its mean rather than its improvement, since others run (proposal_model.h)
  int64_t results = 0;                           // complete trials in the model
};

// Of trial `number` (from 1) with these settings, before its result; what is told as for propose(). The deviation is that of the function, without the
// noise of a single value; improvements are counted from the best mean of the model, the running trials' believed ones too. Nothing for one of the first, quasi-random trials,
// with fewer results than a model needs, and while it waits for a trial before it. Error(usage) where strategy.kind is not bayesian.
std::optional<Expectation> expectation(const ExperimentSpec& spec, int64_t seed, int64_t number, const Value& settings, const std::vector<Observation>& told);

}  // namespace tomograd
