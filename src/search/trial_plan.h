// From an experiment spec and the facts of its dataset to the list of all its trials. A pure function: the same spec and
// facts give the same trials with the same numbers, on any machine, today and after a crash.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "spec/experiment_spec.h"
#include "spec/value.h"

namespace tomograd {

struct DatasetFacts {
  std::vector<std::string> channels;             // modalities that the run uses, in order
  std::vector<std::string> patients;             // in order of first appearance
  std::vector<std::string> left_out;             // modalities that the run itself already leaves out
  int64_t seed = 1;                              // of the run, from which those of trials are counted
};

struct PlannedTrial {
  int64_t number = 0;                            // from 1
  Value settings = Value::table();               // dotted key of the run spec -> value
  // What the settings mean, for tables and charts: left_out (channel, "" = none), channels (those used), test (patients),
  // test_name ("" = as the run says), repeat (from 0), seed.
  Value design = Value::table();
};

// leave-one-out: (all channels, then each left out) x (each patient or fold as test) x seeds x the grid of variables, in
// this order, the last changing fastest. Settings: preprocess.leave_out, validation.test_patients, seed, and the variables'.
// Repeat r of the g-th test group runs with seed + g * seeds + r, whatever the channel set: differences are paired, and groups
// do not share the luck of one initialisation (the statistics count their spread as that of trainings).
// sweep: grid x folds x seeds. Error(input) for channels or patients that the dataset lacks, and for an empty plan.
std::vector<PlannedTrial> plan_trials(const ExperimentSpec& spec, const DatasetFacts& facts);

// Patients dealt into k groups of sizes that differ by one at most, in an order drawn from the seed.
std::vector<std::vector<std::string>> deal_folds(std::vector<std::string> patients, int64_t k, int64_t seed);

}  // namespace tomograd
