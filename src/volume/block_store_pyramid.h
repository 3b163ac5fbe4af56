// Halving planes for the coarser levels of a block store. Private to this room.
#pragma once

#include "base/parallel.h"
#include "volume/nifti.h"

namespace tomograd {

// One plane out of one or two neighbours (b null: one), [y][x] of `type`; along y and x every `factor` (1 or 2) voxels become
// one, ceil(size / factor) of them; what a voxel at the far edge lacks does not count. Means are taken in double and
// rounded to even for integers; majority picks the most frequent value, the smallest of equals.
void halve_planes(VoxelType type, bool majority, const void* a, const void* b, int64_t size_y, int64_t size_x, int64_t factor_y, int64_t factor_x, void* into, ThreadPool& pool);

struct PyramidLevel {
  Extent size;
  Extent factor;                                 // from the level before; 1 or 2 per axis
};

// Axes are halved until their spacings are alike and then together, until all fits into a block; at most `most` levels.
std::vector<PyramidLevel> pyramid_levels(Extent size, const std::array<double, 3>& spacing, Extent block, int64_t most);

}  // namespace tomograd
