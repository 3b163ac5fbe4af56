// One GET or HEAD over HTTP, by libcurl: connections are kept for the next one, certificates are checked, redirects lead to http and
// https only (from https to https only). It neither repeats nor judges; base/remote_requests.h does. Where the program was
// built without libcurl (http_client_none.cpp), it says so.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/aws_signature.h"

namespace tomograd {

struct HttpRequest {
  std::string url;
  NamedTexts headers;
  bool head = false;                             // no body is wanted
  int64_t offset = 0, bytes = 0;                 // GET: the range that is wanted; 0 bytes = the whole
  void* into = nullptr;                          // takes the body of a 206 answer, at most `bytes`
  int64_t most_body = int64_t{1} << 20;          // of any other answer, kept in HttpAnswer::body; more ends the transfer
  bool follow_redirects = true;
  double timeout_seconds = 30;                   // of the whole, connecting included
  std::string certificates;                      // file of those that are trusted; "" = the system's
};

struct HttpAnswer {
  enum class Trouble { none, passing, lasting };  // passing: another attempt may succeed
  Trouble trouble = Trouble::none;
  std::string reason;                            // of trouble, without the address
  int status = 0;                                // of the last answer when redirects were followed; 0 = none came
  std::string body;                              // of an answer other than 206
  bool body_too_long = false;                    // than most_body; the transfer was ended
  int64_t received = 0;                          // bytes in `into`
  int64_t length = -1;                           // Content-Length
  int64_t range_begin = -1, range_end = -1;      // Content-Range, the end not included
  int64_t total = -1;                            // of the whole file by Content-Range
  double retry_after_seconds = 0;
  std::string version;                           // ETag without its mark of weakness; where there is none, Last-Modified
  std::string encoding, bucket_region;           // Content-Encoding, x-amz-bucket-region
};

class HttpClient {                               // thread-safe
 public:
  HttpClient();
  ~HttpClient();
  HttpAnswer send(const HttpRequest& request);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tomograd
