// Memory for many large blocks of changing sizes that come and go, such as the tensors of a step: one range of addresses, best
// fit, neighbours joined when they are given back. What was given back stays with the process, so that the next step finds it
// without the system's help; trim() returns it. The general heap does the same worse: small blocks between large ones split it,
// and whole-volume prediction peaked a third higher.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <set>
#include <unordered_map>
#include <utility>

namespace tomograd {

class Arena {
 public:
  explicit Arena(int64_t address_bytes);         // addresses, not memory; fewer when the system refuses so many
  ~Arena();
  Arena(const Arena&) = delete;

  void* take(int64_t bytes);                     // 64-byte aligned, uninitialised; null when the addresses are used up
  bool give_back(void* block);                   // false when the block is none of this arena's
  void trim();                                   // free pages go back to the system
  int64_t bytes_in_use() const;
  int64_t bytes_reached() const;                 // from the first address to the end of the last block there was since trim()

 private:
  void add_free(int64_t begin, int64_t size);
  void remove_free(std::map<int64_t, int64_t>::iterator at);

  char* base_ = nullptr;
  int64_t limit_ = 0, top_ = 0, reached_ = 0, in_use_ = 0;  // [top_, limit_) was never taken, or is free again
  std::map<int64_t, int64_t> free_;              // begin -> size, below top_
  std::set<std::pair<int64_t, int64_t>> by_size_;  // (size, begin): best fit, the lowest of equals
  std::unordered_map<int64_t, int64_t> used_;    // begin -> size
  mutable std::mutex mutex_;
};

}  // namespace tomograd
