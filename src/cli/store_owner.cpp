#include "cli/store_owner.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <mutex>

#include "base/clock.h"
#include "base/env.h"
#include "base/error.h"
#include "experiments/http_store.h"
#include "spec/text_formats.h"

namespace tomograd {
namespace {

constexpr double request_seconds = 60;

std::string owner_path(const std::string& folder) { return join_path(folder, "owner.json"); }

// By hand, because a published file takes the rights that the user's mask gives it, and this one holds a secret.
void write_secret(const std::string& path, const std::string& content) {
  const std::string part = path + ".part";
  ::unlink(part.c_str());
  int file = ::open(part.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  bool written = file >= 0 && ::write(file, content.data(), content.size()) == ssize_t(content.size()) && ::fsync(file) == 0;
  int error = errno;
  if (file >= 0) ::close(file);
  if (written && ::rename(part.c_str(), path.c_str()) == 0) return;
  fail_failure(text("writing '", path, "': ", std::strerror(written ? errno : error)));
}

struct Owner { std::string address, token; };

Owner owner_of(const std::string& folder) {
  if (system_env().kind(owner_path(folder)) != FileKind::file) fail_input("'" + folder + "' has no owner.json: nobody serves this experiment", "tomograd experiment run EXPERIMENT.toml --on slurm, or experiment resume --on slurm, does");
  Value v = parse_json(read_text(system_env(), owner_path(folder)), "owner.json");
  return {v.at("address").as_text(), v.at("token").as_text()};
}

// Follows the owner to its new address when it does not answer at the old one.
class FollowingTransport {
 public:
  explicit FollowingTransport(std::string folder) : folder_(std::move(folder)), owner_(owner_of(folder_)), transport_(curl_transport(owner_.address, owner_.token, request_seconds)) {}

  StoreAnswer ask(const std::string& method, const std::string& body) {
    StoreAnswer answer = current()(method, body);
    if (answer.status != 0 && answer.status != 401) return answer;
    std::lock_guard lock(mutex_);
    try {
      Owner now = owner_of(folder_);
      if (now.address == owner_.address && now.token == owner_.token) return answer;
      owner_ = now, transport_ = curl_transport(now.address, now.token, request_seconds);
      return {0, {}, "its owner has moved to " + now.address};
    } catch (const Error& error) {
      return {0, {}, error.what()};
    }
  }

 private:
  StoreTransport current() {
    std::lock_guard lock(mutex_);
    return transport_;
  }

  std::string folder_;
  std::mutex mutex_;
  Owner owner_;
  StoreTransport transport_;
};

}  // namespace

StoreOwner::StoreOwner(TrialStore& store, const std::string& folder, const OwnerOptions& options) : folder_(folder) {
  std::string token = new_store_token();
  ListenerOptions listener;
  listener.address = options.listen, listener.port = options.port;
  int port = server_.start(listener, token, store);
  address_ = text("http://", options.listen, ":", port);
  Value v = Value::table();
  v["format"] = "tomograd.owner/1", v["address"] = address_, v["token"] = token;
  write_secret(owner_path(folder_), to_json(v) + "\n");
}

// Without the file, workers that start now say at once that there is nobody instead of asking for minutes.
StoreOwner::~StoreOwner() {
  server_.stop();
  ::unlink(owner_path(folder_).c_str());
}

std::unique_ptr<TrialStore> open_served_experiment(const std::string& folder, double patience_seconds) {
  auto transport = std::make_shared<FollowingTransport>(folder);
  return open_carried_store([transport](const std::string& method, const std::string& body) { return transport->ask(method, body); }, "the experiment's owner", system_clock(), patience_seconds);
}

}  // namespace tomograd
