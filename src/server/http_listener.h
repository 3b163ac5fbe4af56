// A small HTTP/1.1 server (Boost.Beast, seen by http_listener.cpp alone): listens, limits what a client may cost, and gives
// each whole request to one function. Connections are kept open and closed when nothing comes.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace tomograd {

struct ServerRequest {
  std::string method, target;                    // target: as it was sent, path and query
  std::string host, authorization;               // headers, "" = not sent
  std::string body;
};

struct ServerAnswer {
  int status = 200;
  std::string body;
  std::string type = "application/json";
};

struct ListenerOptions {
  std::string address = "127.0.0.1";             // other than loopback: anybody on the network reaches it
  int port = 0;                                  // 0 = any free one
  int threads = 4;                               // that carry out requests
  int64_t most_header_bytes = 16 << 10;
  int64_t most_body_bytes = int64_t{64} << 20;
  int64_t most_connections = 1000;
  double request_seconds = 60;                   // within which a request has come whole and its answer was taken
};

class HttpListener {
 public:
  using Handler = std::function<ServerAnswer(const ServerRequest&)>;  // called by several threads; its exceptions become 500
  HttpListener(const ListenerOptions& options, Handler handler);      // Error(input) when the port cannot be had
  ~HttpListener();                               // requests that are being carried out end first
  int port() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tomograd
