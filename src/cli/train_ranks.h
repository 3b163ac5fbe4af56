// Training by several processes ("ranks", training/data_parallel.h): who this process is among them, and starting them on this
// host when nothing else has (`train --ranks N`, or the worker of a trial).
#pragma once

#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/rank_place.h"
#include "cli/engine.h"

namespace tomograd {

// As the one who started this process says in its environment: `train --ranks` (start_ranks below), torchrun (RANK, WORLD_SIZE,
// LOCAL_RANK, MASTER_ADDR, MASTER_PORT) or srun (SLURM_PROCID, SLURM_STEP_NUM_TASKS and the nodes of the step); alone when nobody
// does. A trial of an experiment is one process, whatever its worker runs under. Error(usage) for what cannot be right.
RankPlace rank_place();

// Threads of one rank when nobody says: those that the ranks of this host can have without taking them from each other.
int threads_of_rank(const RankPlace& place);

// Each rank of a host its own GPU: CUDA_VISIBLE_DEVICES becomes the entry of its number, unless a scheduler has chosen for it. Before
// the engine is loaded.
void take_own_gpu(const RankPlace& place);

struct RankStart {
  std::vector<std::string> arguments = {};       // of this program, the first is its name; empty = those of this process
  std::string output = {};                       // file for the standard output of rank 0; "" = ours
  std::function<void(double share)> progress = {};  // about once a second, what rank 0 is told
  std::function<void()> killed = {};             // before the error, where a signal from outside ended the rank that is its cause
};

// Runs a command of this program `ranks` times and waits for all. The first of them has our terminal; of the others is shown what ends
// the run. One that ends badly ends all: Error as that rank has it, or Error(failure) naming the rank and the signal. A requested stop
// is handed on. Processes that are left end with the thread that calls this, however it ends.
void start_ranks(int64_t ranks, std::stop_token stop, const RankStart& start = {});

// The body of a rank. When start_ranks() watches, it gets the error that leaves the body, and says it once for all of them.
void as_rank(const std::function<void()>& body);

// Of rank 0: what start_ranks() is told of its progress, beside what the user is.
void tell_progress(Talk& talk);

}  // namespace tomograd
