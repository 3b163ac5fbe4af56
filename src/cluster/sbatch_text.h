// A job as sbatch scripts. A pure function: the same job gives the same text (tests/golden/cluster/*.sbatch).
// The script ends in `exec worker`, so that the worker is the batch process and gets USR1 (near its time limit) and TERM
// (preemption, requeue, cancel) itself; a shell in between would keep them. What counts is written on the option lines:
//   --requeue --open-mode=append    a preempted element comes back under its id and goes on with its log
//   --signal=B:USR1@N               N seconds of notice before the time limit
//   --comment, --job-name           carry the uuid: a submission whose answer was lost is found again (cluster/slurm.h)
//   --kill-on-invalid-dep=yes       an element whose predecessor failed is cancelled instead of waiting for ever
#pragma once

#include <string>
#include <vector>

#include "cluster/cluster.h"
#include "cluster/job.h"

namespace tomograd {

// The job cut into chunks of at most `largest_chunk` elements (MaxArraySize: its indices go from 0 to MaxArraySize - 1).
// Chunks that hold none of `only` are left out; ids are empty.
std::vector<JobChunk> plan_chunks(const Job& job, int64_t largest_chunk);

// at_once over several chunks: they form lanes, in each of which a chunk waits for the one before it; the lanes share the
// elements that may run at the same time. One lane per chunk when at_once allows it.
struct ChunkLane {
  int64_t at_once = 0;                           // of this chunk; 0: no limit
  int64_t after = -1;                            // position of the chunk that it waits for; -1: none
};
ChunkLane lane_of(int64_t position, int64_t chunks, int64_t at_once);

std::string chunk_name(const Job& job, const JobChunk& chunk);      // "NAME-UUID-CHUNK"
std::string chunk_comment(const std::string& uuid, int64_t index);  // "tomograd/UUID/CHUNK"

// `waits_for`: ids of further jobs of which all must have ended, in whatever way (the lane's).
std::string sbatch_text(const Job& job, const JobChunk& chunk, const ChunkLane& lane, const std::vector<std::string>& waits_for);

// A word that bash reads as exactly these bytes (no NUL); printable, and without line ends, which sbatch would take amiss.
std::string shell_quoted(const std::string& bytes);

}  // namespace tomograd
