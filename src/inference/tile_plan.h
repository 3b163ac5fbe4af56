// Which tiles cover a volume, what each of them may write, and the memory all of it takes. Torch-free.
//
// Axes are planned alone: a plan is the product of three lists. An axis on which the network uses valid convolutions (or sees a
// single voxel) is "exact": its tiles read real neighbours, and with blend "crop" or "auto" they meet without overlap at
// multiples of output_stride(graph), so that the result does not depend on the tiling. On padded axes, and all of a network
// with instance norm, tiles overlap; there "auto" is "gaussian".
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "arch/graph.h"
#include "base/extent.h"
#include "spec/run_spec.h"

namespace tomograd {

struct AxisTiles {
  std::vector<int64_t> starts;                   // first voxel of each output tile; < 0 only where the volume is smaller than a tile
  std::vector<int64_t> begins, ends;             // voxels [begin, end) of the volume that each tile adds to; begins never decrease
  std::vector<float> weights;                    // blending weight by place in the output tile, > 0, the same for all tiles
  std::vector<float> totals;                     // sum of the weights that tiles add, by voxel of the volume
};

struct TilePlan {
  Extent volume, tile, output;                   // input tile size and what the network returns for it
  Margin margin;                                 // input voxels before/after the output's box
  std::array<AxisTiles, 3> axes;                 // z, y, x
  std::vector<Extent> starts;                    // first voxel of each *output* tile, z slowest: the product of the axes' starts
  int sweep = 0;                                 // axis along which tiles proceed, 0 (z) or 1 (y): the one with fewer unfinished sums
  int64_t slab_planes = 0;                       // planes across it whose class sums are unfinished at the same time, at most
  int64_t peak_bytes = 0;                        // predicted, above the process's size before
  int64_t weight_bytes = 0;                      // of these, what stays afterwards: weights in the library's layout and number format
};

// Tile = nearest legal size to spec.tile, not larger than the volume needs, shrunk until peak_bytes <= max_memory_bytes
// (0 = no limit); Error(budget) with both numbers when even the smallest does not fit. What a tile reads beyond the volume
// (margins; volumes smaller than the smallest legal tile, which then lie in its middle) is the case's outside value.
// bytes_per_value: 4 for f32 compute, 2 for bf16 and f16. Error(input) for networks whose output has another resolution.
TilePlan plan_tiles(const Graph& graph, Extent volume, const PredictSpec& spec, int bytes_per_value, int64_t max_memory_bytes, int64_t networks = 1);

// Tiles of exactly this size for a network of which only its classes are known, and that it returns as many voxels as it takes but
// for a margin on each side: axes are padded ones. peak_bytes counts what is ours alone, the class sums and the labels.
TilePlan plan_fixed_tiles(Extent volume, Extent tile, Extent margin, int64_t classes, const PredictSpec& spec);

// What a forward pass over one tile takes at most, weights' copies included.
int64_t network_bytes(const Graph& graph, Extent tile, int bytes_per_value, int64_t networks);

}  // namespace tomograd
