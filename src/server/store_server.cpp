#include "server/store_server.h"

#include "base/error.h"
#include "experiments/http_store_protocol.h"
#include "experiments/request_id.h"
#include "server/page_guard.h"

namespace tomograd {
namespace {

ServerAnswer refusal(int status, const char* message) {
  return {status, error_answer(Error(ErrorKind::input, message)).body};
}

ServerAnswer serve(const ServerRequest& request, const std::string& expected, TrialStore& store) {
  if (!equal_in_constant_time(request.authorization, expected)) return refusal(401, "the request has no token, or a wrong one");
  std::string_view prefix = store_path_prefix;
  if (request.target.compare(0, prefix.size(), prefix) != 0) return refusal(404, "there is nothing but a store here");
  if (request.method != "POST") return refusal(405, "a store is asked by POST");
  StoreAnswer answer = answer_store_request(store, request.target.substr(prefix.size()), request.body);
  return {answer.status, std::move(answer.body)};
}

}  // namespace

std::string new_store_token() { return new_request_id() + new_request_id(); }

int StoreServer::start(const ListenerOptions& options, const std::string& token, TrialStore& store) {
  if (token.size() < 16) fail_usage(text("a token of ", token.size(), " characters can be guessed"), "leave it out, and one is made");
  stop();
  listener_ = std::make_unique<HttpListener>(options, [expected = "Bearer " + token, &store](const ServerRequest& request) { return serve(request, expected, store); });
  return listener_->port();
}

void StoreServer::stop() { listener_.reset(); }

}  // namespace tomograd
