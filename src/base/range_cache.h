// Parts of files far away that were fetched and are kept for the next who asks: bounded in bytes, the least recently used go first.
#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "base/memory.h"

namespace tomograd {

class RangeCache {                               // thread-safe
 public:
  using Part = std::shared_ptr<const Memory>;
  explicit RangeCache(int64_t most_bytes) : most_bytes_(most_bytes) {}

  Part find(const std::string& file, int64_t number);  // null: not kept
  void put(const std::string& file, int64_t number, Part part);  // one that is larger than the bound is not kept
  int64_t bytes() const;

 private:
  using Key = std::pair<std::string, int64_t>;
  struct Entry { Part part; std::list<Key>::iterator place; };
  mutable std::mutex mutex_;
  int64_t most_bytes_, bytes_ = 0;
  std::map<Key, Entry> entries_;
  std::list<Key> order_;                         // least recently used first
};

}  // namespace tomograd
