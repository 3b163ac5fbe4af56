// What squeue, sacct and scontrol print, as records; pure functions of the text. Lines that are none of theirs are passed over:
// a message of the day or a warning in between must not hide the rest.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "cluster/job.h"

namespace tomograd {

struct SlurmRecord {
  std::string job;                               // id of the array, or of the job when it is none
  std::vector<std::pair<int64_t, int64_t>> indices;  // first and last; {{0, 0}} for a job that is no array
  JobState state = JobState::unknown;
  std::string reason;                            // of the controller or from the exit code; may be empty
};

// "PENDING", "CANCELLED by 1000", "OUT_OF_MEMORY" ...; words of later versions are `unknown`.
JobState slurm_state(const std::string& word);

// "5", "[0-3,7,9-11%2]", "1-9:4" -> ranges; empty when it is nothing of the kind.
std::vector<std::pair<int64_t, int64_t>> array_indices(const std::string& expression);

constexpr const char* squeue_format = "%F|%K|%T|%r";
std::vector<SlurmRecord> parse_squeue(const std::string& text);            // of squeue_format
constexpr const char* sacct_format = "JobID,State,ExitCode";
std::vector<SlurmRecord> parse_sacct(const std::string& text);             // -P of sacct_format
std::vector<SlurmRecord> parse_scontrol_jobs(const std::string& text);     // scontrol -o show job

int64_t parse_max_array_size(const std::string& config);                   // of scontrol show config; -1: not said
std::string parse_job_id(const std::string& answer);                       // of sbatch --parsable; empty: none

}  // namespace tomograd
