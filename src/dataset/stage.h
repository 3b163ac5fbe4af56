// Copies what a job needs to where it runs: a dataset with all its files, a store, a run folder, a file. Each file is published
// whole with its digest, in the copy's stage.json; a copy that was cut short goes on, and what is there already is left as it is.
#pragma once

#include <functional>
#include <stop_token>
#include <string>

#include "base/env.h"

namespace tomograd {

struct StageOptions {
  bool verify = false;                           // read again what is there already, and copy it again where it is damaged
  std::stop_token stop;
  std::function<void(int64_t done_bytes, int64_t all_bytes)> progress;
};

struct StageReport {
  int64_t files = 0, bytes = 0;                  // of the whole
  int64_t copied_files = 0, copied_bytes = 0;    // now
  std::string entry;                             // what to give the other verbs: the copy's dataset.json, folder or file
};

// `from`: a dataset.json (files go to INTO/<case>/), a folder (with all below it, names that begin with a dot left out) or a file.
// Error(budget) when the disk has less room than what is still to be copied, before anything is; Error(stopped) between files.
StageReport stage(Env& env, const std::string& from, const std::string& into, const StageOptions& options = {});

}  // namespace tomograd
