// What a tile leaves behind beside its shard: OUT/tiles/.../N.json with the shard's digest. Torch-free. Private to this room.
#pragma once

#include "inference/store_plan.h"

namespace tomograd {

std::string shard_path(const std::string& out, const StorePlan& plan, int64_t tile);

// After the shard is published.
void publish_record(Env& env, const std::string& out, const StorePlan& plan, const std::string& plan_digest, int64_t tile, double seconds);

// "" when record and shard are there and agree; else what is wrong. `digest` gets the shard's.
std::string tile_trouble(Env& env, const std::string& out, const StorePlan& plan, const std::string& plan_digest, int64_t tile, std::string* digest = nullptr);

}  // namespace tomograd
