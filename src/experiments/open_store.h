// A store by its address: a path (SQLite file), http://host:port/ (a store that another host serves), or
// postgresql://user@host/database?schema=NAME (one schema an experiment).
#pragma once

#include <memory>
#include <string>

#include "base/clock.h"
#include "experiments/trial_store.h"

namespace tomograd {

struct StoreOptions {
  bool create = false;                           // make the file or the schema when it is not there; no effect on http
  std::string token;                             // of http
  double patience_seconds = 60;                  // how long a locked file or an absent server is waited for
  bool migrate = true;                           // bring a store of an older version to this one; else it is Error(input)
};

std::unique_ptr<TrialStore> open_trial_store(const std::string& address, Clock& clock, const StoreOptions& options = {});

bool is_store_address(const std::string& address);  // false = a path

}  // namespace tomograd
