// How the voxels of a store become what the network was trained on: constants of each channel, found once for the whole volume
// so that every tile of it is normalised alike (normalize_channel() does the same to a case in memory). Torch-free.
#pragma once

#include <optional>
#include <stop_token>
#include <utility>
#include <vector>

#include "inference/store_source.h"
#include "spec/run_spec.h"

namespace tomograd {

struct ChannelConstants {
  std::optional<std::pair<double, double>> clip;  // before all else
  double shift = 0, spread = 1;                  // (v - shift) / spread
  float outside = 0;                             // what voxels that are not finite become
  float operator()(float v) const;
  bool operator==(const ChannelConstants&) const = default;
};

// One pass, slab by slab: at most 64 planes or 64 MiB of floats at a time, a row of blocks at least. Sums are taken plane by plane
// in rising order, so that threads do not matter; integers of up to 16 bits are counted, which is exact. Error(input):
// zscore_roi (a store has no ROI), percentiles of other types than those, a channel without a finite voxel.
std::vector<ChannelConstants> store_constants(StoreSource& source, const PreprocessSpec& spec, ThreadPool& pool, const std::stop_token& stop = {});

// Bytes that store_constants() holds at most.
int64_t store_constants_bytes(const StoreSource& source);

}  // namespace tomograd
