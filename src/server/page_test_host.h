// For tests: folders with an experiment, a dataset and a page, a server for them on a free loopback port, and a client that sends bytes
// as they are, so that it can be as rude as an attacker.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "base/env.h"
#include "base/error.h"
#include "dataset/dataset.h"
#include "experiments/open_store.h"
#include "server/answer_check.h"
#include "server/page_server.h"
#include "server/route_table.h"
#include "spec/experiment_spec.h"
#include "spec/text_formats.h"
#include "volume/nifti.h"

namespace tomograd {

struct Answered {
  int status = 0;                                // 0: closed without an answer
  std::map<std::string, std::string> headers;    // names in lower case
  std::string body;
  Value json() const { return parse_json(body, "answer"); }
};

inline int connected(int port) {
  int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET, address.sin_addr.s_addr = htonl(INADDR_LOOPBACK), address.sin_port = htons(uint16_t(port));
  EXPECT_EQ(::connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  return socket;
}

inline int connected(const std::string& path) {
  int socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  EXPECT_EQ(::connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  return socket;
}

inline void send_bytes(int socket, const std::string& bytes) {
  for (size_t sent = 0; sent < bytes.size();) {
    ssize_t n = ::send(socket, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (n <= 0) break;
    sent += size_t(n);
  }
}

// All that comes until the other end closes, or until `enough` says so.
inline std::string received(int socket, const std::function<bool(const std::string&)>& enough = [](const std::string&) { return false; }) {
  std::string all;
  char piece[65536];
  for (ssize_t n; !enough(all) && (n = ::recv(socket, piece, sizeof piece, 0)) > 0;) all.append(piece, size_t(n));
  return all;
}

inline Answered taken_apart(const std::string& raw) {
  Answered answer;
  size_t end = raw.find("\r\n\r\n");
  if (raw.size() < 12 || end == std::string::npos) return answer;
  answer.status = std::atoi(raw.substr(9, 3).c_str()), answer.body = raw.substr(end + 4);
  for (size_t at = raw.find("\r\n") + 2; at < end + 2;) {
    size_t stop = raw.find("\r\n", at), colon = raw.find(':', at);
    std::string name = raw.substr(at, colon - at);
    for (char& c : name) c = char(std::tolower(static_cast<unsigned char>(c)));
    answer.headers[name] = raw.substr(colon + 2, stop - colon - 2);
    at = stop + 2;
  }
  return answer;
}

class PageHost {
 public:
  PageHost() {
    std::string pattern = (std::filesystem::is_directory("/dev/shm") ? "/dev/shm/tomograd-page-XXXXXX" : "/tmp/tomograd-page-XXXXXX");
    top_ = ::mkdtemp(pattern.data());
    for (const char* folder : {"study", "page/assets", "outside"}) std::filesystem::create_directories(top_ + "/" + folder);
    write("page/index.html", "<!doctype html><title>the page</title>");
    write("page/assets/app-1a2b.js", "export {}");
    write("outside/canary.txt", canary);
    write("canary.txt", canary);
    options.folders = {top_ + "/study"}, options.page = top_ + "/page", options.version = "test", options.program = "/bin/false", options.event_seconds = 0.02;
    options.decoder = {"/proc/self/exe", "--gtest_filter=DecodeChild.DISABLED_Run", "--gtest_also_run_disabled_tests"};
    options.on_request = [this](const RequestNote& note) {
      std::lock_guard lock(mutex_);
      notes_ += note.method + " " + note.route + "\n";
    };
  }
  ~PageHost() {
    server_.reset();
    std::filesystem::remove_all(top_);
  }

  static constexpr const char* canary = "canary: nobody may read this";
  PageOptions options;
  bool check_answers = true;                     // false where programs answer that are none of ours

  void start(Clock& clock = system_clock()) { server_ = std::make_unique<PageServer>(options, clock); }
  void stop() { server_.reset(); }
  PageServer& server() { return *server_; }
  std::string path(const std::string& name) const { return top_ + "/" + name; }
  std::string study(const std::string& name) const { return top_ + "/study/" + name; }
  void write(const std::string& name, const std::string& content) const {
    std::filesystem::create_directories(std::filesystem::path(top_ + "/" + name).parent_path());
    std::ofstream(top_ + "/" + name, std::ios::binary) << content;
  }
  std::string notes() {
    std::lock_guard lock(mutex_);
    return notes_;
  }

  std::string bearer() const { return "Authorization: Bearer " + server_->token() + "\r\n"; }
  std::string cookie() const { return text("Cookie: a=b; tomograd_", server_->port(), "=", server_->token(), "\r\n"); }
  std::string host() const { return text("Host: 127.0.0.1:", server_->port(), "\r\n"); }
  std::string origin() const { return text("Origin: http://127.0.0.1:", server_->port(), "\r\n"); }

  // As it is, and what comes back.
  Answered raw(const std::string& request) const {
    int socket = connected(server_->port());
    send_bytes(socket, request);
    std::string all = received(socket);
    ::close(socket);
    return taken_apart(all);
  }
  Answered ask(const std::string& method, const std::string& target, const std::string& headers, const std::string& body = "") const {
    std::string with_body = method == "POST" ? text("Content-Length: ", body.size(), "\r\n") : "";
    Answered answer = raw(method + " " + target + " HTTP/1.1\r\nConnection: close\r\n" + headers + with_body + "\r\n" + body);
    check_shape(method, target, answer);
    return answer;
  }
  // Whatever a test asks for, the answer is what docs/openapi.json says of its route.
  void check_shape(const std::string& method, const std::string& target, const Answered& answer) const {
    const auto parsed = parse_target(target);
    auto type = answer.headers.find("content-type");
    if (!check_answers || !parsed || answer.body.empty() || answer.headers.contains("content-encoding") || type == answer.headers.end() || type->second != "application/json") return;
    const RouteTable& table = server_->routes();
    const auto found = table.find(method, parsed->path);
    const std::string shape = answer.status >= 400 ? "ErrorAnswer" : found.route ? found.route->shape : "";
    if (!shape.empty()) {
      EXPECT_EQ(what_differs(table.shapes, shape, answer.json()), "") << method << " " << target;
    }
  }
  Answered get(const std::string& target, const std::string& more = "") const { return ask("GET", target, host() + bearer() + more); }
  Value::List items(const std::string& target, const char* key) const { return get(target).json().at(key).as_list(); }
  Answered post(const std::string& target, const std::string& body) const { return ask("POST", target, host() + bearer() + "Content-Type: application/json\r\n", body); }

  // A leave-one-out of two channels and two patients, of which `complete` trials are done.
  std::unique_ptr<TrialStore> make_experiment(const std::string& name, int64_t complete = 6, int64_t trials = 6, Clock& clock = system_clock(), const std::string& address = "") const {
    std::filesystem::create_directories(study(name));
    StoreOptions create;
    create.create = true;
    auto store = open_trial_store(address.empty() ? study(name + "/experiment.sqlite") : address, clock, create);
    if (!address.empty()) write("study/" + name + "/store.address", address + "\n");
    ExperimentSpec spec;
    spec.name = name, spec.run = parse_json(R"({"max_steps": 100})", "run");
    ExperimentRecord record;
    record.name = name, record.spec = spec_to_value(spec), record.fingerprint = "f";
    record.facts["channels"] = Value(Value::List{"A", "B"}), record.facts["patients"] = Value(Value::List{"P1", "P2"});
    std::vector<PlannedTrial> planned;
    for (int64_t i = 0; i < trials; ++i) {
      PlannedTrial trial;
      trial.number = i + 1;
      std::string left_out = i / 2 % 3 == 0 ? "" : i / 2 % 3 == 1 ? "A" : "B", patient = text("P", i % 2 + 1);
      trial.settings["seed"] = i / 6, trial.settings["preprocess.leave_out"] = left_out.empty() ? Value(Value::List{}) : Value(Value::List{left_out});
      trial.design["left_out"] = left_out, trial.design["test_name"] = patient, trial.design["test"] = Value(Value::List{patient}), trial.design["repeat"] = i / 6, trial.design["seed"] = i / 6;
      planned.push_back(trial);
    }
    store->create(record, planned);
    for (int64_t i = 0; i < complete; ++i) finish_one(*store, 0.5 + 0.01 * double(i));
    return store;
  }
  static void finish_one(TrialStore& store, double dice) {
    auto claim = store.claim(text("w-", dice), text("c", dice, store.counts().complete));
    ASSERT_TRUE(claim);
    TrialOutcome outcome;
    Value test = Value::table();
    const std::string patient = claim->design.at("test_name").as_text();
    test["case"] = patient + "-1", test["patient"] = patient, test["classes"] = Value(Value::List{"x"}), test["dice"] = Value(Value::List{dice});
    outcome.metrics["test"] = Value(Value::List{test}), outcome.metrics["steps"] = int64_t{100}, outcome.timing["seconds"] = 2.5;
    store.complete(*claim, outcome, text("e", claim->trial));
  }

  // Voxel (z, y, x) has the value 100 z + 10 y + x.
  std::string make_volume(const std::string& name, Extent size) const {
    Volume volume{Geometry{size, {{{1, 0, 0, -3}, {0, 1, 0, 5}, {0, 0, 2, 7}}}}, Buffer<float>(size.voxels())};
    for (int64_t z = 0; z < size.z; ++z)
      for (int64_t y = 0; y < size.y; ++y)
        for (int64_t x = 0; x < size.x; ++x) volume.voxels[volume.index(z, y, x)] = float(100 * z + 10 * y + x);
    std::filesystem::create_directories(std::filesystem::path(study(name)).parent_path());
    write_nifti(system_env(), study(name), volume);
    return study(name);
  }
  void make_dataset(const std::string& name, const std::vector<std::string>& images) const {
    Dataset dataset;
    dataset.modalities = {"T1", "T2"}, dataset.labels = {{"tumour", {1}}};
    for (size_t i = 0; i < images.size(); ++i) {
      Case item;
      item.id = text("P", i + 1, "-1"), item.patient = text("P", i + 1), item.images["T1"] = images[i], item.geometry.size = {3, 4, 5}, item.geometry.affine = {{{1, 0, 0, -3}, {0, 1, 0, 5}, {0, 0, 2, 7}}};
      dataset.cases.push_back(item);
    }
    std::filesystem::create_directories(std::filesystem::path(study(name)).parent_path());
    write_dataset(system_env(), dataset, study(name));
  }

 private:
  std::string top_;
  std::mutex mutex_;
  std::string notes_;
  std::unique_ptr<PageServer> server_;
};

}  // namespace tomograd
