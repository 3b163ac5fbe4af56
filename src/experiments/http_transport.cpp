// One POST over HTTP, by libcurl; a handle is kept by each thread that is asking, with its connection.
#include "experiments/http_store.h"

#include "base/error.h"

#ifdef TOMOGRAD_CURL
#include <curl/curl.h>

#include <algorithm>
#include <mutex>
#include <vector>

namespace tomograd {
namespace {

constexpr size_t most_answer = size_t{256} << 20;

size_t take_body(char* data, size_t, size_t bytes, void* user) {
  std::string& body = *static_cast<std::string*>(user);
  if (body.size() + bytes > most_answer) return 0;
  body.append(data, bytes);
  return bytes;
}

class Curl {
 public:
  Curl(std::string address, const std::string& token, double timeout_seconds) : address_(std::move(address)), timeout_(timeout_seconds) {
    static const CURLcode started = curl_global_init(CURL_GLOBAL_DEFAULT);
    if (started != CURLE_OK) fail_failure(text("libcurl does not start: ", curl_easy_strerror(started)));
    headers_ = curl_slist_append(headers_, ("Authorization: Bearer " + token).c_str());
    headers_ = curl_slist_append(headers_, "Content-Type: application/json");
    headers_ = curl_slist_append(headers_, "Expect:");
  }
  ~Curl() {
    for (CURL* handle : free_) curl_easy_cleanup(handle);
    curl_slist_free_all(headers_);
  }
  Curl(const Curl&) = delete;

  StoreAnswer post(const std::string& method, const std::string& body) {
    CURL* handle = take();
    if (!handle) return {0, {}, "libcurl gives no handle"};
    StoreAnswer answer;
    auto set = [&](CURLoption option, auto value) { curl_easy_setopt(handle, option, value); };
    std::string url = address_ + store_path_prefix + method;
    set(CURLOPT_URL, url.c_str());
    set(CURLOPT_POST, 1L);
    set(CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(body.size()));
    set(CURLOPT_POSTFIELDS, body.data());
    set(CURLOPT_HTTPHEADER, headers_);
    set(CURLOPT_PROTOCOLS_STR, "http,https");
    set(CURLOPT_FOLLOWLOCATION, 0L);             // the token goes to the address that was given and nowhere else
    set(CURLOPT_NOPROXY, "*");
    set(CURLOPT_HTTP_VERSION, long{CURL_HTTP_VERSION_1_1});
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_CONNECTTIMEOUT_MS, 10'000L);
    set(CURLOPT_TIMEOUT_MS, std::max(1L, long(timeout_ * 1000)));
    set(CURLOPT_USERAGENT, "tomograd");
    set(CURLOPT_WRITEFUNCTION, &take_body);
    set(CURLOPT_WRITEDATA, &answer.body);
    CURLcode code = curl_easy_perform(handle);
    long status = 0;
    curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
    if (code == CURLE_OK) answer.status = int(status);
    else answer = {0, {}, curl_easy_strerror(code)};
    give(handle);
    return answer;
  }

 private:
  CURL* take() {
    std::lock_guard lock(mutex_);
    if (free_.empty()) return curl_easy_init();
    CURL* handle = free_.back();
    free_.pop_back();
    curl_easy_reset(handle);                     // which keeps its connection
    return handle;
  }
  void give(CURL* handle) {
    std::lock_guard lock(mutex_);
    free_.push_back(handle);
  }

  std::string address_;
  double timeout_;
  curl_slist* headers_ = nullptr;
  std::mutex mutex_;
  std::vector<CURL*> free_;
};

}  // namespace

StoreTransport curl_transport(const std::string& address, const std::string& token, double timeout_seconds) {
  if (token.find_first_of("\r\n") != std::string::npos) fail_usage("the token holds a line break");
  auto curl = std::make_shared<Curl>(address, token, timeout_seconds);
  return [curl](const std::string& method, const std::string& body) { return curl->post(method, body); };
}

}  // namespace tomograd
#else
namespace tomograd {

StoreTransport curl_transport(const std::string& address, const std::string&, double) {
  fail_input("'" + address + "' needs libcurl, and this tomograd was built without it", "install libcurl4-openssl-dev and build again");
}

}  // namespace tomograd
#endif
