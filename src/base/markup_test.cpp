#include "base/markup.h"

#include <gtest/gtest.h>

namespace tomograd {
namespace {

TEST(Markup, EscapesWhatMarkupIsMadeOf) {
  EXPECT_EQ(escaped_markup("a<b> & \"c\"\n'd'"), "a&lt;b&gt; &amp; &quot;c&quot;\n'd'");
  EXPECT_EQ(escaped_markup("&amp;"), "&amp;amp;");
}

TEST(Markup, CountsLettersAndNotBytes) {
  EXPECT_EQ(letter_count(""), 0u);
  EXPECT_EQ(letter_count("3 \u00b5m \u2212 \U0001F9E0"), 8u);
}

}  // namespace
}  // namespace tomograd
