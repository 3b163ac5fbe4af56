// A store predicted with the bits of the untiled result (exact_msd.h): layers in groups, their maps in OUT/scratch, the last group's
// cores as shards like those of store_worker.h. Killed anywhere, the next worker goes on.
#pragma once

#include "inference/exact_msd.h"
#include "inference/store_worker.h"
#include "nn/msd_model.h"

namespace tomograd {

std::string scratch_folder(const std::string& out);   // OUT/scratch; whoever has joined the tiles removes it

// One worker's tiles of one group (from 0), or of all groups one after the other (group -1; then there must be one worker). Counts what
// the last group leaves. Error(budget) when the disk cannot hold the maps; Error(input) when an earlier group is not done; Error(stopped).
struct ExactShare { int64_t group = -1, worker = 0, workers = 1; };
StoreWork run_exact_store(Env& env, const MsdModel& model, const ExactPlan& exact, const StorePlan& plan, StoreSource& source, const std::string& out, ExactShare share, ThreadPool& pool,
                          const std::stop_token& stop = {}, const std::function<void(int64_t done, int64_t of)>& progress = {});

}  // namespace tomograd
