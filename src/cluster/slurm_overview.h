// One look at the Slurm of this host, for people: partitions and the user's own queue. Every command has a time limit and bounded output, and what
// could not be had is said in a sentence; nothing is thrown.
#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "cluster/slurm.h"
#include "cluster/slurm_listing.h"

namespace tomograd {

struct SlurmOverview {
  bool installed = false;                        // false: there is no sinfo on this host
  std::vector<SlurmPartition> partitions;
  std::vector<SlurmQueued> queue;
  bool queue_known = false;                      // false: squeue did not answer, so an empty queue means nothing
  int64_t more_queued = 0;                       // beyond most_queued
  std::vector<std::string> troubles;             // sentences
};

constexpr size_t most_queued = 2000;

// seconds: of each of three commands.
SlurmOverview look_at_slurm(const SlurmTools& tools, double seconds, const std::stop_token& stop = {});

}  // namespace tomograd
