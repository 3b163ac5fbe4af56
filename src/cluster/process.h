// A short command and its answer: argv without a shell, a time limit, bounded output. Used for sbatch, squeue, sacct, scontrol
// and scancel, which may hang for minutes when their controller does not answer.
#pragma once

#include <cstdint>
#include <stop_token>
#include <string>
#include <vector>

namespace tomograd {

struct Command {
  std::vector<std::string> argv;                 // argv[0] is looked for on the PATH
  std::vector<std::string> environment;          // "NAME=value" on top of ours
  std::vector<std::string> without;              // names of variables of ours that it does not get
  double seconds = 60;                           // then it and what it started are killed
  std::stop_token stop = {};                     // ends it as the time limit does
  int64_t output_limit = int64_t{64} << 20;      // bytes kept of each of its outputs; the rest is read and dropped
};

struct CommandAnswer {
  bool found = true;                             // false: there is no such program
  bool timed_out = false;                        // or stopped
  bool cut = false;                              // output beyond the limit was dropped
  int exit_code = -1;                            // -1: killed by `signal`, timed out, or not found
  int signal = 0;
  std::string out, err;
  bool ok() const { return found && !timed_out && exit_code == 0; }
};

// Error(failure) when the system has no process or pipe left.
CommandAnswer run_command(const Command& command);

// "'sbatch' ended with exit code 1: Invalid partition", on one line.
std::string describe(const Command& command, const CommandAnswer& answer);

}  // namespace tomograd
