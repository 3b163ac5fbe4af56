// Addresses of files far away: s3://bucket/key, http://host/path, https://host/path. Paths are shown, logged and written into
// plans and manifests, so nothing secret may stand in one: a user, a password or a query (a signed URL) is refused.
#pragma once

#include <string>
#include <string_view>

namespace tomograd {

bool is_remote(std::string_view path);           // begins with s3://, http:// or https://
bool is_http_address(std::string_view path);     // http:// or https://: a server that cannot say which files it has

struct RemoteAddress {
  std::string url;                               // http and https: fit for a request line, without fragment; empty for s3
  std::string bucket, key;                       // s3; the key as it is, without a slash at its end, empty for the bucket itself
  bool s3() const { return url.empty(); }
};

// Error(input) says what is wrong without showing what is secret.
RemoteAddress parse_remote_address(const std::string& path);

// RFC 3986: everything but letters, digits, "-._~" (and "/" when kept) as %XX, in capitals.
std::string percent_encoded(std::string_view text, bool keep_slashes);

}  // namespace tomograd
