#include "base/remote_requests.h"

#include <algorithm>

#include "base/error.h"
#include "base/log.h"
#include "base/random.h"

namespace tomograd {
namespace {

constexpr int64_t most_listing = int64_t{16} << 20;
constexpr double longest_wait_asked_for = 30;    // by Retry-After

bool is_busy(int status) { return status >= 500 || status == 429; }

}  // namespace

bool is_plain_denial(const HttpAnswer& answer) {
  std::string refusal = s3_refusal(answer.body);
  return answer.status == 403 && (refusal.empty() || refusal.starts_with("AccessDenied"));
}

// Buckets are names of hosts at Amazon, but for those whose names no certificate covers.
RemoteRequests::Target RemoteRequests::s3_target(const RemoteAddress& address) const {
  std::string key = percent_encoded(address.key, true);
  if (!options_.endpoint.empty()) {
    size_t host = options_.endpoint.find("://") + 3, slash = std::min(options_.endpoint.find('/', host), options_.endpoint.size());
    return {options_.endpoint.substr(0, host), options_.endpoint.substr(host, slash - host), options_.endpoint.substr(slash) + "/" + address.bucket + (key.empty() ? "" : "/" + key)};
  }
  std::string host = "s3." + options_.region + (options_.region.starts_with("cn-") ? ".amazonaws.com.cn" : ".amazonaws.com");
  bool plain = std::all_of(address.bucket.begin(), address.bucket.end(), [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; });
  return plain ? Target{"https://", address.bucket + "." + host, "/" + key} : Target{"https://", host, "/" + address.bucket + (key.empty() ? "" : "/" + key)};
}

HttpAnswer RemoteRequests::repeated(const std::string& path, const RemoteAddress& address, const NamedTexts& query, HttpRequest request) {
  request.timeout_seconds = options_.timeout_seconds + double(request.bytes) / options_.slowest_bytes_per_second;
  request.certificates = options_.certificates;
  request.url = address.url, request.follow_redirects = !address.s3();
  Target target = address.s3() ? s3_target(address) : Target{};
  if (address.s3()) request.url = target.scheme + target.host + target.path + (query.empty() ? "" : "?" + aws_query(query));
  Random random(uint64_t(clock_.unix_milliseconds()), "requests", 0, uint64_t(count_));
  double wait = options_.first_wait_seconds;
  for (int attempt = 1;; ++attempt) {
    if (address.s3() && options_.credentials.given())
      request.headers = aws_signed_headers({request.head ? "HEAD" : "GET", target.host, target.path, query, {}}, options_.credentials, options_.region, clock_.unix_milliseconds() / 1000);
    ++count_;
    HttpAnswer answer = client_.send(request);
    if (answer.trouble == HttpAnswer::Trouble::none && !is_busy(answer.status)) return answer;
    std::string reason = answer.trouble == HttpAnswer::Trouble::none ? text("HTTP ", answer.status) : answer.reason;
    if (answer.trouble == HttpAnswer::Trouble::lasting) fail_input(text("'", path, "': ", reason));
    if (attempt >= options_.attempts) fail_failure(text("'", path, "': ", reason, ", after ", attempt, " attempts"), "the server or the way to it is not well; try again later");
    double pause = std::max(wait * (0.5 + 0.5 * random.uniform()), std::min(answer.retry_after_seconds, longest_wait_asked_for));
    info(text("'", path, "': ", reason, "; attempt ", attempt + 1, " of ", options_.attempts, " in ", pause, " s"));
    clock_.sleep_seconds(pause);
    wait = std::min(2 * wait, options_.longest_wait_seconds);
  }
}

HttpAnswer RemoteRequests::head(const std::string& path) {
  HttpRequest request;
  request.head = true;
  return repeated(path, parse_remote_address(path), {}, request);
}

HttpAnswer RemoteRequests::get(const std::string& path, int64_t offset, int64_t bytes, void* into, int64_t most_body) {
  HttpRequest request;
  request.offset = offset, request.bytes = bytes, request.into = into, request.most_body = most_body;
  return repeated(path, parse_remote_address(path), {}, request);
}

RemoteRequests::Page RemoteRequests::list(const std::string& path, const std::string& prefix, const std::string& token, int most) {
  RemoteAddress bucket = parse_remote_address(path);
  bucket.key.clear();
  NamedTexts query{{"list-type", "2"}, {"delimiter", "/"}, {"prefix", prefix}, {"max-keys", std::to_string(most)}};
  if (!token.empty()) query.push_back({"continuation-token", token});
  HttpRequest request;
  request.most_body = most_listing;
  HttpAnswer answer = repeated(path, bucket, query, request);
  if (is_plain_denial(answer)) return {true, {}};
  if (answer.status != 200 || answer.body_too_long) fail_status(path, answer);
  return {false, with_context("listing '" + path + "'", [&] { return parse_s3_listing(answer.body); })};
}

void RemoteRequests::fail_status(const std::string& path, const HttpAnswer& answer) const {
  bool s3 = path.starts_with("s3://"), denied = answer.status == 401 || answer.status == 403;
  std::string refusal = s3 ? s3_refusal(answer.body) : "", hint;
  if (s3 && !answer.bucket_region.empty() && answer.bucket_region != options_.region)
    hint = text("the bucket lies in ", answer.bucket_region, ", asked for was ", options_.region, ": set AWS_REGION=", answer.bucket_region);
  else if (answer.status == 404)
    hint = s3 ? "no such object in the bucket, or no such bucket" : "no such file on the server";
  else if (denied && !s3)
    hint = "the server does not let everybody read it; keys are known for s3:// only";
  else if (denied && !options_.credentials.given())
    hint = "asked without a name; AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY say who asks";
  else if (denied)
    hint = "do AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY belong to it? Where listing is not allowed, S3 says the same of objects that do not exist";
  fail_input(text("'", path, "': HTTP ", answer.status, refusal.empty() ? "" : " (" + refusal + ")"), hint);
}

}  // namespace tomograd
