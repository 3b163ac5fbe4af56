#include "base/parallel.h"

#include <sched.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <exception>
#include <fstream>
#include <mutex>
#include <thread>
#include <vector>

#include "base/error.h"

namespace tomograd {

int available_threads() {
  cpu_set_t set;
  CPU_ZERO(&set);
  int count = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : int(std::thread::hardware_concurrency());
  std::ifstream quota_file("/sys/fs/cgroup/cpu.max");
  double quota = 0, period = 0;
  if (quota_file >> quota >> period && quota > 0 && period > 0) count = std::min(count, std::max(1, int(quota / period)));
  return std::max(1, count);
}

struct ThreadPool::State {
  std::vector<std::thread> threads;
  std::mutex mutex;
  std::condition_variable wake, finished;
  const std::function<void(int64_t)>* body = nullptr;
  int64_t count = 0;
  uint64_t round = 0;
  int busy = 0;
  bool ending = false;
  std::atomic<int64_t> next{0};
  std::exception_ptr error;

  void work() {
    for (int64_t i; (i = next.fetch_add(1)) < count;) {
      try {
        (*body)(i);
      } catch (...) {
        std::lock_guard lock(mutex);
        if (!error) error = std::current_exception();
        next = count;
      }
    }
  }

  void loop() {
    uint64_t seen = 0;
    std::unique_lock lock(mutex);
    while (true) {
      wake.wait(lock, [&] { return ending || round != seen; });
      if (ending) return;
      seen = round;
      lock.unlock();
      work();
      lock.lock();
      if (--busy == 0) finished.notify_one();
    }
  }
};

ThreadPool::ThreadPool(int threads) : state_(std::make_unique<State>()) {
  for (int i = 1; i < std::max(1, threads); ++i) state_->threads.emplace_back([this] { state_->loop(); });
}

ThreadPool::~ThreadPool() {
  {
    std::lock_guard lock(state_->mutex);
    state_->ending = true;
  }
  state_->wake.notify_all();
  for (auto& thread : state_->threads) thread.join();
}

int ThreadPool::threads() const { return int(state_->threads.size()) + 1; }

void ThreadPool::for_each(int64_t count, const std::function<void(int64_t)>& body) {
  if (count <= 0) return;
  State& s = *state_;
  {
    std::lock_guard lock(s.mutex);
    s.body = &body;
    s.count = count;
    s.next = 0;
    s.error = nullptr;
    s.busy = int(s.threads.size());
    ++s.round;
  }
  s.wake.notify_all();
  s.work();
  std::unique_lock lock(s.mutex);
  s.finished.wait(lock, [&] { return s.busy == 0; });
  if (s.error) std::rethrow_exception(std::exchange(s.error, nullptr));
}

void throw_if_stopped(const std::stop_token& stop) {
  if (stop.stop_requested()) fail(ErrorKind::stopped, "stopped on request");
}

}  // namespace tomograd
