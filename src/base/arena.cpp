#include "base/arena.h"

#include <sys/mman.h>

#include <algorithm>

namespace tomograd {
namespace {

constexpr int64_t line = 64, page = 4096;
// Behind each block, so that tensors of 2^k bytes do not all begin at the same place of a page: their loads and stores would
// collide in the first-level cache.
constexpr int64_t gap = 3 * line;

int64_t up(int64_t v, int64_t to) { return (v + to - 1) / to * to; }

}  // namespace

Arena::Arena(int64_t address_bytes) {
  for (limit_ = up(address_bytes, page); limit_ >= page; limit_ = up(limit_ / 4, page)) {
    void* range = ::mmap(nullptr, size_t(limit_), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (range != MAP_FAILED) {
      base_ = static_cast<char*>(range);
      ::madvise(base_, size_t(limit_), MADV_HUGEPAGE);
      return;
    }
    if (limit_ == page) break;
  }
  limit_ = 0;
}

Arena::~Arena() {
  if (base_) ::munmap(base_, size_t(limit_));
}

void Arena::add_free(int64_t begin, int64_t size) {
  free_.emplace(begin, size);
  by_size_.emplace(size, begin);
}

void Arena::remove_free(std::map<int64_t, int64_t>::iterator at) {
  by_size_.erase({at->second, at->first});
  free_.erase(at);
}

void* Arena::take(int64_t bytes) {
  std::lock_guard lock(mutex_);
  int64_t size = up(std::max<int64_t>(bytes, 1), line) + gap, begin;
  if (auto fit = by_size_.lower_bound({size, 0}); fit != by_size_.end()) {
    begin = fit->second;
    int64_t rest = fit->first - size;
    remove_free(free_.find(begin));
    if (rest > 0) add_free(begin + size, rest);
  } else {
    if (limit_ - top_ < size) return nullptr;
    begin = top_;
    top_ += size;
    reached_ = std::max(reached_, top_);
  }
  used_.emplace(begin, size);
  in_use_ += size;
  return base_ + begin;
}

bool Arena::give_back(void* block) {
  auto* at = static_cast<char*>(block);
  if (!base_ || at < base_ || at >= base_ + limit_) return false;
  std::lock_guard lock(mutex_);
  auto found = used_.find(at - base_);
  if (found == used_.end()) return false;
  int64_t begin = found->first, size = found->second;
  used_.erase(found);
  in_use_ -= size;
  auto next = free_.lower_bound(begin);
  if (next != free_.end() && next->first == begin + size) {
    size += next->second;
    remove_free(next);
  }
  if (auto before = free_.lower_bound(begin); before != free_.begin()) {
    --before;
    if (before->first + before->second == begin) {
      begin = before->first, size += before->second;
      remove_free(before);
    }
  }
  if (begin + size == top_) top_ = begin;
  else add_free(begin, size);
  return true;
}

void Arena::trim() {
  std::lock_guard lock(mutex_);
  auto release = [&](int64_t begin, int64_t end) {
    begin = up(begin, page), end = end / page * page;
    if (end > begin) ::madvise(base_ + begin, size_t(end - begin), MADV_DONTNEED);
  };
  for (const auto& [begin, size] : free_) release(begin, begin + size);
  release(top_, up(reached_, page));
  reached_ = top_;
}

int64_t Arena::bytes_in_use() const {
  std::lock_guard lock(mutex_);
  return in_use_;
}

int64_t Arena::bytes_reached() const {
  std::lock_guard lock(mutex_);
  return reached_;
}

}  // namespace tomograd
