#include "base/arena.h"

#include <gtest/gtest.h>

#include <atomic>

#include <cstring>
#include <map>
#include <thread>
#include <vector>

#include "base/memory.h"
#include "base/random.h"

namespace tomograd {
namespace {

TEST(Arena, BlocksNeverOverlapAndKeepWhatIsInThem) {
  Arena arena(int64_t{1} << 32);
  Random random(1, "arena");
  std::map<char*, std::pair<int64_t, char>> held;  // block -> bytes and what they were filled with
  for (int round = 0; round < 20000; ++round) {
    if (held.empty() || random.below(5) < 3) {
      int64_t bytes = 1 + random.below(round % 7 == 0 ? 3'000'000 : 20'000);
      auto* block = static_cast<char*>(arena.take(bytes));
      ASSERT_NE(block, nullptr);
      ASSERT_EQ(reinterpret_cast<uintptr_t>(block) % 64, 0u);
      auto above = held.lower_bound(block);
      if (above != held.end()) { ASSERT_LE(block + bytes, above->first); }
      if (above != held.begin()) { ASSERT_GE(block, std::prev(above)->first + std::prev(above)->second.first); }
      char mark = char(round);
      block[0] = mark, block[bytes - 1] = mark;
      held.emplace(block, std::pair{bytes, mark});
    } else {
      auto victim = std::next(held.begin(), random.below(int64_t(held.size())));
      ASSERT_EQ(victim->first[0], victim->second.second);
      ASSERT_EQ(victim->first[victim->second.first - 1], victim->second.second);
      ASSERT_TRUE(arena.give_back(victim->first));
      held.erase(victim);
    }
    if (held.size() > 200) {
      for (auto& [block, what] : held) arena.give_back(block);
      held.clear();
    }
  }
  for (auto& [block, what] : held) ASSERT_TRUE(arena.give_back(block));
  EXPECT_EQ(arena.bytes_in_use(), 0);
  arena.trim();
  EXPECT_EQ(arena.bytes_reached(), 0);
}

TEST(Arena, NeighboursAreJoinedAndTheBestFitIsTaken) {
  Arena arena(1 << 24);
  void *a = arena.take(100'000), *b = arena.take(100'000), *c = arena.take(50'000), *d = arena.take(300'000), *e = arena.take(64);
  int64_t reached = arena.bytes_reached();
  ASSERT_TRUE(arena.give_back(a) && arena.give_back(b) && arena.give_back(d));
  EXPECT_EQ(arena.take(190'000), a) << "two neighbours make one block, smaller than the third";
  EXPECT_EQ(arena.take(290'000), d);
  EXPECT_EQ(arena.bytes_reached(), reached);
  EXPECT_TRUE(arena.give_back(c) && arena.give_back(e));
}

TEST(Arena, StrangersAreRefusedAndTheEndIsSaid) {
  Arena arena(1 << 20);
  int stranger = 0;
  EXPECT_FALSE(arena.give_back(&stranger));
  EXPECT_EQ(arena.take(2 << 20), nullptr);
  void* block = arena.take(1000);
  EXPECT_TRUE(arena.give_back(block));
  EXPECT_FALSE(arena.give_back(block)) << "given back twice";
}

TEST(Arena, TrimReturnsPages) {
  constexpr int64_t bytes = int64_t{256} << 20;
  Arena arena(int64_t{1} << 30);
  int64_t before = process_resident_bytes();
  void *block = arena.take(bytes), *kept = arena.take(1000);
  std::memset(block, 1, size_t(bytes));
  std::memset(kept, 7, 1000);
  EXPECT_GT(process_resident_bytes() - before, bytes * 9 / 10);
  arena.give_back(block);
  EXPECT_GT(process_resident_bytes() - before, bytes * 9 / 10) << "kept for the next who asks";
  arena.trim();
  EXPECT_LT(process_resident_bytes() - before, bytes / 10);
  EXPECT_EQ(static_cast<char*>(kept)[999], 7);
  arena.give_back(kept);
}

TEST(Arena, ThreadsMayShareIt) {
  Arena arena(int64_t{1} << 32);
  std::vector<std::thread> threads;
  std::atomic<int> wrong{0};
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      Random random(2, "threads", 0, uint64_t(t));
      for (int round = 0; round < 2000; ++round) {
        int64_t bytes = 1 + random.below(100'000);
        auto* block = static_cast<char*>(arena.take(bytes));
        std::memset(block, t, size_t(bytes));
        for (int64_t i = 0; i < bytes; i += 997) wrong += block[i] != t;
        arena.give_back(block);
      }
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(arena.bytes_in_use(), 0);
}

}  // namespace
}  // namespace tomograd
