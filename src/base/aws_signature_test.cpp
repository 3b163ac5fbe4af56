#include "base/aws_signature.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "base/remote_address.h"

namespace tomograd {
namespace {

const AwsCredentials manual{"AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", ""};
constexpr int64_t manual_time = 1369353600;      // 2013-05-24T00:00:00Z

std::string value_of(const NamedTexts& headers, const std::string& name) {
  for (const auto& [key, value] : headers)
    if (key == name) return value;
  return {};
}

std::string signature(const AwsRequest& request) {
  std::string line = value_of(aws_signed_headers(request, manual, "us-east-1", manual_time), "authorization");
  return line.substr(line.find("Signature=") + 10);
}

// The examples of the manual of S3, "Authenticating Requests: Using the Authorization Header".
TEST(AwsSignature, GivesTheManualsExamples) {
  AwsRequest object{"GET", "examplebucket.s3.amazonaws.com", "/test.txt", {}, {{"range", "bytes=0-9"}}};
  EXPECT_EQ(signature(object), "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
  EXPECT_EQ(signature({"GET", "examplebucket.s3.amazonaws.com", "/", {{"lifecycle", ""}}, {}}), "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543");
  EXPECT_EQ(signature({"GET", "examplebucket.s3.amazonaws.com", "/", {{"prefix", "J"}, {"max-keys", "2"}}, {}}), "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7");
  NamedTexts headers = aws_signed_headers(object, manual, "us-east-1", manual_time);
  EXPECT_EQ(value_of(headers, "x-amz-date"), "20130524T000000Z");
  EXPECT_EQ(value_of(headers, "x-amz-content-sha256"), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_TRUE(value_of(headers, "authorization").starts_with("AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, SignedHeaders=host;range;x-amz-content-sha256;x-amz-date, Signature="));
  EXPECT_EQ(value_of(headers, "x-amz-security-token"), "");
}

TEST(AwsSignature, AgreesWithBotocore) {
  std::ifstream in(TOMOGRAD_SOURCE_DIR "/tests/golden/s3/signatures.txt");
  int cases = 0;
  for (std::string line; std::getline(in, line); ++cases) {
    std::vector<std::string> parts;
    std::istringstream cells(line);
    for (std::string cell; std::getline(cells, cell, '\t');) parts.push_back(cell);
    ASSERT_EQ(parts.size(), 10u);
    AwsRequest request{parts[3], parts[4], "/" + percent_encoded(parts[5], true), {}, {}};
    std::istringstream query(parts[6]);
    for (std::string one; std::getline(query, one, '&');) request.query.push_back({one.substr(0, one.find('=')), one.substr(one.find('=') + 1)});
    AwsCredentials credentials = manual;
    if (parts[7] != "-") credentials.session_token = parts[7];
    EXPECT_EQ(request.path + (request.query.empty() ? "" : "?" + aws_query(request.query)), parts[8]) << parts[0];
    NamedTexts headers = aws_signed_headers(request, credentials, parts[2], std::stoll(parts[1]));
    EXPECT_EQ(value_of(headers, "authorization"), parts[9]) << parts[0];
    EXPECT_EQ(value_of(headers, "x-amz-security-token"), credentials.session_token);
  }
  EXPECT_EQ(cases, 7);
}

}  // namespace
}  // namespace tomograd
