#include "base/error.h"

#include <gtest/gtest.h>

namespace tomograd {

TEST(Error, LongMessagesKeepTheirEnds) {
  Error error(ErrorKind::input, "the key '" + std::string(100000, 'k') + "' is unknown");
  EXPECT_LT(error.message().size(), 2200u);
  EXPECT_EQ(error.message().substr(0, 12), "the key 'kkk");
  EXPECT_EQ(error.message().substr(error.message().size() - 12), "' is unknown");
  EXPECT_NE(error.message().find("bytes left out"), std::string::npos);
  error.add_context("reading " + std::string(100000, 'p'));
  EXPECT_LT(std::string(error.what()).size(), 4500u);
  std::string just_fits(2000, 'x');
  EXPECT_EQ(Error(ErrorKind::input, just_fits).message(), just_fits);
}

TEST(Error, TheCutFallsBetweenCharacters) {
  for (int shift = 0; shift < 3; ++shift) {
    std::string message(size_t(shift), 'x');
    for (int i = 0; i < 3000; ++i) message += "\xE2\x82\xAC";  // the euro sign: three bytes
    std::string kept = Error(ErrorKind::input, message).message();
    size_t cut = kept.find(" ... ("), rest = kept.find(") ... ");
    ASSERT_NE(cut, std::string::npos);
    EXPECT_EQ((cut - size_t(shift)) % 3, 0u);
    EXPECT_EQ(kept[rest + 6], '\xE2');
  }
}

TEST(Error, ControlCharactersAreShownAndNotObeyed) {
  Error error(ErrorKind::input, std::string("the name is '\x1b[31m\0\x7f\r'", 22), "first line\nsecond\tline");
  EXPECT_EQ(error.message(), "the name is '\\x1B[31m\\x00\\x7F\\x0D'");
  EXPECT_EQ(error.hint(), "first line\nsecond\tline");
  EXPECT_EQ(Error(ErrorKind::input, "x").add_context("file \x1b").context().at(0), "file \\x1B");
}

}  // namespace tomograd
