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
  // `bytes` of every rank, zeros. Called by all ranks; null on all of them where one cannot open what another has made.
  static std::unique_ptr<SharedMemory> make(RankGroup& group, int64_t bytes);
  ~SharedMemory();
  SharedMemory(const SharedMemory&) = delete;

  void* of(int64_t rank) const { return places_[size_t(rank)]; }  // of others: for reading only

 private:
  SharedMemory(int64_t bytes, int64_t ranks) : bytes_(bytes), places_(size_t(ranks), nullptr) {}
  int64_t bytes_;
  std::vector<void*> places_;
};

}  // namespace tomograd
