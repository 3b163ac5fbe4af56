// TrialStore in one SQLite file, for the workers of one host.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/clock.h"
#include "experiments/trial_store.h"

namespace tomograd {

struct SqliteOptions {
  bool create = false;                           // make the file when it is not there; else that is Error(input)
  double busy_seconds = 60;                      // how long a locked file is waited for
  // Seams for tests: the magic number of the file system that holds a folder, and the name of this boot of the machine
  // (leases count the monotonic clock, which starts anew with each boot, so a lease of another boot has run out).
  std::function<int64_t(const std::string& folder)> file_system_magic;
  std::string boot;
  bool migrate = true;                           // else a store of an older version is Error(input), and left as it is
};

// Rollback journal, all synced: an acknowledged result survives a kill and a power cut (sqlite_connection.h); no WAL, because
// SQLite before 3.51.3 can corrupt it. Error(input) for a network file system, a file that is no store of ours, is damaged,
// or was written by a newer version; one of an older version is brought to this one, whole or not at all.
std::unique_ptr<TrialStore> open_sqlite_store(const std::string& path, Clock& clock, const SqliteOptions& options = {});

// The sentence that refuses this file system, or "" when a store may live there.
std::string refused_file_system(int64_t magic);

}  // namespace tomograd
