#ifndef TOMOGRAD_CURL
#include "base/error.h"
#include "base/http_client.h"

namespace tomograd {

struct HttpClient::State {};
HttpClient::HttpClient() { fail_input("this tomograd was built without libcurl and opens no http, https and s3 addresses", "install libcurl4-openssl-dev and build again, or copy the files here first"); }
HttpClient::~HttpClient() = default;
HttpAnswer HttpClient::send(const HttpRequest&) { return {}; }

}  // namespace tomograd
#endif
