// A volume whose activations do not fit is fitted in overlapping parts with one network, whose code is that of the volume's positions. Weights fall linearly
// over the overlap and sum to 1 at each voxel, so that no seam is left where neighbours agree, and a ramp where they do not.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "base/extent.h"

namespace tomograd {

struct PriorAxis {
  std::vector<int64_t> starts;
  std::vector<std::vector<float>> weights;       // [tile][voxel of it]
};

struct PriorTiles {
  Extent volume, tile;                           // all tiles have one size
  PriorAxis axis[3];
  int64_t count() const { return int64_t(axis[0].starts.size() * axis[1].starts.size() * axis[2].starts.size()); }
  Box box(int64_t index) const;
  // Adds the tile's voxels [z][y][x], weighted, to the volume's.
  void add(int64_t index, const float* values, float* into) const;
};

// Tiles of `wanted` voxels (0 = the whole axis; never more), neighbours overlapping by at least `overlap` of a tile, begins and sizes at
// multiples of `step`, by which the volume must be divisible.
PriorTiles prior_tiles(Extent volume, Extent wanted, double overlap, Extent step);

}  // namespace tomograd
