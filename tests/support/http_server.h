// A small HTTP/1.1 server on 127.0.0.1 for tests: a handler says what each request gets, misbehaviour included. One thread a
// connection, as clients keep theirs open; all of it ends with the object.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace tomograd {

struct ServedRequest {
  std::string method, target;                    // target: path and query
  std::map<std::string, std::string> headers;    // names in small letters
  int64_t number = 0;                            // of this server's requests, from 0
};

struct ServedAnswer {
  int status = 200;
  std::string body;
  std::vector<std::string> headers;              // "Name: value"
  int64_t promised = -1;                         // Content-Length where it is not the body's own
  bool close = false;                            // the connection, after the answer; with status 0 instead of one
  bool hang = false;                             // nothing is answered until the server ends or release() is called
};

class HttpServer {
 public:
  using Handler = std::function<ServedAnswer(const ServedRequest&)>;

  explicit HttpServer(Handler handler) : handler_(std::move(handler)), listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET, address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t bytes = sizeof address;
    if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), bytes) != 0 || ::listen(listener_, 64) != 0 || ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &bytes) != 0)
      throw std::runtime_error("no loopback socket");
    port_ = ntohs(address.sin_port);
    acceptor_ = std::thread([this] { accept_all(); });
  }
  ~HttpServer() {
    release();
    ::shutdown(listener_, SHUT_RDWR);
    acceptor_.join();
    ::close(listener_);
    {
      std::lock_guard lock(mutex_);
      for (int socket : sockets_) ::shutdown(socket, SHUT_RDWR);
    }
    for (auto& thread : threads_) thread.join();
    for (int socket : sockets_) ::close(socket);
  }

  std::string url(const std::string& path = "") const { return "http://127.0.0.1:" + std::to_string(port_) + path; }
  int64_t requests() const { return requests_; }
  int64_t connections() const { return connections_; }
  void release() {
    std::lock_guard lock(mutex_);
    released_ = true;
    wake_.notify_all();
  }

 private:
  void accept_all() {
    for (int socket; (socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC)) >= 0;) {
      std::lock_guard lock(mutex_);
      ++connections_;
      sockets_.push_back(socket);
      threads_.emplace_back([this, socket] { serve(socket); });
    }
  }

  void serve(int socket) {
    std::string waiting;
    while (true) {
      size_t end;
      while ((end = waiting.find("\r\n\r\n")) == std::string::npos) {
        char piece[4096];
        ssize_t got = ::recv(socket, piece, sizeof piece, 0);
        if (got <= 0) return;
        waiting.append(piece, size_t(got));
      }
      ServedRequest request = parse(waiting.substr(0, end));
      waiting.erase(0, end + 4);
      request.number = requests_++;
      ServedAnswer answer = handler_(request);
      if (answer.hang) {
        std::unique_lock lock(mutex_);
        wake_.wait(lock, [this] { return released_; });
      }
      if (answer.status != 0 && !send(socket, request, answer)) return;
      if (answer.close || answer.status == 0) {
        ::shutdown(socket, SHUT_RDWR);
        return;
      }
    }
  }

  static ServedRequest parse(const std::string& head) {
    ServedRequest request;
    size_t space = head.find(' ');
    request.method = head.substr(0, space), request.target = head.substr(space + 1, head.find(' ', space + 1) - space - 1);
    for (size_t at = head.find("\r\n"); at != std::string::npos; at = head.find("\r\n", at + 2)) {
      std::string line = head.substr(at + 2, head.find("\r\n", at + 2) - at - 2), name = line.substr(0, line.find(':'));
      for (char& c : name) c = char(std::tolower(static_cast<unsigned char>(c)));
      if (line.find(": ") != std::string::npos) request.headers[name] = line.substr(line.find(": ") + 2);
    }
    return request;
  }

  static bool send(int socket, const ServedRequest& request, const ServedAnswer& answer) {
    std::string all = "HTTP/1.1 " + std::to_string(answer.status) + " x\r\n";
    for (const auto& header : answer.headers) all += header + "\r\n";
    all += "Content-Length: " + std::to_string(answer.promised >= 0 ? answer.promised : int64_t(answer.body.size())) + "\r\n\r\n";
    if (request.method != "HEAD") all += answer.body;
    for (size_t done = 0; done < all.size();) {
      ssize_t sent = ::send(socket, all.data() + done, all.size() - done, MSG_NOSIGNAL);
      if (sent <= 0) return false;
      done += size_t(sent);
    }
    return true;
  }

  Handler handler_;
  int listener_, port_ = 0;
  std::thread acceptor_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool released_ = false;
  std::vector<int> sockets_;
  std::vector<std::thread> threads_;
  std::atomic<int64_t> requests_{0}, connections_{0};
};

// What a server with ranges answers: 206 with the part asked for, 200 without a Range, 416 behind the end.
inline ServedAnswer serve_file(const ServedRequest& request, const std::string& content, const std::string& etag = "\"1\"") {
  ServedAnswer answer;
  answer.headers.push_back("ETag: " + etag);
  auto range = request.headers.find("range");
  if (range == request.headers.end()) {
    answer.body = content;
    if (request.method == "HEAD") answer.promised = int64_t(content.size());
    return answer;
  }
  size_t first = std::stoull(range->second.substr(6)), last = std::min<size_t>(std::stoull(range->second.substr(range->second.find('-') + 1)), content.size() - 1);
  if (first >= content.size()) {
    answer.status = 416, answer.headers.push_back("Content-Range: bytes */" + std::to_string(content.size()));
    return answer;
  }
  answer.status = 206, answer.body = content.substr(first, last - first + 1);
  answer.headers.push_back("Content-Range: bytes " + std::to_string(first) + "-" + std::to_string(last) + "/" + std::to_string(content.size()));
  return answer;
}

}  // namespace tomograd
