// Requests for parts of files far away, each repeated with growing waits until it is answered or has failed too often: what
// passes (5xx, 429, time-outs, broken and short answers) never reaches the caller, what lasts does as one sentence.
#pragma once

#include <atomic>

#include "base/clock.h"
#include "base/http_client.h"
#include "base/remote_address.h"
#include "base/remote_options.h"
#include "base/s3_listing.h"

namespace tomograd {

class RemoteRequests {                           // thread-safe
 public:
  RemoteRequests(RemoteOptions options, Clock& clock) : options_(std::move(options)), clock_(clock) {}

  // Statuses below 500 but 429 come back as they are, HttpAnswer::trouble is none. Error(failure) after the last attempt; Error(input)
  // for what no attempt mends (a certificate, redirects without end).
  HttpAnswer head(const std::string& path);
  HttpAnswer get(const std::string& path, int64_t offset, int64_t bytes, void* into, int64_t most_body);

  // A page of what lies in s3://bucket with keys that begin with `prefix`. Its refusal is Error(input), but "denied" when S3 denies access.
  struct Page { bool denied = false; S3Listing listing; };
  Page list(const std::string& path, const std::string& prefix, const std::string& token, int most);

  // Says which status the path's answer had, and with which words S3 refused it.
  [[noreturn]] void fail_status(const std::string& path, const HttpAnswer& answer) const;

  int64_t count() const { return count_; }       // requests so far, repeated ones too

 private:
  struct Target { std::string scheme, host, path; };  // path encoded
  Target s3_target(const RemoteAddress& address) const;
  HttpAnswer repeated(const std::string& path, const RemoteAddress& address, const NamedTexts& query, HttpRequest request);

  RemoteOptions options_;
  Clock& clock_;
  HttpClient client_;
  std::atomic<int64_t> count_{0};
};

// Whether a status 403 means that the one who asks may not, or (where nobody may list) that nothing is there; not that keys are wrong.
bool is_plain_denial(const HttpAnswer& answer);

}  // namespace tomograd
