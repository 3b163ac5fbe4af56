// How often SQLite makes the disk sync, and how long that takes: what a transaction costs is hardly anything else.
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
  double seconds() const;                        // in syncs of files, of all threads together
};

}  // namespace tomograd
