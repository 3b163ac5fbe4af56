#include "server/page_guard.h"

#include <algorithm>

#include "base/digest.h"
#include "server/route_table.h"
#include "server/store_server.h"

namespace tomograd {
namespace {

std::string lower_case(std::string text) {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = char(c - 'A' + 'a');
  return text;
}

bool is_port(const std::string& text) { return !text.empty() && text.size() <= 5 && text.find_first_not_of("0123456789") == std::string::npos; }

// The names of this machine that no DNS server can give away. Any port: the other end of a tunnel has its own.
bool is_loopback_host(const std::string& host) {
  for (const char* name : {"127.0.0.1", "localhost", "[::1]"}) {
    std::string wanted = name;
    if (lower_case(host.substr(0, wanted.size())) != wanted) continue;
    std::string rest = host.substr(wanted.size());
    if (rest.empty() || (rest.front() == ':' && is_port(rest.substr(1)))) return true;
  }
  return false;
}

ServerAnswer access_refused(int status, const char* message, const char* hint = "") { return error_answer(status, "access", message, hint); }

}  // namespace

PageGuard::PageGuard(bool at_socket) : session_(new_store_token()), at_socket_(at_socket), link_(new_store_token()) {}

void PageGuard::name_cookie(const std::string& name) {
  std::lock_guard lock(mutex_);
  cookie_ = name;
}

std::string PageGuard::cookie() const {
  std::lock_guard lock(mutex_);
  return cookie_;
}

std::string PageGuard::link_token() const {
  std::lock_guard lock(mutex_);
  return link_;
}

std::optional<ServerAnswer> PageGuard::wrong_place(const ServerRequest& request) const {
  if (!at_socket_ && !is_loopback_host(request.host)) return access_refused(421, "this server answers to 127.0.0.1, localhost and [::1] only", "a tunnel, ssh -L, brings it to another machine");
  if (!request.origin.empty() && lower_case(request.origin) != "http://" + lower_case(request.host)) return access_refused(403, "a request from another origin");
  if (request.fetch_site == "cross-site" || request.fetch_site == "same-site") return access_refused(403, "a request from another site");
  return std::nullopt;
}

bool PageGuard::has_cookie(const ServerRequest& request) const {
  const std::string &all = request.cookie, name = cookie();
  if (name.empty()) return false;
  for (size_t begin = 0; begin < all.size();) {
    size_t end = std::min(all.find(';', begin), all.size());
    std::string pair = all.substr(begin, end - begin);
    begin = end + 1;
    pair.erase(0, pair.find_first_not_of(' ') == std::string::npos ? pair.size() : pair.find_first_not_of(' '));
    if (pair.starts_with(name + "=") && equal_in_constant_time(pair.substr(name.size() + 1), session_)) return true;
  }
  return false;
}

std::optional<ServerAnswer> PageGuard::refusal(const ServerRequest& request) const {
  if (auto wrong = wrong_place(request)) return wrong;
  const bool by_header = equal_in_constant_time(request.authorization, "Bearer " + session_);
  if (!by_header && !has_cookie(request)) return access_refused(401, "the request has no token, or a wrong one", "open the link that tomograd serve has printed");
  if (request.method == "GET") return std::nullopt;
  if (request.method != "POST") return error_answer(405, "usage", "there are GET and POST here");
  // A form of another site can be sent without being asked; JSON cannot. Browsers name the origin of what they POST.
  std::string type = lower_case(request.content_type.substr(0, request.content_type.find(';')));
  while (!type.empty() && type.back() == ' ') type.pop_back();
  if (type != "application/json") return error_answer(415, "usage", "the body of a POST is application/json");
  if (!by_header && request.origin.empty()) return access_refused(403, "a POST that is known by its cookie has an Origin");
  return std::nullopt;
}

std::optional<ServerAnswer> PageGuard::welcome(const ServerRequest& request, const std::string& token) {
  // A link may be followed from anywhere, from a mail's page too: it is the token that counts.
  if (!at_socket_ && !is_loopback_host(request.host)) return wrong_place(request);
  std::string next;
  {
    std::lock_guard lock(mutex_);
    if (request.method != "GET" || !equal_in_constant_time(token, link_)) return access_refused(401, "this link is not, or no more, valid", "tomograd serve has printed a newer one");
    next = link_ = new_store_token();
  }
  if (on_new_link) on_new_link(next);
  ServerAnswer answer{303, "", "text/plain; charset=utf-8"};
  answer.headers = {{"Location", "/"}, {"Set-Cookie", cookie() + "=" + session_ + "; HttpOnly; SameSite=Strict; Path=/"}};
  return answer;
}

bool equal_in_constant_time(const std::string& a, const std::string& b) {
  std::string x = digest_of(a), y = digest_of(b);
  unsigned different = 0;
  for (size_t i = 0; i < x.size(); ++i) different |= unsigned(static_cast<unsigned char>(x[i]) ^ static_cast<unsigned char>(y[i]));
  return different == 0;
}

std::vector<std::pair<std::string, std::string>> safe_headers(bool page) {
  const char* policy = page ? "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data: blob:; font-src 'self' data:; worker-src 'self' blob:; "
                              "connect-src 'self' data: blob:; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
                            : "default-src 'none'; frame-ancestors 'none'; sandbox";
  return {{"Content-Security-Policy", policy},
          {"Referrer-Policy", "no-referrer"},
          {"X-Frame-Options", "DENY"},
          {"Cross-Origin-Opener-Policy", "same-origin"},
          {"Cross-Origin-Resource-Policy", "same-origin"}};
}

}  // namespace tomograd
