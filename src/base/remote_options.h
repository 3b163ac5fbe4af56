// How files far away are asked for: limits of requests and of the memory they take, and who asks S3. What the environment says is
// what other S3 programs understand: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN (none: anonymous requests),
// AWS_REGION or AWS_DEFAULT_REGION, AWS_ENDPOINT_URL_S3 or AWS_ENDPOINT_URL (a server that is not Amazon's), AWS_CA_BUNDLE.
#pragma once

#include <cstdint>
#include <string>

#include "base/aws_signature.h"

namespace tomograd {

struct RemoteOptions {
  AwsCredentials credentials;
  std::string region = "us-east-1";
  std::string endpoint;                          // http(s)://HOST[:PORT], buckets as the first part of its paths; "" = amazonaws.com
  std::string certificates;                      // file of those that are trusted; "" = the system's

  int attempts = 5;                              // of one request that meets 5xx, 429, a time-out, a broken or short answer
  double first_wait_seconds = 0.25, longest_wait_seconds = 8;  // doubled each time; between half and all of it is waited
  double timeout_seconds = 30;                   // of a request, and the bytes of its range at
  double slowest_bytes_per_second = 100e3;       // this rate on top
  int64_t block_bytes = 256 << 10;               // small reads fetch aligned blocks of this size and keep them
  int64_t cache_bytes = int64_t{16} << 20;       // of the blocks that are kept
  int64_t whole_bytes = int64_t{16} << 20;       // largest file taken from a server that knows no ranges and sends the whole
  int64_t piece_bytes = int64_t{8} << 20;        // largest range of one request
  double trust_seconds = 30;                     // a path's being there, or not, is not asked again so soon
};

RemoteOptions remote_options_from_environment();

}  // namespace tomograd
