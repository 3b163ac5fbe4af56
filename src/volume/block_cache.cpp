#include "volume/block_cache.h"

#include <algorithm>
#include <condition_variable>
#include <list>
#include <map>
#include <mutex>
#include <set>

namespace tomograd {

struct BlockCache::State {
  struct Entry { std::shared_ptr<const Memory> block; std::list<Key>::iterator place; };

  int64_t limit = 0, sources = 0;
  std::mutex mutex;
  std::condition_variable loaded;
  std::map<Key, Entry> entries;
  std::list<Key> order;                          // least recently used first
  std::set<Key> loading;
  BlockCacheCounts counts;

  // Counts a block that is to be made, and lets others go where the limit asks for it.
  void make_room(int64_t bytes) {
    counts.bytes += bytes;
    for (auto at = order.begin(); at != order.end() && counts.bytes > limit;) {
      auto entry = entries.find(*at);
      if (entry->second.block.use_count() > 1) {
        ++at;
        continue;
      }
      counts.bytes -= entry->second.block->bytes(), ++counts.evictions;
      entries.erase(entry);
      at = order.erase(at);
    }
    counts.most_bytes = std::max(counts.most_bytes, counts.bytes);
  }
};

BlockCache::BlockCache(int64_t limit_bytes) : state_(std::make_unique<State>()) { state_->limit = limit_bytes; }
BlockCache::~BlockCache() = default;

int64_t BlockCache::new_source() {
  std::lock_guard lock(state_->mutex);
  return state_->sources++;
}

std::shared_ptr<const Memory> BlockCache::get(const Key& key, int64_t bytes, const std::function<void(void*)>& load) {
  State& s = *state_;
  std::unique_lock lock(s.mutex);
  while (true) {
    if (auto found = s.entries.find(key); found != s.entries.end()) {
      ++s.counts.hits;
      s.order.splice(s.order.end(), s.order, found->second.place);
      return found->second.block;
    }
    if (!s.loading.contains(key)) break;
    s.loaded.wait(lock);
  }
  s.loading.insert(key);
  ++s.counts.misses;
  s.make_room(bytes);
  lock.unlock();
  std::shared_ptr<Memory> block;
  try {
    block = std::make_shared<Memory>(bytes);
    load(block->data());
  } catch (...) {
    lock.lock();
    s.counts.bytes -= bytes;
    s.loading.erase(key);
    s.loaded.notify_all();
    throw;
  }
  lock.lock();
  s.loading.erase(key);
  s.entries[key] = {block, s.order.insert(s.order.end(), key)};
  s.loaded.notify_all();
  return block;
}

BlockCacheCounts BlockCache::counts() const {
  std::lock_guard lock(state_->mutex);
  return state_->counts;
}

int64_t BlockCache::limit_bytes() const { return state_->limit; }

}  // namespace tomograd
