// A store predicted with the bits of the untiled result (exact_msd.h): layers in groups, their maps in OUT/scratch, the last group's
// cores as shards like those of store_worker.h. Killed anywhere, the next worker goes on.
#pragma once

#include "inference/exact_msd.h"
#include "inference/store_worker.h"
#include "nn/msd_model.h"

namespace tomograd {

std::string scratch_folder(const std::string& out);   // OUT/scratch; whoever has joined the tiles removes it

// A share of the tiles of one group (from 0), or all tiles of all groups one after the other (group -1). Counts what the last group
// leaves. Error(budget) when the disk cannot hold the maps; Error(input) when an earlier group is not done; Error(stopped).
StoreWork run_exact_store(Env& env, const MsdModel& model, const ExactPlan& exact, const StorePlan& plan, StoreSource& source, const std::string& out, int64_t group, ExactShare share,
                          ThreadPool& pool, const std::stop_token& stop = {}, const std::function<void(int64_t done, int64_t of)>& progress = {});

}  // namespace tomograd
