// Blocks of Zarr arrays that were decoded for a plane. The planes beside it lie in the same blocks, so that one change of slice in block.z
// is paid for and the others are copies out of memory. Lives in the process that decodes. Private to this room.
#pragma once

#include <functional>
#include <memory>
#include <mutex>

#include "base/memory.h"
#include "server/volume_view.h"
#include "volume/block_cache.h"
#include "volume/box_source.h"

namespace tomograd {

class DecodedBlocks {                            // thread-safe
 public:
  // Blocks that take more than an eighth of the limit are not kept.
  explicit DecodedBlocks(int64_t limit_bytes) : limit_(limit_bytes), cache_(std::make_shared<BlockCache>(limit_bytes)) {}

  StoredBlocks place(Extent size, Extent block, VoxelType type);  // of an array that is to be kept; source -1: too large for it

  // [z][y][x] of the box. open() is called when a block is missing. Error(input): what it opens is no longer what `blocks` says.
  Buffer<float> read(const StoredBlocks& blocks, int64_t channel, const Box& box, const std::function<std::unique_ptr<BoxSource>()>& open);

  int64_t bytes() const { return cache()->counts().bytes; }
  int64_t decoded() const { return cache()->counts().misses; }
  void forget();                                 // who reads meanwhile is not disturbed

 private:
  std::shared_ptr<BlockCache> cache() const;

  const int64_t limit_;
  mutable std::mutex mutex_;
  std::shared_ptr<BlockCache> cache_;
  int64_t sources_ = 0;
};

}  // namespace tomograd
