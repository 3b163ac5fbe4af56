#ifdef TOMOGRAD_BEAST
#include "server/http_listener.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#ifdef __SANITIZE_THREAD__
#pragma GCC diagnostic ignored "-Wtsan"           // Asio's fences; the sanitizer follows its locks
#endif
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
using Local = asio::local::stream_protocol;
using Any = asio::generic::stream_protocol;      // both of them, once connected
using Stream = beast::basic_stream<Any, asio::any_io_executor, beast::unlimited_rate_policy>;

constexpr double silent_seconds = 15;            // after which an event stream says that it is still there

namespace {

// Another program that is started while we run must not keep our port.
void close_on_exec(int file) { ::fcntl(file, F_SETFD, FD_CLOEXEC); }

bool same_user(int socket) {
  ucred peer{};
  socklen_t bytes = sizeof peer;
  return ::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &bytes) == 0 && (peer.uid == ::geteuid() || peer.uid == 0);
}

// A socket that a killed server left behind is taken away; one that somebody listens to is not.
void make_way(asio::io_context& io, const std::string& path) {
  struct stat facts {};
  if (::lstat(path.c_str(), &facts) != 0) return;
  if (!S_ISSOCK(facts.st_mode)) fail_input("'" + path + "' is there and no socket", "choose another --socket");
  Local::socket probe(io);
  beast::error_code error;
  probe.connect(Local::endpoint(path), error);
  if (!error) fail_input("somebody listens at '" + path + "' already", "choose another --socket");
  ::unlink(path.c_str());
}

}  // namespace

struct HttpListener::State {
  ListenerOptions options;
  Handler handler;
  asio::io_context io;
  Tcp::acceptor acceptor{io};
  Local::acceptor local{io};
  std::atomic<int64_t> connections{0};
  std::vector<std::thread> threads;

  std::chrono::milliseconds patience() const { return milliseconds(options.request_seconds); }
  static std::chrono::milliseconds milliseconds(double seconds) { return std::chrono::milliseconds(int64_t(seconds * 1000)); }

  // What both kinds of answers say.
  template <class Response>
  static void put_headers(Response& response, const ServerAnswer& given) {
    response.set(http::field::content_type, given.type);
    response.set(http::field::cache_control, "no-store");
    response.set("X-Content-Type-Options", "nosniff");
    for (const auto& [name, value] : given.headers) response.set(name, value);
  }

  ServerAnswer ask(const http::request<http::string_body>& request) {
    // Of a header that is there twice, others may have looked at the one and we at the other.
    auto text_of = [&](http::field field) { return request.count(field) == 1 ? std::string(request[field]) : std::string(); };
    auto named = [&](const char* name) { return request.count(name) == 1 ? std::string(request[name]) : std::string(); };
    // A body that is packed would have to be unpacked before its size is known.
    if (!request[http::field::content_encoding].empty()) return {415, R"({"error":{"kind":"input","message":"a request with Content-Encoding"}})"};
    ServerRequest asked{std::string(request.method_string()), std::string(request.target()), text_of(http::field::host), text_of(http::field::authorization), request.body()};
    asked.origin = text_of(http::field::origin), asked.cookie = text_of(http::field::cookie), asked.content_type = text_of(http::field::content_type), asked.fetch_site = named("Sec-Fetch-Site");
    asked.accept_encoding = text_of(http::field::accept_encoding), asked.if_none_match = text_of(http::field::if_none_match);
    if (request.count(http::field::origin) > 1) asked.origin = "null";   // not sent would be allowed
    try {
      return handler(asked);
    } catch (const std::exception&) {            // what it says may name files
      return {500, R"({"error":{"kind":"failure","message":"the server failed"}})"};
    }
  }

  asio::awaitable<void> refuse(Stream& stream, http::status status) {
    http::response<http::string_body> response{status, 11};
    response.keep_alive(false);
    response.prepare_payload();
    co_await http::async_write(stream, response, asio::as_tuple(asio::use_awaitable));
    // What is still on its way to us would end the connection before the client has read this.
    beast::error_code ignored;
    stream.socket().shutdown(asio::socket_base::shutdown_send, ignored);
    stream.expires_after(std::chrono::seconds(2));
    char rest[4096];
    for (int i = 0; i < 64; ++i) {
      auto [error, bytes] = co_await stream.async_read_some(asio::buffer(rest), asio::as_tuple(asio::use_awaitable));
      if (error) break;
    }
  }

