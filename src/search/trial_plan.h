// From an experiment spec and the facts of its dataset to the list of all its trials. A pure function: the same spec and
// facts give the same trials with the same numbers, on any machine, today and after a crash.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "search/proposal.h"
#include "spec/experiment_spec.h"
#include "spec/value.h"

namespace tomograd {

struct DatasetFacts {
  std::vector<std::string> channels;             // modalities that the run uses, in order
  std::vector<std::string> patients;             // in order of first appearance
  std::vector<std::string> left_out;             // modalities that the run itself already leaves out
  int64_t seed = 1;                              // of the run, from which those of trials are counted
  double channel_dropout = 0;                    // the run's own augment.channel_dropout
};

struct PlannedTrial {
  int64_t number = 0;                            // from 1
  Value settings = Value::table();               // dotted key of the run spec -> value
  // What the settings mean, for tables and charts: left_out (channel, "" = none, "A+B" = a pair),
  // left_out_channels (the same as a list), channels (those used), test (patients),
  // test_name ("" = as the run says), repeat (from 0), seed. A training for all channel sets: channel_dropout = true and
  // missing_in_turn (those whose absence it is tested with); beside such, leave-one-out's own have channel_dropout = false.
  Value design = Value::table();
};

// leave-one-out: (all channels, then each left out, then with channel_pairs every pair) x (each patient or fold as test) x seeds x the grid of variables, in
// this order, the last changing fastest. Settings: preprocess.leave_out, validation.test_patients, seed, and the variables'.
// Repeat r of the g-th of G test groups runs with seed + r * G + g, whatever the channel set and the number of seeds: differences are
// paired, groups do not share the luck of one initialisation (the statistics count their spread as that of trainings), and more seeds
// leave the trials that there are as they were.
// channel-dropout: one training per test group, seed and point of the grid, tested with all channels and without each
// (validation.each_channel; augment.channel_dropout where the run has none). leave-one-out with channel_dropout has these last.
// sweep: grid x folds x seeds. random: all proposals x folds x seeds; bayesian: those proposals that wait for no result; the others
// come while it runs (experiments/proposing.h). Error(input) for channels or patients that the dataset lacks, and for an empty plan.
std::vector<PlannedTrial> plan_trials(const ExperimentSpec& spec, const DatasetFacts& facts);

// How many trials there will be in the end; with halving at most so many.
int64_t trial_count(const ExperimentSpec& spec, const DatasetFacts& facts);

// Of random and bayesian: every proposal is tried on each fold with each seed (nested: and without each channel), and its value is their
// mean. Proposal n (from 1) has the trials (n - 1) * trials_per_proposal + 1 to n * trials_per_proposal; design holds its number as `proposal`.
// With halving, whatever the strategy, the proposals of one rung follow those of the rung before (search/rung_plan.h).
int64_t trials_per_proposal(const ExperimentSpec& spec, const DatasetFacts& facts);
// The trials of all proposals that can be made now, after those that are told; a bayesian search has at most parallel_proposals() pending.
std::vector<PlannedTrial> next_trials(const ExperimentSpec& spec, const DatasetFacts& facts, std::vector<Observation> told);

// Patients dealt into k groups of sizes that differ by one at most, in an order drawn from the seed.
std::vector<std::vector<std::string>> deal_folds(std::vector<std::string> patients, int64_t k, int64_t seed);

}  // namespace tomograd
