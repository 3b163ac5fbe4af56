// What every way of computing a tile of a store does before and after: voxels as the network wants them, classes to a shard.
// Torch-free. Private to this room.
#pragma once

#include <string>

#include "base/memory.h"
#include "base/parallel.h"
#include "inference/store_plan.h"

namespace tomograd {

constexpr int64_t chunks_under_way = int64_t{160} << 20;  // bytes: 64 MiB decoded, as much encoded at worst, the codecs' scratch

// One channel of a box, [z][y][x], normalised by the plan's constants. What of the box lies beyond the volume is the channel's outside value.
void read_channel(StoreSource& source, const StorePlan& plan, int64_t channel, const Box& box, float* into, ThreadPool& pool);

// The largest logit's class at every voxel of the core, the lowest of equals, as label values. logits: [class][z][y][x] of the region,
// which holds the core.
// Error(failure) naming the tile when one is not finite.
Buffer<uint8_t> labels_of(const float* logits, const StorePlan& plan, int64_t tile, const Box& region, ThreadPool& pool);

// Publishes the shard of a tile and then its record.
void publish_tile(Env& env, const std::string& out, const StorePlan& plan, const std::string& plan_digest, int64_t tile, const Buffer<uint8_t>& labels, double seconds, ThreadPool& pool);

}  // namespace tomograd
