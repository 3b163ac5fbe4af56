// Connected components (26 neighbours) and what post-processing does with them.
#pragma once

#include <cstdint>
#include <vector>

#include "base/extent.h"
#include "base/memory.h"

namespace tomograd {

// label: 0 = background, else the component's number from 1 in the order of their first voxels; voxels[i] of number i + 1.
struct Components { Buffer<int32_t> label; std::vector<int64_t> voxels; };
Components connected_components(const uint8_t* mask, Extent size);
// In this order, each where asked for: fill holes (background that does not reach the volume's border through voxel faces and
// touches a single class), then per class >= 1 drop components under min_voxels and keep the largest only (of equally large
// ones the first). Removed voxels become background.
struct Cleaning { bool largest_component = false; int64_t min_voxels = 0; bool fill_holes = false; };
void clean(uint8_t* labels, Extent size, int64_t classes, const Cleaning& cleaning);

}  // namespace tomograd
