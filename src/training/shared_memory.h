// Memory of each rank that the others on the same host can read: nameless (memfd_create), so nothing is left behind, however the
// ranks end.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "training/rank_group.h"

namespace tomograd {

class SharedMemory {
 public:
  // `bytes` of every rank. Called by all ranks; null on all of them where one cannot open what another has made.
  static std::unique_ptr<SharedMemory> make(RankGroup& group, int64_t bytes);
  ~SharedMemory();
  SharedMemory(const SharedMemory&) = delete;

  int process_of(int64_t rank) const { return processes_[size_t(rank)]; }
  void* of(int64_t rank) const { return places_[size_t(rank)]; }  // of others: for reading only

 private:
  SharedMemory(int64_t bytes, int64_t ranks) : bytes_(bytes), places_(size_t(ranks), nullptr), processes_(size_t(ranks), 0) {}
  int64_t bytes_;
  std::vector<void*> places_;
  std::vector<int> processes_;
};

}  // namespace tomograd
