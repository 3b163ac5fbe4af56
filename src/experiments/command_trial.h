// A trial that is any program: it is told what to do by its environment (and by {placeholders} in its arguments), and
// answers with OUT/metrics.json, an object that holds the metric as a number or a list `test`. Whatever it started ends with it,
// and all of it ends with the worker (experiments/supervised_program.h).
//   TOMOGRAD_TRIAL_CHANNELS  comma-separated channels to use      {channels}
//   TOMOGRAD_TRIAL_SPLIT     comma-separated patients to test on  {split}
//   TOMOGRAD_TRIAL_SEED, _NUMBER, _ATTEMPT, _OUT                  {seed} {number} {attempt} {out}
//   TOMOGRAD_TRIAL_SETTINGS  all settings as JSON                 {dotted.key} of each variable
#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "base/env.h"
#include "experiments/lifecycle.h"

namespace tomograd {

class CommandTrial : public TrialRunner {
 public:
  // `trials` holds one folder NNNN per trial (kept between attempts, so that a program can continue); the program starts
  // in the folder `work`. `metric` must be in its answer.
  CommandTrial(Env& env, Clock& clock, std::vector<std::string> command, std::string trials, std::string work, std::string metric)
      : env_(env), clock_(clock), command_(std::move(command)), trials_(std::move(trials)), work_(std::move(work)), metric_(std::move(metric)) {}
  // Not started: Error(input). Exit other than 0: Error(failure) with the code and the end of output.log; exit 3 after a
  // stop: Error(stopped). Output that is missing or lacks the metric: Error(input).
  TrialOutcome run(const Claim& claim, TrialReporter& reporter) override;

 private:
  Env& env_;
  Clock& clock_;
  std::vector<std::string> command_;
  std::string trials_, work_, metric_;
};

std::string trial_folder(const std::string& trials, int64_t number);      // "trials/0007"

}  // namespace tomograd
