// Blocks of a block store as a BlockSource: decoded when they are asked for and kept, the last used ones, within a limit of
// bytes. A volume larger than memory can be sampled this way.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/env.h"
#include "volume/block_source.h"
#include "volume/geometry.h"

namespace tomograd {

struct StoreBlocksOptions {
  std::string label;                             // of STORE/labels; "" = the case has none
  int64_t cache_bytes = int64_t{1} << 30;        // decoded blocks: 4 bytes a voxel of images, 1 of labels
  std::vector<float> shift, scale;               // per channel: a block's values are (stored - shift) * scale; empty = as stored
  std::vector<float> outside;                    // per channel; empty = 0
};

struct BlockCacheCounts {
  int64_t hits = 0, misses = 0, evictions = 0, bytes = 0, most_bytes = 0;
  int64_t bytes_read = 0;                        // from files
};

class StoreBlocks : public BlockSource {
 public:
  // The raw pointers of BlockSource cannot be kept by a bounded cache, so image_block() and label_block() fail with a sentence
  // that names hold_image_block() and hold_label_block(). A held block stays; blocks that are held do not count as
  // evictable, so memory is the larger of the limit and what is held.
  virtual Geometry geometry() const = 0;
  virtual BlockCacheCounts counts() const = 0;
};

// Error(input) when there is no such store or label, a label value exceeds 254, the orientation is known and not canonical
// (closest to RAS+), or a block is missing.
std::unique_ptr<StoreBlocks> open_store_blocks(Env& env, const std::string& store, StoreBlocksOptions options = {});

}  // namespace tomograd
