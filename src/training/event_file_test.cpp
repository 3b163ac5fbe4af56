#include "training/event_file.h"

#include <gtest/gtest.h>

namespace tomograd {

TEST(EventFile, Crc32cOfTheStandardVectors) {  // RFC 3720, B.4
  EXPECT_EQ(crc32c("123456789", 9), 0xE3069283u);
  unsigned char zeros[32] = {};
  EXPECT_EQ(crc32c(zeros, 32), 0x8A9136AAu);
}

}  // namespace tomograd
