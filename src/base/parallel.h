// Our own thread pool; no OpenMP of ours. Results never depend on the number of threads: work is cut into pieces whose
// bounds are constants of the problem, and pieces never share an accumulator.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <stop_token>

namespace tomograd {

// Threads the machine offers this process (affinity and cgroup respected), at least 1.
int available_threads();

class ThreadPool {
 public:
  explicit ThreadPool(int threads);  // threads >= 1; the calling thread counts as one of them
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;

  int threads() const;

  // Calls body(i) for every i in [0, count), in any order, on all threads, and returns when all are done.
  // The first exception is rethrown here after the others have finished. Not to be called from inside a body.
  void for_each(int64_t count, const std::function<void(int64_t)>& body);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Throws Error(stopped) when a stop was requested; called at step, tile and block boundaries.
void throw_if_stopped(const std::stop_token& stop);

}  // namespace tomograd
