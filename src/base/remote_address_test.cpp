#include "base/remote_address.h"

#include <gtest/gtest.h>

#include "base/env.h"
#include "base/error.h"

namespace tomograd {
namespace {

std::string refusal(const std::string& path) {
  try {
    parse_remote_address(path);
  } catch (const Error& error) {
    return error.kind() == ErrorKind::input ? error.what() : "another kind";
  }
  return "";
}

TEST(RemoteAddress, TakesBucketsKeysAndUrls) {
  RemoteAddress s3 = parse_remote_address("s3://bucket-1/a b/c#1?.zarr//");
  EXPECT_TRUE(s3.s3());
  EXPECT_EQ(s3.bucket, "bucket-1");
  EXPECT_EQ(s3.key, "a b/c#1?.zarr");
  EXPECT_EQ(parse_remote_address("s3://abc").key, "");
  EXPECT_EQ(parse_remote_address("https://host:80/a%20b/Größe c/").url, "https://host:80/a%20b/Gr%C3%B6%C3%9Fe%20c");
  EXPECT_EQ(parse_remote_address("http://host").url, "http://host/");
  EXPECT_EQ(parse_remote_address("http://host/a#part").url, "http://host/a");
  EXPECT_EQ(percent_encoded("a/b~ü", true), "a/b~%C3%BC");
  EXPECT_EQ(percent_encoded("a/b", false), "a%2Fb");
  for (const char* local : {"s3:/x", "/http://x", "http:", "ftp://x/y", "S3://b/k"}) EXPECT_FALSE(is_remote(local)) << local;
}

TEST(RemoteAddress, RefusesWhatIsSecretWithoutShowingIt) {
  for (const char* path : {"http://joe:hush@host/x", "https://hush@host/x", "s3://hush@bucket/x", "https://host/x.nii.gz?X-Amz-Signature=hush"}) {
    std::string said = refusal(path);
    EXPECT_NE(said, "") << path;
    EXPECT_EQ(said.find("hush"), std::string::npos) << said;
  }
  EXPECT_NE(refusal("https://host/x.nii.gz?a=b").find("'https://host/x.nii.gz' goes on with a query"), std::string::npos);
  for (const char* path : {"s3://", "s3://ab/x", "s3:///x", "s3://evil.com:80/x", "s3://a b/x", "http:///x", "s3://.../x"}) EXPECT_NE(refusal(path), "") << path;
}

TEST(RemoteAddress, PathsOfAddressesStayAddresses) {
  EXPECT_EQ(join_path("s3://bucket/a.zarr", "s0/c/0"), "s3://bucket/a.zarr/s0/c/0");
  EXPECT_EQ(join_path("https://host/a.zarr/", "zarr.json"), "https://host/a.zarr/zarr.json");
  EXPECT_EQ(join_path("/data", "s3://bucket/x"), "s3://bucket/x");
  EXPECT_EQ(parent_path("s3://bucket/a/b"), "s3://bucket/a");
  EXPECT_EQ(parent_path("s3://bucket"), "s3://bucket");
  EXPECT_EQ(parent_path("s3://bucket/a"), "s3://bucket");
  EXPECT_EQ(file_name("https://host/a/b.nii.gz"), "b.nii.gz");
  EXPECT_EQ(absolute_path("http://host//a/../b"), "http://host//a/../b");
  EXPECT_EQ(relative_path("s3://bucket/x", "/data"), "s3://bucket/x");
}

}  // namespace
}  // namespace tomograd
