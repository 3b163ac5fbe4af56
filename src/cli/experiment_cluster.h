// Runs an experiment's trials on a cluster: this process owns the store and serves it, or it lies in a database that everybody reaches;
// the elements of one array pull trials from it until none is left.
#pragma once

#include "cli/experiment_folder.h"
#include "cli/store_owner.h"
#include "cluster/job.h"

namespace tomograd {

struct ClusterRun {
  std::string folder;
  int64_t workers = 1;                           // elements of the array
  const Proposing* proposing = nullptr;          // of a search, which records trials as it goes on
  JobResources resources;
  OwnerOptions owner;
  Budget budget = Budget();
};

// Returns when no trial is left; Error(stopped) after a stop, when all running trials have saved their state or the grace is over.
void run_on_slurm(TrialStore& store, const ClusterRun& run, const Talk& talk);

}  // namespace tomograd
