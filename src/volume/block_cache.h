// Decoded blocks of any number of sources, kept within one limit of bytes: the least recently used go first, those that
// somebody holds are passed over. What a block holds is a function of its key, so neither the limit nor the order in which
// threads ask changes a voxel.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>

#include "base/memory.h"

namespace tomograd {

struct BlockCacheCounts {
  int64_t hits = 0, misses = 0, evictions = 0;   // misses: blocks decoded
  int64_t bytes = 0, most_bytes = 0;             // of blocks kept, held or being made; the most there ever were
};

class BlockCache {                               // thread-safe
 public:
  using Key = std::array<int64_t, 3>;            // source, channel (-1: labels), running index of the block

  explicit BlockCache(int64_t limit_bytes);
  ~BlockCache();
  int64_t new_source();                          // a number that no other source of this cache has

  // The block, from the cache or made by load() in `bytes` of memory; two threads that want the same one load it once. Room
  // is made before it is loaded, so that memory is the larger of the limit and what is held and being loaded. An exception of
  // load() leaves nothing behind.
  std::shared_ptr<const Memory> get(const Key& key, int64_t bytes, const std::function<void(void* into)>& load);
  BlockCacheCounts counts() const;
  int64_t limit_bytes() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tomograd
