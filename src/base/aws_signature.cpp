#include "base/aws_signature.h"

#include <time.h>

#include <algorithm>

#include "base/digest.h"
#include "base/remote_address.h"

namespace tomograd {
namespace {

constexpr const char* algorithm = "AWS4-HMAC-SHA256";

// RFC 2104; 32 raw bytes.
std::string hmac_sha256(std::string key, std::string_view message) {
  constexpr size_t block = 64;
  auto hash = [](std::string_view one, std::string_view two) {
    Digest digest;
    digest.add(one.data(), int64_t(one.size()));
    digest.add(two.data(), int64_t(two.size()));
    return digest.finish_raw();
  };
  if (key.size() > block) key = hash(key, "");
  key.resize(block, '\0');
  std::string inner = key, outer = key;
  for (char& c : inner) c ^= 0x36;
  for (char& c : outer) c ^= 0x5c;
  return hash(outer, hash(inner, message));
}

std::string hex_sha256(std::string_view message) {
  Digest digest;
  digest.add(message.data(), int64_t(message.size()));
  return hexadecimal(digest.finish_raw());
}

}  // namespace

std::string aws_query(NamedTexts query) {
  for (auto& [name, value] : query) name = percent_encoded(name, false), value = percent_encoded(value, false);
  std::sort(query.begin(), query.end());
  std::string joined;
  for (const auto& [name, value] : query) joined += (joined.empty() ? "" : "&") + name + "=" + value;
  return joined;
}

NamedTexts aws_signed_headers(const AwsRequest& request, const AwsCredentials& credentials, const std::string& region, int64_t unix_seconds) {
  time_t seconds = time_t(unix_seconds);
  tm parts{};
  gmtime_r(&seconds, &parts);
  char now[32];
  strftime(now, sizeof now, "%Y%m%dT%H%M%SZ", &parts);
  std::string day(now, 8), empty = hex_sha256("");
  NamedTexts sent{{"x-amz-date", now}, {"x-amz-content-sha256", empty}};
  if (!credentials.session_token.empty()) sent.push_back({"x-amz-security-token", credentials.session_token});
  NamedTexts all = request.headers;
  all.insert(all.end(), sent.begin(), sent.end());
  all.push_back({"host", request.host});
  std::sort(all.begin(), all.end());
  std::string lines, names;
  for (const auto& [name, value] : all) lines += name + ":" + value + "\n", names += (names.empty() ? "" : ";") + name;
  std::string canonical = request.method + "\n" + request.path + "\n" + aws_query(request.query) + "\n" + lines + "\n" + names + "\n" + empty;
  std::string scope = day + "/" + region + "/s3/aws4_request", to_sign = std::string(algorithm) + "\n" + now + "\n" + scope + "\n" + hex_sha256(canonical);
  std::string key = "AWS4" + credentials.secret_key;
  for (const std::string& part : {day, region, std::string("s3"), std::string("aws4_request")}) key = hmac_sha256(key, part);
  sent.push_back({"authorization", std::string(algorithm) + " Credential=" + credentials.access_key + "/" + scope + ", SignedHeaders=" + names + ", Signature=" + hexadecimal(hmac_sha256(key, to_sign))});
  return sent;
}

}  // namespace tomograd
