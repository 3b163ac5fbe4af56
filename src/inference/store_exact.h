// A store predicted with the bits of the untiled result (exact_msd.h): layers in groups, their maps in OUT/scratch, the last group's
// cores as shards like those of store_worker.h. One process; killed anywhere, the next one goes on.
#pragma once

#include "inference/exact_msd.h"
#include "inference/store_worker.h"
#include "nn/msd_model.h"

namespace tomograd {

// Removes OUT/scratch when all tiles are there. Error(budget) when the disk cannot hold the maps; Error(stopped).
StoreWork run_exact_store(Env& env, const MsdModel& model, const ExactPlan& exact, const StorePlan& plan, StoreSource& source, const std::string& out, ThreadPool& pool,
                          const std::stop_token& stop = {}, const std::function<void(int64_t done, int64_t of)>& progress = {});

}  // namespace tomograd
