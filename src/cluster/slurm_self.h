// What a worker does about its own job. A time limit gives notice by USR1; the worker saves its state and, before it ends with
// exit code 3, asks for another turn, because whoever submitted the job need not be there any more.
#pragma once

#include <cstdint>
#include <string>

#include "cluster/slurm.h"

namespace tomograd {

// "4711_12", or "4711" when the job is no array; empty outside of Slurm.
std::string own_slurm_id();

// Has this very element queued again (Slurm then sends TERM). False outside of Slurm, after `most_restarts` turns (an element
// that never gets anywhere must come to an end), and when the controller refuses or does not answer.
bool requeue_own_element(const SlurmTools& tools = {}, int64_t most_restarts = 100);

}  // namespace tomograd
