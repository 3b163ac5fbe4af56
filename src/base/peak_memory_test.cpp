#include "base/peak_memory.h"

#include <gtest/gtest.h>

#include "base/memory.h"

namespace tomograd {

TEST(PeakMemory, IsCountedAnewFromWhatIsResident) {
  constexpr int64_t size = 64 << 20;
  { Buffer<char> large(size, 'x'); }
  int64_t before = process_peak_bytes();
  if (!restart_peak_bytes()) GTEST_SKIP() << "this kernel keeps the peak of the whole process";
  EXPECT_LT(process_peak_bytes(), before);
  int64_t restarted = process_peak_bytes();
  { Buffer<char> again(size, 'x'); }
  EXPECT_GE(process_peak_bytes(), restarted + size / 2);  // part of it may lie in memory that was resident already
}

}  // namespace tomograd
