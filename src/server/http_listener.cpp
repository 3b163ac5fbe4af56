#ifdef TOMOGRAD_BEAST
#include "server/http_listener.h"

#include <boost/asio.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

#include <atomic>
#include <thread>
#include <vector>

#include "base/error.h"

namespace tomograd {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using Tcp = asio::ip::tcp;

struct HttpListener::State {
  ListenerOptions options;
  Handler handler;
  asio::io_context io;
  Tcp::acceptor acceptor{io};
  std::atomic<int64_t> connections{0};
  std::vector<std::thread> threads;

  std::chrono::milliseconds patience() const { return std::chrono::milliseconds(int64_t(options.request_seconds * 1000)); }

  http::response<http::string_body> answer(const http::request<http::string_body>& request) {
    auto text_of = [&](http::field field) { return std::string(request[field]); };
    ServerAnswer given;
    // A body that is packed would have to be unpacked before its size is known.
    if (!request[http::field::content_encoding].empty()) given = {415, R"({"error":{"kind":"input","message":"a request with Content-Encoding"}})"};
    else try {
      given = handler({std::string(request.method_string()), std::string(request.target()), text_of(http::field::host), text_of(http::field::authorization), request.body()});
    } catch (const std::exception&) {            // what it says may name files
      given = {500, R"({"error":{"kind":"failure","message":"the server failed"}})"};
    }
    http::response<http::string_body> response{http::status(given.status), request.version()};
    response.set(http::field::content_type, given.type);
    response.set(http::field::cache_control, "no-store");
    response.set("X-Content-Type-Options", "nosniff");
    response.keep_alive(request.keep_alive());
    response.body() = std::move(given.body);
    response.prepare_payload();
    return response;
  }

  asio::awaitable<void> refuse(beast::tcp_stream& stream, http::status status) {
    http::response<http::string_body> response{status, 11};
    response.keep_alive(false);
    response.prepare_payload();
    co_await http::async_write(stream, response, asio::as_tuple(asio::use_awaitable));
    // What is still on its way to us would end the connection before the client has read this.
    beast::error_code ignored;
    stream.socket().shutdown(Tcp::socket::shutdown_send, ignored);
    stream.expires_after(std::chrono::seconds(2));
    char rest[4096];
    for (int i = 0; i < 64; ++i) {
      auto [error, bytes] = co_await stream.async_read_some(asio::buffer(rest), asio::as_tuple(asio::use_awaitable));
      if (error) break;
    }
  }

  asio::awaitable<void> serve(Tcp::socket socket) {
    beast::tcp_stream stream(std::move(socket));
    beast::flat_buffer buffer;
    for (;;) {
      http::request_parser<http::string_body> parser;
      parser.header_limit(uint32_t(options.most_header_bytes));
      parser.body_limit(uint64_t(options.most_body_bytes));
      stream.expires_after(patience());
      auto [error, bytes] = co_await http::async_read(stream, buffer, parser, asio::as_tuple(asio::use_awaitable));
      if (error == http::error::body_limit) co_await refuse(stream, http::status::payload_too_large);
      else if (error == http::error::header_limit) co_await refuse(stream, http::status::request_header_fields_too_large);
      else if (error && error != http::error::end_of_stream && error.category() == beast::error_code(http::error::bad_method).category()) co_await refuse(stream, http::status::bad_request);
      if (error) break;
      stream.expires_never();                    // the handler may take its time
      auto response = answer(parser.get());
      stream.expires_after(patience());
      auto [failed, sent] = co_await http::async_write(stream, response, asio::as_tuple(asio::use_awaitable));
      if (failed || !response.keep_alive()) break;
    }
    beast::error_code ignored;
    stream.socket().shutdown(Tcp::socket::shutdown_both, ignored);
  }

  asio::awaitable<void> accept_all() {
    for (;;) {
      // A strand for each connection: its timer and its reads never run at once.
      auto [error, socket] = co_await acceptor.async_accept(asio::any_io_executor(asio::make_strand(io)), asio::as_tuple(asio::use_awaitable));
      if (error == asio::error::operation_aborted || !acceptor.is_open()) co_return;
      if (error) {                               // out of descriptors, most likely
        asio::steady_timer pause(io, std::chrono::milliseconds(100));
        co_await pause.async_wait(asio::as_tuple(asio::use_awaitable));
        continue;
      }
      if (connections >= options.most_connections) continue;  // closed at once
      ++connections;
      auto executor = socket.get_executor();
      asio::co_spawn(executor, serve(std::move(socket)), [this](std::exception_ptr) { --connections; });
    }
  }
};

HttpListener::HttpListener(const ListenerOptions& options, Handler handler) : state_(std::make_unique<State>()) {
  State& s = *state_;
  s.options = options, s.handler = std::move(handler);
  try {
    Tcp::endpoint endpoint(asio::ip::make_address(options.address), static_cast<unsigned short>(options.port));
    s.acceptor.open(endpoint.protocol());
    s.acceptor.set_option(asio::socket_base::reuse_address(true));
    s.acceptor.bind(endpoint);
    s.acceptor.listen();
  } catch (const std::exception& error) {
    fail_input(text("cannot listen on ", options.address, " port ", options.port, ": ", error.what()), "choose another --port, or 0 for any free one");
  }
  asio::co_spawn(s.io, s.accept_all(), asio::detached);
  for (int i = 0; i < options.threads; ++i) s.threads.emplace_back([&s] { s.io.run(); });
}

HttpListener::~HttpListener() {
  state_->io.stop();
  for (auto& thread : state_->threads) thread.join();
}

int HttpListener::port() const { return state_->acceptor.local_endpoint().port(); }

}  // namespace tomograd
#endif
