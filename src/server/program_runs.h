// What the page starts: this program itself, as a process of its own. Experiments go on when the server ends (they have a session of their
// own and a store that survives anything); short questions, such as a plan, are waited for. No shell is involved, and no file is left: a
// process writes into memory that it shares with us.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "base/clock.h"
#include "spec/value.h"

namespace tomograd {

struct ProgramAnswer {
  int exit_code = 0;                             // 128 + signal where one ended it
  std::string output, talk;                      // stdout and stderr, the last part of them
};

class ProgramRuns {                              // thread-safe
 public:
  ProgramRuns(std::string program, Clock& clock) : program_(std::move(program)), clock_(clock) {}
  ~ProgramRuns();

  // Error(failure): it cannot be started, or has not ended in time and was killed. Error(conflict): most_asked are waited for already.
  ProgramAnswer ask(const std::vector<std::string>& arguments, double most_seconds);

  // Starts and returns at once; an element of /api/jobs. kind: run, resume, retry; experiment: id or "". Error(conflict): one with the
  // same `place` is running.
  Value start(const std::string& kind, const std::string& experiment, const std::string& name, const std::string& place, const std::vector<std::string>& arguments);
  Value::List jobs();                            // newest first
  Value::List jobs_of(const std::string& experiment);
  int64_t changes();                             // grows whenever a job starts or ends
  std::function<std::string(std::string)> mask;  // of what processes say
  static constexpr int most_asked = 3;           // so that there are threads left for the rest of the page

 private:
  struct Job {
    int64_t number = 0;
    std::string kind, experiment, name, place;
    pid_t process = -1;                          // -1 = ended
    int output = -1;
    int exit_code = 0;
    int64_t started = 0, ended = 0;
    std::string said;                            // once it has ended
  };
  pid_t launch(const std::vector<std::string>& arguments, int out, int err);
  void reap();
  Value value_of(const Job& job) const;

  const std::string program_;
  Clock& clock_;
  std::mutex mutex_;
  std::atomic<int> asked_{0};
  int64_t changes_ = 0, numbers_ = 0;
  std::vector<Job> jobs_;
};

}  // namespace tomograd
