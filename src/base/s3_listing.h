// What S3 says in XML: a page of ListObjectsV2, and why it refused a request.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace tomograd {

struct S3Listing {
  struct Object { std::string key, etag; int64_t bytes = 0; };
  std::vector<Object> objects;
  std::vector<std::string> prefixes;             // common ones, with the delimiter at their end
  std::string next;                              // token of the page that follows; empty after the last
};

// Error(input) where this is no such page, or a number in it is none.
S3Listing parse_s3_listing(const std::string& xml);

// "NoSuchKey: The specified key does not exist."; only the code where there is no message, empty where there is no code.
std::string s3_refusal(const std::string& xml);

}  // namespace tomograd
