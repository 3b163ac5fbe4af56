// Where each class is in a case whose labels stay in a store: voxels per class of every block, and of the blocks that hold more
// than one class also per row, so that the n-th voxel of a class, in C order of the volume, is found by decoding one label block.
// That is 2 bytes for every row of a mixed block and class in it (1/32 of the block's labels at 64 voxels a row), and a few
// numbers per block and plane. Answers are those of a LabelIndex of the same labels in memory.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "base/memory.h"
#include "base/parallel.h"
#include "volume/block_source.h"

namespace tomograd {

struct KnownCounts {                             // what the store has counted
  std::vector<std::vector<uint32_t>> voxels;     // [class][block, C order of the grid]; empty = nothing is known
  bool complete = false;                         // false: only blocks that are all background are known
};

class StoredLabels {                             // thread-safe; `source` must outlive it
 public:
  // Decodes every block once, save those that are known to hold one class alone. Error(input) when one disagrees with `known`.
  StoredLabels(BlockSource& source, int64_t classes, const KnownCounts& known, ThreadPool& pool);

  Extent size() const { return size_; }
  int64_t voxels_of(int64_t cls) const { return planes_[size_t(cls)].back(); }
  int64_t mixed_blocks() const { return int64_t(rows_.size()); }  // those that hold more than one class
  Extent voxel(int64_t cls, int64_t rank) const; // the voxel of this rank (from 0) among those of the class, in C order
  int64_t class_at(Extent voxel) const;
  int64_t foreground_in(const Box& box) const;   // voxels of class >= 1
  void count(const Box& box, std::array<int64_t, 256>& voxels) const;  // adds the voxels of each class

 private:
  struct Rows {                                  // of a block with several classes: [slot][z][y]
    std::vector<uint8_t> classes;                // of the slots, rising
    Buffer<uint16_t> counts;
  };
  Extent place(int64_t block) const { return {block / grid_.x / grid_.y, block / grid_.x % grid_.y, block % grid_.x}; }
  Box inside(int64_t block) const;               // what of the block lies in the volume
  Rows rows_of(int64_t block) const;
  int64_t row_count(int64_t block, int64_t cls, int64_t z, int64_t y) const;  // z, y in the block
  template <class Body>
  void each_part(const Box& box, const Body& body) const;

  BlockSource& source_;
  Extent size_, block_, grid_;
  std::vector<std::vector<uint32_t>> blocks_;    // [class][block]
  std::vector<int32_t> single_;                  // [block] its only class, or -1 - index into rows_
  std::vector<Rows> rows_;
  std::vector<std::vector<int64_t>> planes_;     // [class][z]: voxels before plane z; one more at the end
};

}  // namespace tomograd
