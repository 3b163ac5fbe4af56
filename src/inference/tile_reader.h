// Input tiles cut out of a prepared case: rows copied, parts beyond the volume filled with the channel's outside value, axes
// mirrored where test-time augmentation asks for it. Torch-free.
#pragma once

#include <array>
#include <cstdint>

#include "base/extent.h"
#include "dataset/prepared_case.h"

namespace tomograd {

// Rows [first, last) of the box, counted over z and y (row = z * size.y + y), in the order [z][y][x][channel]. A mirrored axis
// is read from the box's end to its begin.
void read_tile_rows(const PreparedCase& prepared, const Box& box, const std::array<bool, 3>& mirrored, int64_t first, int64_t last, float* tile);

}  // namespace tomograd
