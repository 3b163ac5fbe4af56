// What a cluster is asked to run. A job is one command line, or an array of them: `elements` copies that differ in a number
// alone, which the worker finds in TOMOGRAD_ELEMENT (0 .. elements-1) and in {element} of its arguments. The number is the
// same wherever the job runs: a scheduler that limits array indices gets several chunks with an offset each.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace tomograd {

struct JobResources {
  int64_t cpus = 1;                              // of each element
  int64_t memory_bytes = 0;                      // 0: the scheduler's default
  int64_t gpus = 0;
  int64_t seconds = 0;                           // time limit; 0: the queue's default
  std::string queue;                             // partition; empty: the default one
  std::string account;                           // empty: the user's default
};

// Elements of a job that wait for others. `ids` are chunk ids of an earlier Submission.
struct JobDependency {
  std::vector<std::string> ids;
  bool only_if_ok = true;                        // afterok, else afterany
};

struct Job {
  std::string uuid;                              // new_uuid(); recorded before the job is sent, so that it is never sent twice
  std::string name = "tomograd";                 // letters, digits, '.', '_', '-'
  std::vector<std::string> argv;                 // {element}, {elements} are replaced; any bytes but NUL
  std::string folder;                            // absolute; the worker starts there
  std::string logs;                              // absolute; NAME-*.log of each element, appended to by every restart
  std::vector<std::pair<std::string, std::string>> environment;  // on top of the submitter's
  JobResources resources;
  int64_t elements = 1;
  std::vector<int64_t> only;                     // ascending; these elements alone (a retry); empty: all
  int64_t at_once = 0;                           // elements that run at the same time, over all chunks; 0: no limit
  std::vector<JobDependency> after;
  // USR1 reaches the worker this long before its time limit (0: never), and an element's lifetime ends (TOMOGRAD_LIFETIME_SECONDS: a
  // worker takes up nothing new after it) up to `stagger` earlier, spread over the elements, so that they do not all end
  // and start again in the same minute.
  int64_t notice_seconds = 120;
  int64_t stagger_seconds = 0;
};

constexpr int64_t most_elements = 100'000'000;

// Error(input) naming the field, its value and what would be right.
void check_job(const Job& job);

std::string new_uuid();                          // version 4, from the system's entropy

enum class JobState : unsigned char { unknown, pending, running, complete, failed, preempted, requeued, timed_out, node_failure, cancelled };
const char* job_state_name(JobState state);      // "timed out"
// No more will come of it unless it is requeued or sent again. `unknown` is not ended, and never means success.
bool has_ended(JobState state);

// Seconds after its start at which an element takes up nothing new; 0: no limit. Golden-ratio hashing spreads neighbouring
// elements, which start together, evenly over the stagger, whatever its length.
int64_t lifetime_seconds(const Job& job, int64_t element);
constexpr int64_t stagger_step = 2654435769, stagger_modulus = int64_t{1} << 32;

// One argument with its placeholders replaced.
std::string with_element(std::string argument, int64_t element, int64_t elements);

}  // namespace tomograd
