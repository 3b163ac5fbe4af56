#include "base/temporaries.h"

#include <errno.h>
#include <signal.h>
#include <sys/random.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstring>
#include <regex>

#include "base/error.h"

namespace tomograd {
namespace {

std::atomic<uint64_t> temporary_number{0};

// Tells this process from another of the same number: in containers the number is the same at every start.
const std::string& process_token() {
  static const std::string token = [] {
    unsigned char bytes[8] = {};
    if (::getrandom(bytes, sizeof bytes, 0) != ssize_t(sizeof bytes)) {
      auto now = std::chrono::steady_clock::now().time_since_epoch().count();
      std::memcpy(bytes, &now, sizeof bytes);
    }
    std::string hex;
    for (unsigned char byte : bytes) hex += "0123456789abcdef"[byte >> 4], hex += "0123456789abcdef"[byte & 15];
    return hex;
  }();
  return token;
}

// "model.safetensors.tmp-4711-0123456789abcdef-3", or without the token as earlier versions wrote it.
bool is_stale_temporary(const std::string& name) {
  static const std::regex form(R"(.+\.tmp-([0-9]{1,10})-(?:([0-9a-f]{16})-)?[0-9]+)");
  std::smatch parts;
  if (!std::regex_match(name, parts, form)) return false;
  int64_t writer = std::stoll(parts[1]);
  if (writer == ::getpid()) return parts[2] != process_token();
  return writer > 0 && writer <= INT32_MAX && ::kill(pid_t(writer), 0) != 0 && errno == ESRCH;
}

}  // namespace

std::string temporary_name(const std::string& path) { return text(path, ".tmp-", ::getpid(), "-", process_token(), "-", temporary_number++); }

int64_t remove_stale_temporaries(Env& env, const std::string& folder, int depth) {
  int64_t removed = 0;
  if (env.kind(folder) != FileKind::directory) return 0;
  for (const auto& name : env.list(folder)) {
    std::string path = join_path(folder, name);
    FileKind kind = env.kind(path);
    if (kind == FileKind::directory && depth > 0) removed += remove_stale_temporaries(env, path, depth - 1);
    if (kind != FileKind::file || !is_stale_temporary(name)) continue;
    env.remove_file(path);
    ++removed;
  }
  return removed;
}

}  // namespace tomograd
