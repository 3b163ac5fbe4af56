// Who may ask the page's server: any user of this machine reaches a loopback port, and so does every web page that is open in this
// user's browser. Against the first stands a token, against the second the checks of Host (DNS rebinding), Origin and Sec-Fetch-Site
// (cross-site requests); both hold for every route, before it is even looked for.
#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "server/http_listener.h"

namespace tomograd {

class PageGuard {
 public:
  // at_socket: only this user reaches us, and there is no host that could be wrong.
  explicit PageGuard(bool at_socket);
  // Cookies know no ports: servers beside each other name theirs differently. Nobody is known by one before.
  void name_cookie(const std::string& name);

  // The answer to give instead of going on; none = the request may go on.
  std::optional<ServerAnswer> refusal(const ServerRequest& request) const;

  // "/?token=..." with the link's token: the redirect that sets the cookie. Each link works once; on_new_link tells the next.
  std::optional<ServerAnswer> welcome(const ServerRequest& request, const std::string& token);
  std::string link_token() const;
  std::function<void(const std::string& token)> on_new_link;

  const std::string& session_token() const { return session_; }  // for programs: Authorization: Bearer

 private:
  std::optional<ServerAnswer> wrong_place(const ServerRequest& request) const;
  bool has_cookie(const ServerRequest& request) const;

  std::string cookie() const;

  const std::string session_;
  const bool at_socket_;
  mutable std::mutex mutex_;
  std::string cookie_, link_;
};

// In a time that tells nothing about where two texts differ, nor how long they are.
bool equal_in_constant_time(const std::string& a, const std::string& b);

// What every answer to a browser says; `page`: one of the page's own files, else data.
std::vector<std::pair<std::string, std::string>> safe_headers(bool page);

}  // namespace tomograd
