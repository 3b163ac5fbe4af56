// A trial that is any program: it is told what to do by its environment (and by {placeholders} in its arguments), and
// answers with OUT/metrics.json, an object that holds the metric as a number or a list `test`. Whatever it started ends with it,
// and all of it ends with the worker (experiments/supervised_program.h).
//   TOMOGRAD_TRIAL_CHANNELS  comma-separated channels to use      {channels}
//   TOMOGRAD_TRIAL_SPLIT     comma-separated patients to test on  {split}
//   TOMOGRAD_TRIAL_DATA      path of dataset.json, or empty       {data}
//   TOMOGRAD_TRIAL_SEED, _NUMBER, _ATTEMPT, _OUT                  {seed} {number} {attempt} {out}
//   TOMOGRAD_TRIAL_SETTINGS  all settings as JSON                 {dotted.key} of each variable
#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "base/env.h"
#include "experiments/lifecycle.h"

namespace tomograd {

struct CommandPlan {  // what all trials of an experiment share
  std::vector<std::string> command;              // program and arguments; a program with a '/' is relative to `work`
  std::string trials;                            // holds one folder NNNN per trial, kept between attempts so that a program can go on
  std::string work;                              // folder in which the program starts
  std::string metric;                            // must be in its answer
  std::string data = {};                         // absolute path of dataset.json; "" = the experiment has none
};

class CommandTrial : public TrialRunner {
 public:
  CommandTrial(Env& env, Clock& clock, CommandPlan plan) : env_(env), clock_(clock), plan_(std::move(plan)) {}
  // Not started: Error(input). Exit other than 0: Error(failure) with the code and the end of output.log, but Error(stopped)
  // when the worker is asked to stop, before or at the same time. Output that is missing or lacks the metric: Error(input).
  TrialOutcome run(const Claim& claim, TrialReporter& reporter) override;

 private:
  Env& env_;
  Clock& clock_;
  CommandPlan plan_;
};

std::string trial_folder(const std::string& trials, int64_t number);      // "trials/0007"

}  // namespace tomograd
