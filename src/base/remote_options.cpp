#include "base/remote_options.h"

#include <cstdlib>

#include "base/error.h"
#include "base/remote_address.h"

namespace tomograd {
namespace {

std::string first_of(std::initializer_list<const char*> names, const char* otherwise = "") {
  for (const char* name : names)
    if (const char* value = std::getenv(name); value && *value) return value;
  return otherwise;
}

}  // namespace

RemoteOptions remote_options_from_environment() {
  RemoteOptions options;
  options.credentials = {first_of({"AWS_ACCESS_KEY_ID"}), first_of({"AWS_SECRET_ACCESS_KEY"}), first_of({"AWS_SESSION_TOKEN"})};
  options.region = first_of({"AWS_REGION", "AWS_DEFAULT_REGION"}, "us-east-1");
  options.endpoint = first_of({"AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"});
  options.certificates = first_of({"AWS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"});
  while (options.endpoint.ends_with('/')) options.endpoint.pop_back();
  if (options.credentials.access_key.empty() != options.credentials.secret_key.empty()) fail_input("of AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY only one is set", "set both, or neither for anonymous requests");
  if (options.region.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") != std::string::npos) fail_input("AWS_REGION is '" + options.region + "'; a name like eu-west-1 is expected");
  if (!options.endpoint.empty() && !is_http_address(options.endpoint)) fail_input("AWS_ENDPOINT_URL does not begin with http:// or https://");
  return options;
}

}  // namespace tomograd
