// A small HTTP/1.1 server (Boost.Beast, seen by http_listener.cpp alone): listens, limits what a client may cost, and gives
// each whole request to one function. Connections are kept open and closed when nothing comes. An answer may also be a stream
// of events, which is asked for its next piece again and again until the client goes.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace tomograd {

struct ServerRequest {
  std::string method, target;                    // target: as it was sent, path and query
  std::string host, authorization;               // headers, "" = not sent, or sent more than once
  std::string body;
  std::string origin = {}, cookie = {}, content_type = {}, fetch_site = {}, accept_encoding = {}, if_none_match = {};  // more of them
};

class EventStream {                              // of one client
 public:
  virtual ~EventStream() = default;
  virtual std::string next() = 0;                // bytes to send now, "" = none; called by one thread at a time
};

struct ServerAnswer {
  int status = 200;
  std::string body;
  std::string type = "application/json";
  std::vector<std::pair<std::string, std::string>> headers = {};  // beside those that every answer has, or instead of them
  std::shared_ptr<EventStream> events = {};      // instead of a body
};

struct ListenerOptions {
  std::string address = "127.0.0.1";             // other than loopback: anybody on the network reaches it
  int port = 0;                                  // 0 = any free one
  std::string socket = {};                       // path of a Unix socket instead of address and port: for this user alone
  int threads = 4;                               // that carry out requests
  int64_t most_header_bytes = 16 << 10;
  int64_t most_body_bytes = int64_t{64} << 20;
  int64_t most_connections = 1000;
  double request_seconds = 60;                   // within which a request has come whole and its answer was taken
  double event_seconds = 1;                      // between questions to an EventStream
  std::function<void()> on_idle = {};            // called now and then, to give back what nobody asks for any more
  double idle_seconds = 10;
};

class HttpListener {
 public:
  using Handler = std::function<ServerAnswer(const ServerRequest&)>;  // called by several threads; its exceptions become 500
  HttpListener(const ListenerOptions& options, Handler handler);      // Error(input) when the port cannot be had
  ~HttpListener();                               // requests that are being carried out end first
  int port() const;                              // 0 = a Unix socket

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tomograd
