// The sub-commands of `experiment`, one function each.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/experiment_budget.h"
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
  std::string store;                             // run: address of a database; empty = a file in the folder
  std::vector<int64_t> trials;                   // retry: failed trials; empty = all
  ComputeOptions compute;
  std::string on = "local";
  Budget budget;                                 // its price: once with_price() has settled it
  std::optional<double> price;                   // of an hour of one worker
  std::string instance, currency;                // machine type of the catalogue instead; of the price
  std::string between;                           // hours of the day; empty = all
  std::string queue, listen = "127.0.0.1";       // of slurm
  int64_t gpus = 0, cpus = 0;                    // of each worker
  double hours = 0;
};
void experiment_run(const RunOptions& options, const Output& out);
void experiment_resume(const RunOptions& options, const Output& out);
void experiment_retry(const RunOptions& options, const Output& out);
void experiment_stop(const std::string& folder, const Output& out);

struct ExtendOptions {
  std::string folder;
  int64_t trials = 0, seeds = 0;                 // the new limits; 0 = as it is
};
void experiment_extend(const ExtendOptions& options, const Output& out);

struct ForkOptions {
  std::string folder, file;                      // from, and the spec to write
  std::vector<std::string> settings;
};
void experiment_fork(const ForkOptions& options, const Output& out);

struct NoteOptions {
  std::string folder, text;                      // empty text: show what there is
  int64_t trial = 0;                             // 0 = the whole experiment
};
void experiment_note(const NoteOptions& options, const Output& out);

void experiment_status(const std::string& folder, const Output& out);
void experiment_results(const std::string& folder, bool csv, const Output& out);
void experiment_report(const std::string& folder, const std::string& out_folder, const Output& out);

struct ExportOptions {
  std::string folder, format = "csv";            // csv, json or optuna
  std::string out;                               // file; empty = standard output
};
void experiment_export(const ExportOptions& options, const Output& out);

}  // namespace tomograd
