// The experiment spec: a run (or any command), a strategy and the variables.
#pragma once

#include <string>
#include <vector>

#include "spec/field.h"

namespace tomograd {

struct VariableSpec {
  std::string key;                               // dotted key of the run spec, "optimizer.learning_rate"
  Value values;                                  // list of any values
  std::vector<std::string> labels;
  std::vector<double> range;
  std::string scale = "linear";
  int64_t count = 5;
  Value when;                                    // table: key of a variable above -> the value, or list of values, with which this one is there
  template <class V> void visit(V&& v) {
    v(key, "key", "dotted key of the run spec that this variable sets");
    v(values, "values", "values the variable takes");
    v(labels, "labels", "names of the values in tables and charts; empty = the values themselves");
    v(range, "range", "smallest and largest value, instead of `values`");
    v(scale, "scale", "how a range is divided", one_of({"linear", "log", "integer", "integer-log"}));
    v(count, "count", "number of values a sweep takes from a range", between(2, 10000));
    v(when, "when", "the variable is there only when these variables above it have this value, or one of these: {\"model.kind\" = \"unet\"}");
  }
};

struct StrategySpec {
  std::string kind = "leave-one-out";
  std::vector<std::string> channels;             // left out in turn; empty = all of the dataset
  std::vector<std::string> patients;             // left out in turn; empty = all
  bool leave_channels = true, leave_patients = true;  // of leave-one-out
  bool channel_pairs = false;
  bool channel_dropout = false;                  // of leave-one-out
  int64_t folds = 0;                             // k-fold by patient instead of one patient at a time; 0 = off
  int64_t seeds = 1;
  std::string metric = "dice";
  double margin = 0.02;
  int64_t trials = 30;                           // of random and bayesian
  int64_t parallel = 0;                          // of bayesian; 0 = workers
  bool greedy = false;
  int64_t halving = 0;                           // each rung keeps one trial in so many; 0 = off
  int64_t least_steps = 0;                       // of the first rung
  bool nested = false;                           // a proposal is a whole leave-one-out
  template <class V> void visit(V&& v) {
    v(kind, "kind", "how trials are chosen", one_of({"leave-one-out", "channel-dropout", "sweep", "random", "bayesian"}));
    v(channels, "channels", "modalities left out in turn; empty = all");
    v(patients, "patients", "patients left out in turn; empty = all");
    v(leave_channels, "leave_channels", "leave every channel out in turn, beside 'all'");
    v(leave_patients, "leave_patients", "leave every patient out in turn, as the test case");
    v(channel_pairs, "channel_pairs", "leave every pair of channels out in turn too");
    v(channel_dropout, "channel_dropout", "leave-one-out: besides, one network per test group that drops channels at random in training, tested with each channel missing; the report says how far it agrees");
    v(folds, "folds", "patients are tested in this many groups; leave-one-out: 0 = one by one; sweep: 0 = as the run says", between(0, 1000));
    v(seeds, "seeds", "repeats of every trial with another seed", between(1, 1000));
    v(metric, "metric", "what trials report and the ranking compares, higher is better");
    v(margin, "margin", "equivalence margin: a channel whose interval of loss lies below it does not matter", between(0, 1));
    v(trials, "trials", "number of trials of a random or bayesian search", between(1, 100000));
    v(parallel, "parallel", "bayesian: a proposal waits for all trials but this many before it, whatever the number of workers; 0 = workers", between(0, 1024));
    v(greedy, "greedy", "bayesian: propose from what is there instead of waiting; the trials are then not reproducible");
    v(halving, "halving", "sweep and random: every trial trains a few steps, the best one in this many goes on to as many times more, and so on to run.max_steps; 0 = off", between(0, 100));
    v(least_steps, "least_steps", "halving: steps of the first rung; 0 = as few as keep one trial for the last rung", at_least(0, "steps"));
    v(nested, "nested", "random and bayesian: every proposal is a whole leave-one-out over channels and patients, and its value is the mean of all its trials");
  }
};

struct TrialSpec {  // a trial that is no training run: any program
  std::vector<std::string> command;
  template <class V> void visit(V&& v) {
    v(command, "command", "program and arguments; it reads TOMOGRAD_TRIAL_CHANNELS, _SPLIT, _DATA, _SEED, _OUT and writes OUT/metrics.json");
  }
};

struct ExperimentSpec {
  std::string format = "tomograd.experiment/1";
  std::string name, out;
  std::string data;                              // dataset.json; empty = that of the run
  int64_t cases = 0;                             // patients that `plan` assumes while there are no data
  Value run;                                     // path of a run spec, or the table itself
  TrialSpec trial;                               // instead of a run
  StrategySpec strategy;
  std::vector<VariableSpec> variable;
  int64_t workers = 1;
  int64_t attempts = 3;
  double lease_seconds = 60;
  template <class V> void visit(V&& v) {
    v(format, "format", "kind and version of this file", one_of({"tomograd.experiment/1"}));
    v(name, "name", "name of the experiment");
    v(out, "out", "folder of the store and the trials, relative to this file; empty = this file's name without .toml");
    v(data, "data", "dataset.json that gives channels and patients, relative to this file; empty = that of the run");
    v(cases, "cases", "number of patients that `tomograd plan` assumes when the data are not there; with data it counts them", between(0, 1e6));
    v(run, "run", "run spec that every trial starts from: a file, or the table itself");
    v(trial, "trial", "instead of a run, any program as a trial");
    v(strategy, "strategy", "which trials there are");
    v(variable, "variable", "what differs between them");
    v(workers, "workers", "trials at a time on this machine", between(1, 1024));
    v(attempts, "attempts", "attempts that may fail before a trial counts as failed; ten times as many may be lost with a killed worker", between(1, 100));
    v(lease_seconds, "lease_seconds", "a worker that is silent for so long has lost its trial", between(2, 86400, "s"));
  }
};

}  // namespace tomograd
