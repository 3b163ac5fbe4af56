// How many voxels of each label value every block holds: written beside the labels of a block store, asked by `block select`
// and by samplers without reading a voxel.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/env.h"
#include "base/extent.h"

namespace tomograd {

struct LabelCounts {
  Extent size, block, grid;                      // of the labels' level 0; blocks in it
  std::vector<int64_t> values;                   // rising
  bool complete = true;                          // false: only 0 was counted, there are too many values
  std::vector<std::vector<uint32_t>> counts;     // [value][block, C order of grid]

  int64_t block_voxels(int64_t block_index) const;  // those that lie in the volume
};

constexpr size_t most_counted_values = 256;

using ValueCounts = std::map<uint32_t, uint32_t>;

// blocks: one map per block of the grid, C order.
LabelCounts gather_label_counts(Extent size, Extent block, const std::vector<ValueCounts>& blocks);

void write_label_counts(Env& env, const std::string& folder, const LabelCounts& counts);  // folder: STORE/labels/NAME/counts
LabelCounts read_label_counts(Env& env, const std::string& store, const std::string& name);

// Blocks for which all conditions of "label1 >= 5 % and mask > 0" hold, in C order of the grid. A term is a label image, a
// value of it (none: any value but 0), one of < <= > >= == !=, and a number of voxels or, with %, a share of the block's
// voxels that lie in the volume. Error(input) says what of it is not understood.
std::vector<Extent> select_blocks(Env& env, const std::string& store, const std::string& conditions);

}  // namespace tomograd