  // The body has no end that is known, so the end of the connection is its end.
  asio::awaitable<void> send_events(Stream& stream, ServerAnswer given) {
    http::response<http::empty_body> head{http::status::ok, 11};
    put_headers(head, given);
    head.keep_alive(false);
    http::response_serializer<http::empty_body> serializer{head};
    stream.expires_after(patience());
    auto [failed, sent] = co_await http::async_write_header(stream, serializer, asio::as_tuple(asio::use_awaitable));
    if (failed) co_return;
    asio::steady_timer timer(co_await asio::this_coro::executor);
    double silence = 0;
    for (;;) {
      std::string piece;
      try {
        piece = given.events->next();
      } catch (const std::exception&) {
        co_return;
      }
      if (piece.empty() && silence >= silent_seconds) piece = ":\n\n";
      silence += options.event_seconds;
      if (!piece.empty()) {
        silence = 0;
        stream.expires_after(patience());
        auto [error, bytes] = co_await asio::async_write(stream, asio::buffer(piece), asio::as_tuple(asio::use_awaitable));
        if (error) co_return;
        stream.expires_never();
      }
      timer.expires_after(milliseconds(options.event_seconds));
      co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
      char byte;                                 // a client that is gone is not asked for every 15 seconds
      if (::recv(stream.socket().native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0) co_return;
    }
  }

  asio::awaitable<void> serve(Any::socket socket) {
    Stream stream(std::move(socket));
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
      ServerAnswer given = ask(parser.get());
      if (given.events) {
        co_await send_events(stream, std::move(given));
        break;
      }
      http::response<http::string_body> response{http::status(given.status), parser.get().version()};
      put_headers(response, given);
      response.keep_alive(parser.get().keep_alive());
      response.body() = std::move(given.body);
      response.prepare_payload();
      stream.expires_after(patience());
      auto [failed, sent] = co_await http::async_write(stream, response, asio::as_tuple(asio::use_awaitable));
      if (failed || !response.keep_alive()) break;
    }
    beast::error_code ignored;
    stream.socket().shutdown(asio::socket_base::shutdown_both, ignored);
  }

  template <class Acceptor>
  asio::awaitable<void> accept_all(Acceptor& from) {
    for (;;) {
      // A strand for each connection: its timer and its reads never run at once.
      auto [error, socket] = co_await from.async_accept(asio::any_io_executor(asio::make_strand(io)), asio::as_tuple(asio::use_awaitable));
      if (error == asio::error::operation_aborted || !from.is_open()) co_return;
      if (error) {                               // out of descriptors, most likely
        asio::steady_timer pause(io, std::chrono::milliseconds(100));
        co_await pause.async_wait(asio::as_tuple(asio::use_awaitable));
        continue;
      }
      if (connections >= options.most_connections) continue;  // closed at once
      if (!options.socket.empty() && !same_user(socket.native_handle())) continue;
      ++connections;
      auto executor = socket.get_executor();
      asio::co_spawn(executor, serve(Any::socket(std::move(socket))), [this](std::exception_ptr) { --connections; });
    }
  }

  asio::awaitable<void> look_after() {
    asio::steady_timer timer(io);
    for (;;) {
      timer.expires_after(milliseconds(options.idle_seconds));
      auto [error] = co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
      if (error) co_return;
      options.on_idle();
    }
  }

  void listen_at_port() {
    Tcp::endpoint endpoint(asio::ip::make_address(options.address), static_cast<unsigned short>(options.port));
    acceptor.open(endpoint.protocol());
    close_on_exec(acceptor.native_handle());
    acceptor.set_option(asio::socket_base::reuse_address(true));
    acceptor.bind(endpoint);
    acceptor.listen();
  }

  void listen_at_socket() {
    make_way(io, options.socket);
    local.open();
    close_on_exec(local.native_handle());
    mode_t before = ::umask(077);                // it is nobody else's from its first moment
    beast::error_code error;
    local.bind(Local::endpoint(options.socket), error);
    ::umask(before);
    if (error) throw beast::system_error(error);
    ::chmod(options.socket.c_str(), 0700);
    local.listen();
  }
};

HttpListener::HttpListener(const ListenerOptions& options, Handler handler) : state_(std::make_unique<State>()) {
  State& s = *state_;
  s.options = options, s.handler = std::move(handler);
  const bool at_port = options.socket.empty();
  try {
    if (at_port) s.listen_at_port();
    else s.listen_at_socket();
  } catch (const Error&) {
    throw;
  } catch (const std::exception& error) {
    if (!at_port) fail_input(text("cannot listen at '", options.socket, "': ", error.what()), "a path of at most 107 bytes in a folder of yours");
    fail_input(text("cannot listen on ", options.address, " port ", options.port, ": ", error.what()), "choose another --port, or 0 for any free one");
  }
  if (at_port) asio::co_spawn(s.io, s.accept_all(s.acceptor), asio::detached);
  else asio::co_spawn(s.io, s.accept_all(s.local), asio::detached);
  if (options.on_idle) asio::co_spawn(s.io, s.look_after(), asio::detached);
  for (int i = 0; i < options.threads; ++i) s.threads.emplace_back([&s] { s.io.run(); });
}

HttpListener::~HttpListener() {
  state_->io.stop();
  for (auto& thread : state_->threads) thread.join();
  if (!state_->options.socket.empty()) ::unlink(state_->options.socket.c_str());
}

int HttpListener::port() const { return state_->options.socket.empty() ? state_->acceptor.local_endpoint().port() : 0; }

}  // namespace tomograd
#endif
