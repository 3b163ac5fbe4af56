#include "base/range_cache.h"

namespace tomograd {

RangeCache::Part RangeCache::find(const std::string& file, int64_t number) {
  std::lock_guard lock(mutex_);
  auto found = entries_.find({file, number});
  if (found == entries_.end()) return nullptr;
  order_.splice(order_.end(), order_, found->second.place);
  return found->second.part;
}

void RangeCache::put(const std::string& file, int64_t number, Part part) {
  std::lock_guard lock(mutex_);
  if (part->bytes() > most_bytes_) return;
  Key key{file, number};
  if (auto old = entries_.find(key); old != entries_.end()) bytes_ -= old->second.part->bytes(), order_.erase(old->second.place), entries_.erase(old);
  bytes_ += part->bytes();
  entries_[key] = {std::move(part), order_.insert(order_.end(), key)};
  while (bytes_ > most_bytes_) {
    auto oldest = entries_.find(order_.front());
    bytes_ -= oldest->second.part->bytes();
    entries_.erase(oldest);
    order_.pop_front();
  }
}

int64_t RangeCache::bytes() const {
  std::lock_guard lock(mutex_);
  return bytes_;
}

}  // namespace tomograd
