// How often SQLite makes the disk sync: what a transaction costs is that number times the time of one.
#pragma once

#include <cstdint>

namespace tomograd {

// While it lives, connections that are opened count the syncs of their files and folders. One at a time.
class CountedSyncs {
 public:
  CountedSyncs();
  ~CountedSyncs();
  CountedSyncs(const CountedSyncs&) = delete;
  int64_t count() const;
};

}  // namespace tomograd
