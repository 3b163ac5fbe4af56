// Signature Version 4 of AWS for S3: what proves a request's sender without sending the secret. A pure function, tested against the
// examples of the S3 manual ("Signature Calculations for the Authorization Header") and against botocore.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace tomograd {

using NamedTexts = std::vector<std::pair<std::string, std::string>>;

struct AwsCredentials {
  std::string access_key, secret_key, session_token;  // the last only of temporary ones
  bool given() const { return !access_key.empty(); }
};

struct AwsRequest {                              // without a body
  std::string method = "GET", host;
  std::string path = "/";                        // percent-encoded
  NamedTexts query;                              // neither encoded nor sorted
  NamedTexts headers;                            // that are signed beside host and x-amz-*; names in small letters
};

// "a=1&b=%2F": sorted and encoded, as it must stand in the URL too.
std::string aws_query(NamedTexts query);

// The headers to send: x-amz-date, x-amz-content-sha256, perhaps x-amz-security-token, and authorization.
NamedTexts aws_signed_headers(const AwsRequest& request, const AwsCredentials& credentials, const std::string& region, int64_t unix_seconds);

}  // namespace tomograd
