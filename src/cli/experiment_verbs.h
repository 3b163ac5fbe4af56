// The sub-commands of `experiment`, one function each.
#pragma once

#include <string>
#include <vector>

#include "cli/verb.h"

namespace tomograd {

struct NewOptions {
  std::string file, data, run, name, out;
  std::vector<std::string> channels, settings;
  double minutes = 0;
  int64_t workers = 1, seeds = 1, folds = 0;
};
void experiment_new(const NewOptions& options, const Output& out);

struct RunOptions {
  std::string place;                             // EXPERIMENT.toml for run, DIR for resume
  bool resume = false;
  bool list_settings = false;                    // run: instead of running
  int64_t workers = 0;                           // 0 = as the spec says
  std::vector<std::string> settings;             // run: --set
  std::vector<int64_t> trials;                   // retry: failed trials; empty = all
  ComputeOptions compute;
};
void experiment_run(const RunOptions& options, const Output& out);
void experiment_resume(const RunOptions& options, const Output& out);
void experiment_retry(const RunOptions& options, const Output& out);
void experiment_stop(const std::string& folder, const Output& out);

void experiment_status(const std::string& folder, const Output& out);
void experiment_results(const std::string& folder, bool csv, const Output& out);
void experiment_report(const std::string& folder, const std::string& out_folder, const Output& out);

}  // namespace tomograd
