// Where patches come from: the volumes of one case cut into blocks, of which only those a box touches are decoded.
// First source: NIfTI files decoded once to 64^3 blocks in memory. The second: a block store on disk (block_store_source.h).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/extent.h"
#include "base/memory.h"

namespace tomograd {

class BlockSource {
 public:
  virtual ~BlockSource() = default;
  virtual Extent size() const = 0;
  virtual Extent block() const = 0;              // size of a block; blocks at the far faces are stored whole, filled up
  virtual int64_t channels() const = 0;
  // Pointer to the block's voxels [z][y][x] (block().voxels() floats), valid as long as the source. Thread-safe.
  virtual const float* image_block(int64_t channel, Extent block_index) = 0;
  virtual const uint8_t* label_block(Extent block_index) = 0;   // class indices; nullptr when the case has no labels
  virtual bool has_labels() { return label_block({0, 0, 0}) != nullptr; }
  // The same, kept for as long as the returned pointer lives: the way to ask that suits every source. A source whose blocks
  // come and go answers these alone; here they cost no more than the raw pointers.
  virtual std::shared_ptr<const float> hold_image_block(int64_t channel, Extent block_index) { return {std::shared_ptr<void>(), image_block(channel, block_index)}; }
  virtual std::shared_ptr<const uint8_t> hold_label_block(Extent block_index) { return {std::shared_ptr<void>(), label_block(block_index)}; }
  // What lies outside the volume, per channel (the case's background value).
  virtual float outside(int64_t channel) const = 0;
};

// Blocks in memory, made from whole volumes [channel][z][y][x]; images in canonical orientation, already normalised.
std::unique_ptr<BlockSource> make_memory_blocks(Extent size, const std::vector<const float*>& channels, const uint8_t* labels,
                                                std::vector<float> outside, Extent block = {64, 64, 64});

// Copies a box of one channel out of the blocks; parts outside the volume get outside(channel). The plain reference.
void copy_box(BlockSource& source, int64_t channel, const Box& box, float* into);
void copy_label_box(BlockSource& source, const Box& box, uint8_t* into, uint8_t outside_value);

}  // namespace tomograd
