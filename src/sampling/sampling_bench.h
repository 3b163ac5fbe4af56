// How fast balanced patches are made from decoded blocks, against the machine's copy bandwidth measured in the same run.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/env.h"
#include "dataset/dataset.h"
#include "spec/value.h"

namespace tomograd {

struct SamplingRate {
  std::string name;                              // "plain", "flips and noise", "all steps"
  double patches_per_second = 0;
  double cpu_seconds_per_patch = 0;              // of all threads; what a busy machine does not blur
  int64_t patches = 0;
  double bytes_per_second = 0;                   // read from blocks + written to slots
  double copy_fraction = 0;                      // bytes_per_second / copy_bytes_per_second
  double decoded_per_patch = 0, cache_hits = 0;  // of block stores: blocks decoded, share of blocks that were in the cache
};

struct SamplingBench {
  Extent patch;
  int threads = 0;
  int64_t cases = 0, channels = 0;
  int64_t slot_bytes = 0;                        // patches in circulation; larger than the caches
  int64_t patch_bytes = 0;                       // read and written per patch
  double copy_bytes_per_second = 0;              // memcpy of 256 MB per thread set, read + written
  std::vector<SamplingRate> rates;               // through the queue: worker threads, batches of 2, balanced 1 : 1
  bool checked = false;                          // the fast path agreed with render_patch_reference before anything was timed
  std::string isa;
  int64_t cache_bytes = 0, cache_peak_bytes = 0; // limit of the decoded blocks of block stores, and what they took; 0 = no case is one
  int64_t store_bytes = 0;                       // of all stores, decoded: 4 bytes a voxel and channel, 1 for its label
  double seconds_per_block = 0;                  // of one thread: reads, decodes and normalises an image block that is not cached
};

// Uses all cases of the dataset and its first `channels` modalities. Each rate is taken over `seconds`, after a warm-up of
// one round through the slots. slot_megabytes >= 256 keeps the caches out of it. cache_bytes: for decoded blocks of block stores.
SamplingBench bench_sampling(Env& env, const Dataset& dataset, Extent patch, int threads, double seconds, int64_t channels = 2, int64_t slot_megabytes = 256,
                             int64_t cache_bytes = 1'000'000'000);

Value to_value(const SamplingBench& bench);      // for --json; the caller adds the format
std::string to_table(const SamplingBench& bench);  // for people

}  // namespace tomograd
