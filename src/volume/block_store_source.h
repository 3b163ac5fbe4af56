// Blocks of block stores as a BlockSource: decoded when they are asked for and kept, the last used ones, within the bytes of a
// BlockCache that other sources share. A volume larger than memory is sampled this way.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/env.h"
#include "volume/block_cache.h"
#include "volume/block_source.h"
#include "volume/geometry.h"

namespace tomograd {

struct StoreChannel {
  std::string store;                             // OME-Zarr group; "" = the channel is not there and is `outside` everywhere
  int64_t channel = 0;                           // of the store
  float outside = 0;                             // what lies beyond the volume
  // What is done to each voxel in the volume, such as normalisation; none = as stored. Thread-safe. Of stores with integers of up
  // to 16 bits it is asked once for all values they can have, and kept in a table of 4 bytes each.
  std::function<void(float* voxels, int64_t count)> change;
};

struct StoreLabels {
  std::string store;                             // OME-Zarr group of whole numbers, such as STORE/labels/NAME; "" = there are none
  // Class indices 0 .. 254 of stored values; none = the values, of which one above 254 is Error(input). Thread-safe.
  std::function<void(const uint16_t* values, int64_t count, uint8_t* classes)> classes;
  // Of each block, C order of the grid, the class that all its voxels have, or -1 where that is not known; one that is known is
  // not read. Empty: none is known.
  std::vector<int16_t> single;
};

class StoreBlocks : public BlockSource {
 public:
  // The raw pointers of BlockSource cannot be kept by a bounded cache, so image_block() and label_block() fail with a sentence
  // that names hold_image_block() and hold_label_block(). A held block stays.
  virtual Geometry geometry() const = 0;         // of the first store
  virtual int64_t bytes_read() const = 0;        // from files, so far
};

// The channels of a store, as they are stored.
std::vector<StoreChannel> channels_of_store(Env& env, const std::string& store);

// Error(input) names the store: there is none, its orientation is known and not canonical (closest to RAS+), or its size or
// its blocks are not those of the first; then, of the block that is asked for, file and place: it is missing or damaged.
std::unique_ptr<StoreBlocks> open_store_blocks(Env& env, std::vector<StoreChannel> channels, StoreLabels labels, std::shared_ptr<BlockCache> cache);

}  // namespace tomograd
