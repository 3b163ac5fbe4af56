#ifdef TOMOGRAD_CURL
#include <curl/curl.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <mutex>
#include <vector>

#include "base/error.h"
#include "base/http_client.h"

namespace tomograd {
namespace {

constexpr size_t kept_connections = 16;

struct Transfer {
  const HttpRequest& request;
  HttpAnswer& answer;
  CURL* handle;
};

int64_t number_of(std::string_view digits) {     // -1: no number
  int64_t value = -1;
  auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return error == std::errc{} && end == digits.data() + digits.size() ? value : -1;
}

// "bytes 0-99/1234", "bytes */1234", "bytes 0-99/*".
void parse_content_range(std::string_view value, HttpAnswer& answer) {
  if (!value.starts_with("bytes ")) return;
  value.remove_prefix(6);
  size_t slash = std::min(value.find('/'), value.size()), dash = std::min(value.find('-'), slash);
  if (slash < value.size()) answer.total = number_of(value.substr(slash + 1));
  if (dash == slash) return;
  answer.range_begin = number_of(value.substr(0, dash));
  if (int64_t last = number_of(value.substr(dash + 1, slash - dash - 1)); last >= 0 && last < INT64_MAX) answer.range_end = last + 1;
}

size_t take_header(char* data, size_t, size_t bytes, void* user) {
  HttpAnswer& answer = static_cast<Transfer*>(user)->answer;
  std::string_view line(data, bytes);
  while (!line.empty() && (line.back() == '\n' || line.back() == '\r' || line.back() == ' ')) line.remove_suffix(1);
  if (line.starts_with("HTTP/")) {               // another answer begins: what a redirect said is no longer true
    answer = {};
    return bytes;
  }
  size_t colon = line.find(':');
  if (colon == std::string_view::npos) return bytes;
  std::string name(line.substr(0, colon));
  for (char& c : name)
    if (c >= 'A' && c <= 'Z') c = char(c - 'A' + 'a');
  std::string_view value = line.substr(colon + 1);
  while (!value.empty() && value.front() == ' ') value.remove_prefix(1);
  if (name == "content-length") answer.length = number_of(value);
  if (name == "content-range") parse_content_range(value, answer);
  if (name == "content-encoding" && value != "identity" && value != "aws-chunked") answer.encoding = value;
  if (name == "etag") answer.version = value.substr(value.starts_with("W/") ? 2 : 0);
  if (name == "last-modified" && answer.version.empty()) answer.version = value;
  if (name == "retry-after") answer.retry_after_seconds = double(std::max<int64_t>(0, number_of(value)));  // a date is not waited for
  if (name == "x-amz-bucket-region") answer.bucket_region = value;
  return bytes;
}

size_t take_body(char* data, size_t, size_t bytes, void* user) {
  Transfer& transfer = *static_cast<Transfer*>(user);
  HttpAnswer& answer = transfer.answer;
  long status = 0;
  curl_easy_getinfo(transfer.handle, CURLINFO_RESPONSE_CODE, &status);
  bool part = status == 206 && transfer.request.into;
  int64_t room = part ? transfer.request.bytes - answer.received : transfer.request.most_body - int64_t(answer.body.size());
  if (int64_t(bytes) > room || (!part && answer.length > transfer.request.most_body)) {
    answer.body_too_long = true;
    return 0;
  }
  if (part) std::memcpy(static_cast<char*>(transfer.request.into) + answer.received, data, bytes), answer.received += int64_t(bytes);
  else answer.body.append(data, bytes);
  return bytes;
}

bool is_passing(CURLcode code) {
  switch (code) {
    case CURLE_COULDNT_RESOLVE_PROXY: case CURLE_COULDNT_RESOLVE_HOST: case CURLE_COULDNT_CONNECT: case CURLE_OPERATION_TIMEDOUT: case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR: case CURLE_GOT_NOTHING: case CURLE_PARTIAL_FILE: case CURLE_SSL_CONNECT_ERROR: case CURLE_WEIRD_SERVER_REPLY: return true;
    default: return false;
  }
}

bool is_this_machine(const std::string& url) {
  for (const char* host : {"://127.0.0.1", "://localhost", "://[::1]"})
    if (size_t at = url.find(host); at != std::string::npos && at <= 5) {
      size_t end = at + std::strlen(host);
      if (end == url.size() || url[end] == ':' || url[end] == '/') return true;
    }
  return false;
}

}  // namespace

struct HttpClient::State {                       // a handle keeps its connections; a thread borrows one for a transfer
  std::mutex mutex;
  std::vector<CURL*> free;

