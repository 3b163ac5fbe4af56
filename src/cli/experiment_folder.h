// The folder of an experiment: experiment.sqlite (the store) or store.address (where it is), experiment.toml (the resolved spec, for people), manifest.json,
// trials/NNNN, logs/, report/. Shared by the files of the verbs `experiment` and `worker`.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cli/engine.h"
#include "cli/experiment_budget.h"
#include "experiments/booking.h"
#include "experiments/proposing.h"
#include "experiments/trial_store.h"
#include "search/trial_plan.h"
#include "spec/experiment_spec.h"

namespace tomograd {

struct PlannedExperiment {
  std::string folder;                            // absolute
  Value deciding;                                // the part of the spec, and the digest of the data, that decide the results
  std::vector<std::string> settled;              // of these, what the user left open ("run.threads"): any value is the same experiment
  ExperimentRecord record;
  std::vector<PlannedTrial> trials;              // of a search only those that wait for no result
  int64_t count = 0;                             // of trials in the end
  std::string summary;                           // "3 channel sets x 4 patients = 12 trials"
};

// EXPERIMENT.toml with --set applied, as plan_experiment() reads it; its run may still be the name of a file beside it.
ExperimentSpec read_experiment_spec(const std::string& spec_path, const std::vector<std::string>& settings);

bool trains(const ExperimentSpec& spec);         // else a trial is any program; Error(input) when it says both or neither
std::vector<std::string> without(std::vector<std::string> all, const std::vector<std::string>& taken);

// Reads EXPERIMENT.toml, its run and its dataset, settles what is left open (threads, channels, patients, paths) and checks
// the spec of every trial, so that nothing can be wrong with trial 287 that could have been known at once. settings: key=value
// with dotted keys of the experiment (run.max_seconds=60); paths in them are meant from where the user stands.
PlannedExperiment plan_experiment(const std::string& spec_path, const ComputeOptions& compute, const std::vector<std::string>& settings = {});

// Creates folder and store, all trials in one transaction. With resume, an experiment that is there already is taken up again when
// nothing that decides its results differs, by an older version of this program too; another one is Error(input).
// address: of a PostgreSQL database that holds the trials instead of a file in the folder, which then has the address in
// store.address; "" = a file, or, with resume, what the experiment has.
std::unique_ptr<TrialStore> create_experiment(const PlannedExperiment& planned, bool resume, const std::string& address = {});

void publish_for_people(const std::string& folder, const Value& resolved_spec);   // experiment.toml

std::string store_path(const std::string& folder);
std::string database_of(const std::string& folder);                       // its address; "" = the store is a file
std::unique_ptr<TrialStore> open_experiment(const std::string& folder);   // Error(input) when there is none
ExperimentRecord record_of(TrialStore& store);                           // Error(input) when nothing was created

// The run spec of one trial: the experiment's run with the trial's settings; `out` is the trial's folder.
RunSpec trial_run(const Value& run, const Value& settings, const std::string& out);

// Starts the worker processes, shows progress, and returns when no trial is left; Error(stopped) after a stop.
struct LocalRun {
  std::string folder;
  int64_t workers = 1;
  int64_t max_memory_bytes = 0;                  // of each worker
  Budget budget = Budget();
  Booking booking = Booking();                   // hours of the day in which trials run
  const Proposing* proposing = nullptr;          // of a search, which records trials as it goes on
};
void run_workers(TrialStore& store, const LocalRun& run, const Talk& talk);

}  // namespace tomograd
