// Where each class is: sorted linear voxel indices per class of one prepared case, and class counts per block, so that a
// sampler draws a voxel of a class in O(1) and knows the foreground share of any patch.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/extent.h"
#include "base/memory.h"
#include "dataset/stored_labels.h"

namespace tomograd {

struct LabelIndex {
  Extent size, block;
  int64_t classes = 0;
  std::vector<Buffer<uint32_t>> voxels;          // [class >= 1] sorted linear indices inside the ROI; [0] stays empty
  Buffer<uint32_t> block_counts;                 // [class][block z][block y][block x]
  int64_t background_voxels = 0;                 // of class 0 inside the ROI
  std::shared_ptr<const StoredLabels> stored;    // of a case whose labels stay in a store: it answers, and the lists above are empty

  int64_t voxels_of(int64_t cls) const { return stored ? stored->voxels_of(cls) : cls == 0 ? background_voxels : voxels[size_t(cls)].size(); }
};

// labels: class indices [z][y][x]; roi may be empty (= everywhere). Sizes over 2^32 voxels are Error(input).
LabelIndex make_label_index(Extent size, const Buffer<uint8_t>& labels, const Buffer<uint8_t>& roi, int64_t classes, Extent block = {64, 64, 64});

// Voxels of class >= 1 in a box, from the block counts where blocks lie whole inside it and from the labels elsewhere.
int64_t foreground_in(const LabelIndex& index, const Buffer<uint8_t>& labels, const Box& box);

}  // namespace tomograd
