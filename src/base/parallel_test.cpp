#include "base/parallel.h"

#include <gtest/gtest.h>

#include <atomic>
#include <vector>

#include "base/error.h"
#include "base/memory.h"

namespace tomograd {

TEST(ThreadPool, EveryIndexOnceForAnyThreadCount) {
  for (int threads : {1, 2, 5}) {
    ThreadPool pool(threads);
    for (int64_t count : {0, 1, 3, 1000}) {
      std::vector<std::atomic<int>> seen(static_cast<size_t>(count));
      pool.for_each(count, [&](int64_t i) { ++seen[size_t(i)]; });
      for (auto& times : seen) EXPECT_EQ(times, 1);
    }
  }
}

TEST(ThreadPool, AnExceptionReachesTheCallerAndThePoolLivesOn) {
  ThreadPool pool(3);
  EXPECT_THROW(pool.for_each(100, [](int64_t i) { if (i == 7) fail_input("seven"); }), Error);
  std::atomic<int> done{0};
  pool.for_each(10, [&](int64_t) { ++done; });
  EXPECT_EQ(done, 10);
}

TEST(Memory, CountsAndKeepsTheBudget) {
  int64_t before = counted_bytes();
  {
    Buffer<float> buffer(1000);
    EXPECT_EQ(counted_bytes(), before + 4000);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(buffer.data()) % 64, 0u);
    set_memory_budget(before + 5000);
    EXPECT_THROW(Buffer<float>(1000), Error);
    Buffer<float> moved = std::move(buffer);
    EXPECT_EQ(counted_bytes(), before + 4000);
  }
  set_memory_budget(0);
  EXPECT_EQ(counted_bytes(), before);
  EXPECT_EQ(bytes_text(1250000000), "1.25 GB");
}

}  // namespace tomograd
