// Intensity statistics of one channel of a block store, streamed: passes over the volume in C order that hold one row of blocks
// (at most `most_bytes` of it), so memory does not grow with the volume. Every voxel counts, nothing is sampled: percentiles are exact
// order statistics, found in two passes (the upper, then the lower 16 bits of the values), and sums run in the order in which
// normalize_channel() adds up. So the map is that of the same volume in memory bit for bit; with clip_percentiles, where memory adds
// up in another order, to a rounding of the sums (2^-53 of each term).
#pragma once

#include <string>

#include "base/env.h"
#include "base/parallel.h"
#include "dataset/normalize.h"

namespace tomograd {

constexpr int64_t most_streamed_bytes = int64_t{256} << 20;

// Error(input) as normalize_channel(); of a damaged or missing block it names file and place. `not_finite`: NaN or infinite voxels; 0
// where they are not looked for, because integers cannot be. pool: threads that decode.
IntensityMap stored_intensity_map(Env& env, const std::string& store, int64_t channel, const PreprocessSpec& spec, ThreadPool& pool, int64_t* not_finite, int64_t most_bytes = most_streamed_bytes);

// Of all finite voxels, in two passes.
Intensities measure_store(Env& env, const std::string& store, int64_t channel, ThreadPool& pool, int64_t* not_finite);

// The most bytes that either holds, of blocks of up to 128 planes.
int64_t stored_statistics_bytes(Extent size);

}  // namespace tomograd
