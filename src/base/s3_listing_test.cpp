#include "base/s3_listing.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace tomograd {
namespace {

TEST(S3Listing, ReadsAPage) {
  S3Listing page = parse_s3_listing(
      "<?xml version=\"1.0\"?>\n<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Name>b</Name><Prefix>x/</Prefix><IsTruncated>true</IsTruncated>"
      "<NextContinuationToken>a&amp;b==</NextContinuationToken>"
      "<Contents><Key>x/a &lt;&#252;&#x5c42;&unknown; &amp;lt; b</Key><ETag>&quot;12-3&quot;</ETag><Size>123456789012</Size></Contents>"
      "<Contents><Size>0</Size><Key>x/b</Key></Contents>"
      "<CommonPrefixes><Prefix>x/deep/</Prefix></CommonPrefixes></ListBucketResult>");
  ASSERT_EQ(page.objects.size(), 2u);
  EXPECT_EQ(page.objects[0].key, "x/a <ü层&unknown; &lt; b");
  EXPECT_EQ(page.objects[0].etag, "\"12-3\"");
  EXPECT_EQ(page.objects[0].bytes, 123456789012);
  EXPECT_EQ(page.objects[1].key, "x/b");
  EXPECT_EQ(page.prefixes, std::vector<std::string>{"x/deep/"});  // the page's own prefix is none of them
  EXPECT_EQ(page.next, "a&b==");
}

TEST(S3Listing, RefusesWhatIsNone) {
  for (const char* xml : {"", "<html></html>", "<ListBucketResult>", "<ListBucketResult><Contents><Key>a</Key><Size>-1</Size></Contents></ListBucketResult>",
                          "<ListBucketResult><Contents><Key>a</Key></Contents></ListBucketResult>", "<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>"})
    EXPECT_THROW(parse_s3_listing(xml), Error) << xml;
}

TEST(S3Listing, SaysWhyS3Refuses) {
  EXPECT_EQ(s3_refusal("<Error><Code>NoSuchKey</Code><Message>It &quot;is&quot; not there.</Message><Key>x</Key></Error>"), "NoSuchKey: It \"is\" not there.");
  EXPECT_EQ(s3_refusal("<html>Forbidden</html>"), "");
  EXPECT_EQ(s3_refusal("<Error><Code>A</Code><Message>" + std::string(5000, 'm') + "</Message></Error>").size(), 303u);
}

}  // namespace
}  // namespace tomograd
