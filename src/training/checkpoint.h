// Checkpoints of a run: checkpoints/step-N.safetensors, and checkpoints/index.json that names them with their digests. The
// index is the truth: a file it does not name does not exist. A damaged newest checkpoint falls back to the one before.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "base/env.h"
#include "nn/safetensors.h"

namespace tomograd {

struct Checkpoint {
  int64_t step = 0;
  TensorFile content;                            // "model.*", "optimizer.*", "average.*"; scalars in the metadata
};

// Publishes file, then index, then removes what is older than the last `keep`.
void save_checkpoint(Env& env, const std::string& run_folder, int64_t step, const TensorFile& content, int64_t keep);

// The newest whose digest holds; nothing when there is none. Damaged ones are reported through warn() and left in place.
std::optional<Checkpoint> load_newest_checkpoint(Env& env, const std::string& run_folder);

}  // namespace tomograd
