#include "base/range_cache.h"

#include <gtest/gtest.h>

namespace tomograd {
namespace {

TEST(RangeCache, KeepsTheLastUsedWithinItsBound) {
  RangeCache cache(1000);
  auto part = [](int64_t bytes) { return std::make_shared<const Memory>(bytes); };
  int64_t before = counted_bytes();
  for (int64_t i = 0; i < 5; ++i) cache.put("a", i, part(200));
  EXPECT_NE(cache.find("a", 0), nullptr);        // now the last used
  cache.put("b", 0, part(300));                  // 1 and 2 go
  EXPECT_NE(cache.find("a", 0), nullptr);
  EXPECT_EQ(cache.find("a", 1), nullptr);
  EXPECT_EQ(cache.find("a", 2), nullptr);
  EXPECT_NE(cache.find("a", 3), nullptr);
  EXPECT_NE(cache.find("b", 0), nullptr);
  EXPECT_EQ(cache.bytes(), 900);
  EXPECT_EQ(counted_bytes() - before, 900);
  cache.put("b", 0, part(100));                  // in place of the other
  EXPECT_EQ(cache.bytes(), 700);
  auto held = cache.find("a", 3);
  cache.put("c", 0, part(1000));
  EXPECT_EQ(cache.bytes(), 1000);
  EXPECT_EQ(held->bytes(), 200);                 // who holds it goes on
  cache.put("c", 1, part(1001));
  EXPECT_EQ(cache.find("c", 1), nullptr);
}

}  // namespace
}  // namespace tomograd
