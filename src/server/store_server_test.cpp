#include "server/store_server.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/env.h"
#include "base/error.h"
#include "experiments/http_store.h"
#include "experiments/open_store.h"
#include "experiments/sqlite_host.h"
#include "experiments/store_suite_claims.h"
#include "experiments/store_suite_trials.h"
#include "experiments/test_child.h"

namespace tomograd {
namespace {

const std::string token = "a token for tests only";

class ServedHost : public StoreHost {
 public:
  ServedHost() : store_(file_.open()), port_(server_.start(0, token, *store_)) {}
  std::unique_ptr<TrialStore> open() override { return open_trial_store(address(), system_clock(), {false, token, 20}); }
  void advance(double seconds) override { file_.advance(seconds); }
  std::string address() const { return "http://127.0.0.1:" + std::to_string(port_); }
  int port() const { return port_; }

 private:
  SqliteHost file_;
  std::unique_ptr<TrialStore> store_;
  StoreServer server_;
  int port_;
};

int connect_to(int port) {
  int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET, address.sin_addr.s_addr = htonl(INADDR_LOOPBACK), address.sin_port = htons(uint16_t(port));
  EXPECT_EQ(::connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  return socket;
}

// What the server says to these bytes until it closes the connection.
std::string raw_answer(int port, const std::string& request) {
  int socket = connect_to(port);
  for (size_t sent = 0; sent < request.size();) {
    ssize_t n = ::send(socket, request.data() + sent, request.size() - sent, MSG_NOSIGNAL);
    if (n <= 0) break;
    sent += size_t(n);
  }
  std::string answer;
  char piece[4096];
  for (ssize_t n; (n = ::recv(socket, piece, sizeof piece, 0)) > 0;) answer.append(piece, size_t(n));
  ::close(socket);
  return answer;
}

std::string request_text(const std::string& method, const std::string& target, const std::string& authorization, const std::string& body = "{}") {
  return method + " " + target + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + (authorization.empty() ? "" : "Authorization: " + authorization + "\r\n") + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

TEST(StoreServer, AnswersThoseWhoHaveTheTokenOnly) {
  ServedHost host;
  auto status = [&](const std::string& request) { return raw_answer(host.port(), request).substr(9, 3); };
  EXPECT_EQ(status(request_text("POST", "/store/1/counts", "Bearer " + token)), "200");
  for (const std::string& wrong : {std::string(), std::string("Bearer"), "Bearer " + token + "x", "Bearer " + token.substr(1), "Basic " + token, token})
    EXPECT_EQ(status(request_text("POST", "/store/1/counts", wrong)), "401") << wrong;
  EXPECT_EQ(status(request_text("GET", "/store/1/counts", "Bearer " + token)), "405");
  EXPECT_EQ(status(request_text("POST", "/", "Bearer " + token)), "404");
  EXPECT_EQ(status(request_text("POST", "/store/1/nothing", "Bearer " + token)), "422");
  EXPECT_EQ(status(request_text("POST", "/store/1/claim", "Bearer " + token, "{\"owner\": 3")), "422");
  EXPECT_EQ(status("nonsense\r\n\r\n"), "400");
  EXPECT_EQ(status("POST /store/1/counts HTTP/1.1\r\nX: " + std::string(20'000, 'y') + "\r\n\r\n"), "431");
  EXPECT_EQ(status("POST /store/1/counts HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n"), "413");
  EXPECT_EQ(status("POST /store/1/counts HTTP/1.1\r\nConnection: close\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}"), "415");
  std::string message;
  try {
    open_trial_store(host.address(), system_clock(), {false, "another one that is wrong", 20})->counts();
  } catch (const Error& error) {
    message = error.message();
    EXPECT_EQ(error.kind(), ErrorKind::input);
  }
  EXPECT_NE(message.find("refuses our token"), std::string::npos) << message;
  StoreServer server;
  EXPECT_THROW(server.start(0, "short", *host.open()), Error);
}

TEST(StoreServer, AClientThatSendsSlowlyIsClosed) {
  SqliteHost file;
  auto store = file.open();
  StoreServer server;
  ListenerOptions options;
  options.request_seconds = 0.2;
  int port = server.start(options, token, *store), socket = connect_to(port);
  ::send(socket, "POST /st", 8, MSG_NOSIGNAL);
  char byte;
  EXPECT_LE(::recv(socket, &byte, 1, 0), 0);     // comes back by itself
  ::close(socket);
}

// Stands between client and server and loses every third answer, after the server has given it.
class LosingProxy {
 public:
  explicit LosingProxy(int server) : server_(server), listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET, address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t bytes = sizeof address;
    EXPECT_EQ(::bind(listener_, reinterpret_cast<sockaddr*>(&address), bytes), 0);
    ::listen(listener_, 16);
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &bytes);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] {
      for (int client; (client = ::accept(listener_, nullptr, nullptr)) >= 0;) carry(client);
    });
  }
  ~LosingProxy() {
    done_ = true;
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
  }
  std::string address() const { return "http://127.0.0.1:" + std::to_string(port_); }
  int lost() const { return lost_; }

 private:
  void carry(int client) {                       // one connection at a time, until one side or an answer is lost
    int server = connect_to(server_);
    pollfd ends[] = {{client, POLLIN, 0}, {server, POLLIN, 0}};
    char piece[65536];
    while (!done_) {
      if (::poll(ends, 2, 50) <= 0) continue;
      bool from_server = ends[1].revents != 0;
      ssize_t n = ::recv(from_server ? server : client, piece, sizeof piece, 0);
      if (n <= 0) break;
      if (from_server && ++answers_ % 3 == 0) {
        ++lost_;
        break;
      }
      ::send(from_server ? client : server, piece, size_t(n), MSG_NOSIGNAL);
    }
    ::close(client), ::close(server);
  }

  int server_, listener_, port_ = 0;
  std::atomic<bool> done_ = false;
  std::atomic<int> lost_ = 0;
  int answers_ = 0;
  std::thread thread_;
};

TEST(StoreServer, WhatIsAskedAgainAfterALostAnswerHappensOnce) {
  ServedHost host;
  host.open()->create(ExperimentRecord{.name = "x", .spec = Value::table(), .fingerprint = "f"}, [] {
    std::vector<PlannedTrial> trials(20);
    for (int64_t i = 0; i < 20; ++i) trials[size_t(i)].number = i + 1;
    return trials;
  }());
  LosingProxy proxy(host.port());
  auto store = open_trial_store(proxy.address(), system_clock(), {false, token, 20});
  for (int i = 0; i < 20; ++i) {
    auto claim = store->claim("w", text("c", i));
    ASSERT_TRUE(claim);
    EXPECT_EQ(claim->trial, i + 1);
    EXPECT_EQ(claim->attempt, 1);
    EXPECT_TRUE(store->heartbeat(*claim, 0.5));
    if (i % 2) store->complete(*claim, {}, text("e", i));
    else store->fail(*claim, "broke", false, text("e", i));
  }
  EXPECT_GE(proxy.lost(), 20);
  EXPECT_EQ(store->counts().complete, 10);
  EXPECT_EQ(store->counts().failed, 10);
  for (const auto& trial : host.open()->trials()) EXPECT_EQ(trial.attempts, 1);
}

// Not a test: a server that the test below kills.
TEST(ServerChild, DISABLED_Serve) {
  const char* folder = std::getenv("TOMOGRAD_SERVE_FOLDER");
  if (!folder) return;
  StoreOptions options;
  options.create = true;
  auto store = open_trial_store(std::string(folder) + "/experiment.sqlite", system_clock(), options);
  StoreServer server;
  int port = server.start(std::atoi(std::getenv("TOMOGRAD_SERVE_PORT")), token, *store);
  publish_text(system_env(), std::string(folder) + "/port", std::to_string(port));
  while (::getppid() == std::atoi(std::getenv("TOMOGRAD_SERVE_PARENT"))) ::usleep(20'000);
}

TEST(StoreServer, ClientsWaitForAServerThatWasKilledAndGoOn) {
  char name[] = "/tmp/tomograd_served_XXXXXX";
  std::string folder = ::mkdtemp(name), port = "0";
  auto serve = [&] { return start_test_child("ServerChild.DISABLED_Serve", {"TOMOGRAD_SERVE_FOLDER=" + folder, "TOMOGRAD_SERVE_PORT=" + port, "TOMOGRAD_SERVE_PARENT=" + std::to_string(::getpid())}); };
  pid_t child = serve();
  while (system_env().kind(folder + "/port") == FileKind::missing) ::usleep(10'000);
  port = read_text(system_env(), folder + "/port");
  std::string address = "http://127.0.0.1:" + port;
  std::vector<PlannedTrial> trials(60);
  for (int64_t i = 0; i < 60; ++i) trials[size_t(i)].number = i + 1;
  open_trial_store(address, system_clock(), {false, token, 60})->create(ExperimentRecord{.name = "x", .spec = Value::table(), .fingerprint = "f"}, trials);
  std::vector<std::jthread> workers;
  for (int w = 0; w < 3; ++w)
    workers.emplace_back([&, w] {
      auto store = open_trial_store(address, system_clock(), {false, token, 60});
      for (int i = 0;; ++i) {
        auto claim = store->claim(text("w", w), text("w", w, "/c", i));
        if (!claim) return;
        store->heartbeat(*claim, 0.5);
        TrialOutcome outcome;
        outcome.metrics["dice"] = claim->trial;
        ::usleep(5000);
        store->complete(*claim, outcome, text("w", w, "/e", i));
      }
    });
  for (int kills = 0; kills < 4; ++kills) {
    ::usleep(60'000);
    ::kill(child, SIGKILL);
    EXPECT_TRUE(was_killed(wait_for_child(child)));
    child = serve();
  }
  for (auto& worker : workers) worker.join();
  for (const auto& trial : open_trial_store(address, system_clock(), {false, token, 60})->trials()) {
    EXPECT_EQ(trial.state, TrialState::complete) << trial.number;
    EXPECT_EQ(trial.attempts, 1) << trial.number;
    EXPECT_EQ(trial.metrics.at("dice").as_integer(), trial.number);
  }
  ::kill(child, SIGKILL);
  wait_for_child(child);
  std::filesystem::remove_all(folder);
}

INSTANTIATE_TEST_SUITE_P(All, StoreSuite, ::testing::Values(StoreKind{"Http", [] { return std::make_unique<ServedHost>(); }}), store_kind_name);

}  // namespace
}  // namespace tomograd