  ~State() {
    for (CURL* handle : free) curl_easy_cleanup(handle);
  }
  CURL* take() {
    std::lock_guard lock(mutex);
    if (free.empty()) return curl_easy_init();
    CURL* handle = free.back();
    free.pop_back();
    curl_easy_reset(handle);
    return handle;
  }
  void give(CURL* handle) {
    std::lock_guard lock(mutex);
    if (free.size() < kept_connections) free.push_back(handle);
    else curl_easy_cleanup(handle);
  }
};

HttpClient::HttpClient() : state_(std::make_unique<State>()) {
  static const CURLcode started = curl_global_init(CURL_GLOBAL_DEFAULT);  // once in a process
  if (started != CURLE_OK) fail_failure(text("libcurl does not start: ", curl_easy_strerror(started)));
}

HttpClient::~HttpClient() = default;

HttpAnswer HttpClient::send(const HttpRequest& request) {
  CURL* handle = state_->take();
  if (!handle) fail_failure("libcurl gives no handle");
  HttpAnswer answer;
  Transfer transfer{request, answer, handle};
  curl_slist* headers = nullptr;
  for (const auto& [name, value] : request.headers) headers = curl_slist_append(headers, (name + ": " + value).c_str());
  if (!request.head && request.bytes > 0) headers = curl_slist_append(headers, text("range: bytes=", request.offset, "-", request.offset + request.bytes - 1).c_str());
  auto set = [&](CURLoption option, auto value) { curl_easy_setopt(handle, option, value); };
  set(CURLOPT_URL, request.url.c_str());
  set(CURLOPT_HTTPHEADER, headers);
  set(CURLOPT_NOBODY, request.head ? 1L : 0L);
  set(CURLOPT_PATH_AS_IS, 1L);                   // the path is signed as it stands
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_REDIR_PROTOCOLS_STR, request.url.starts_with("https:") ? "https" : "http,https");
  set(CURLOPT_FOLLOWLOCATION, request.follow_redirects ? 1L : 0L);
  set(CURLOPT_MAXREDIRS, 5L);
  set(CURLOPT_HTTP_VERSION, long{CURL_HTTP_VERSION_1_1});
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_TIMEOUT_MS, std::max(1L, long(request.timeout_seconds * 1000)));
  set(CURLOPT_USERAGENT, "tomograd");
  if (!request.certificates.empty()) set(CURLOPT_CAINFO, request.certificates.c_str());
  if (is_this_machine(request.url)) set(CURLOPT_NOPROXY, "*");
  set(CURLOPT_HEADERFUNCTION, &take_header);
  set(CURLOPT_HEADERDATA, &transfer);
  set(CURLOPT_WRITEFUNCTION, &take_body);
  set(CURLOPT_WRITEDATA, &transfer);
  CURLcode code = curl_easy_perform(handle);
  long status = 0;
  curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
  curl_slist_free_all(headers);
  state_->give(handle);
  answer.status = int(status);
  if (code != CURLE_OK && !answer.body_too_long) {
    answer.trouble = is_passing(code) ? HttpAnswer::Trouble::passing : HttpAnswer::Trouble::lasting;
    answer.reason = curl_easy_strerror(code);
  } else if (status == 206 && !answer.body_too_long && !request.head && answer.received != answer.range_end - answer.range_begin) {
    answer.trouble = HttpAnswer::Trouble::passing;
    answer.reason = text("the answer has ", answer.received, " bytes where its header says ", answer.range_end - answer.range_begin);
  }
  return answer;
}

}  // namespace tomograd
#endif
