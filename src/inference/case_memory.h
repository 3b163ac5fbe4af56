// The memory of one case from its files to its label file, stage by stage, out of the headers alone: reading and preparing,
// prediction, post-processing, return to the case's own grid and writing. What a stage no longer needs is freed before the next
// one, so the peak is the largest stage. Torch-free.
#pragma once

#include <cstdint>
#include <functional>

#include "base/env.h"
#include "dataset/dataset.h"
#include "inference/tile_plan.h"
#include "spec/run_spec.h"

namespace tomograd {

struct CaseSizes {                               // what the headers of a case's files say
  Extent original, prepared;                     // as stored; canonical with the target spacing, before a crop
  int64_t channels = 0, present = 0;             // channels of the network, and those that have a file
  int64_t decoded_bytes = 0;                     // while the largest file is read: what is held of it beside its voxels
  bool roi = false, reoriented = false, resampled = false, normalized = false, cropped = false;
};

// Opens the used channels and the ROI. Error(input) names the file that is missing, damaged in its header, or has no spacing.
CaseSizes case_sizes(Env& env, const Dataset& dataset, const Case& item, const PreprocessSpec& spec);

struct CasePlan {
  TilePlan tiles;
  int64_t preparing_bytes = 0;                   // all above the process's size before the case
  int64_t predicting_bytes = 0;                  // prepared images, and tiles.peak_bytes
  int64_t cleaning_bytes = 0;                    // components and holes, whatever the labels look like
  int64_t writing_bytes = 0;                     // back on the own grid, compressed
  int64_t peak_bytes() const;
};

// The tiles of one case, in at most so many bytes (0 = no limit).
using PlanTiles = std::function<TilePlan(Extent volume, int64_t max_memory_bytes)>;

// `size` is that of the prepared case: sizes.prepared before the case is read, which a crop can only lower. Tiles shrink until
// their stage fits into max_memory_bytes (0 = no limit); Error(budget) names the stage that does not.
CasePlan plan_case(const PlanTiles& plan_tiles, const CaseSizes& sizes, Extent size, const PostprocessSpec& post, int64_t max_memory_bytes);
CasePlan plan_case(const Graph& graph, const CaseSizes& sizes, Extent size, const PredictSpec& spec, const PostprocessSpec& post, int bytes_per_value, int64_t max_memory_bytes,
                   int64_t networks = 1);

}  // namespace tomograd
