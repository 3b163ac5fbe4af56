// Which tiles cover a volume. Torch-free in itself. Input tiles may reach beyond the volume by the network's margin only.
#pragma once

#include <cstdint>
#include <vector>

#include "arch/graph.h"
#include "base/extent.h"
#include "spec/run_spec.h"

namespace tomograd {

struct TilePlan {
  Extent volume, tile, output;                   // input tile size and what the network returns for it
  Margin margin;                                 // input voxels before/after the output's box
  std::vector<Extent> starts;                    // first voxel of each *output* tile, z slowest; the last tile of an axis is flush
  int64_t peak_bytes = 0;                        // predicted, above the process's size before
};

// Tile = nearest legal size to spec.tile, not larger than the volume needs, shrunk until peak_bytes <= max_memory_bytes
// (0 = no limit); Error(budget) with both numbers when even the smallest does not fit. blend "crop" with valid networks
// uses no overlap and starts at multiples of output_stride(graph), so the result does not depend on the tiling.
TilePlan plan_tiles(const Graph& graph, Extent volume, const PredictSpec& spec, int bytes_per_value, int64_t max_memory_bytes, int64_t networks = 1);

}  // namespace tomograd
