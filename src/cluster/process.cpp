#include "cluster/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "base/clock.h"
#include "base/environment.h"
#include "base/error.h"

namespace tomograd {
namespace {

constexpr double linger_seconds = 0.5;           // for what a command left behind may still hold its output open

class Pipe {
 public:
  Pipe() {
    if (::pipe2(ends_, O_CLOEXEC) != 0) fail_failure(text("no pipe to a command: ", std::strerror(errno)));
    ::fcntl(ends_[0], F_SETFL, O_NONBLOCK);
  }
  ~Pipe() { close_write(), close_read(); }
  int read_end() const { return ends_[0]; }
  int write_end() const { return ends_[1]; }
  void close_write() { close_end(ends_[1]); }
  void close_read() { close_end(ends_[0]); }

  // All that is there now; closes at its end. Returns true when output was dropped.
  bool drain(std::string& into, int64_t limit) {
    char bytes[65536];
    bool cut = false;
    while (ends_[0] >= 0) {
      ssize_t got = ::read(ends_[0], bytes, sizeof bytes);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0 && errno == EAGAIN) break;
      if (got <= 0) {
        close_read();
        break;
      }
      int64_t keep = std::min<int64_t>(got, std::max<int64_t>(0, limit - int64_t(into.size())));
      into.append(bytes, size_t(keep));
      cut = cut || keep < got;
    }
    return cut;
  }

 private:
  static void close_end(int& end) {
    if (end >= 0) ::close(end);
    end = -1;
  }
  int ends_[2] = {-1, -1};
};

}  // namespace

CommandAnswer run_command(const Command& command) {
  if (command.argv.empty()) fail_failure("an empty command was to be run");
  std::vector<std::string> arguments = command.argv, variables = environment_with(command.environment, command.without);
  std::vector<char*> argv = exec_list(arguments), envp = exec_list(variables);

  Pipe out, err;
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, out.write_end(), 1);
  posix_spawn_file_actions_adddup2(&actions, err.write_end(), 2);
  // A group of its own, so that a time-out reaches its children too; and no signal of ours blocked or ignored in it.
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none, all;
  sigemptyset(&none), sigfillset(&all);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  pid_t child = 0;
  int code = ::posix_spawnp(&child, argv[0], &actions, &attributes, argv.data(), envp.data());
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  CommandAnswer answer;
  if (code == ENOENT || code == EACCES || code == ENOTDIR) {
    answer.found = false;
    return answer;
  }
  if (code != 0) fail_failure(text("starting '", command.argv[0], "': ", std::strerror(code)));
  out.close_write(), err.close_write();

  double began = system_clock().monotonic_seconds(), ended = 0;
  int status = 0;
  for (;;) {
    if (out.drain(answer.out, command.output_limit)) answer.cut = true;
    if (err.drain(answer.err, command.output_limit)) answer.cut = true;
    double now = system_clock().monotonic_seconds();
    bool open = out.read_end() >= 0 || err.read_end() >= 0;
    if (ended == 0 && ::waitpid(child, &status, WNOHANG) == child) ended = now;
    if (ended > 0 && (!open || now - ended > linger_seconds)) break;
    if (ended == 0 && (now - began > command.seconds || command.stop.stop_requested())) {
      answer.timed_out = true;
      ::kill(-child, SIGKILL);
      ::waitpid(child, &status, 0);
      ended = now;
    }
    pollfd files[2] = {{out.read_end(), POLLIN, 0}, {err.read_end(), POLLIN, 0}};  // poll skips those below 0
    ::poll(files, 2, open && ended == 0 ? 20 : 2);
  }
  if (answer.timed_out) return answer;
  if (WIFEXITED(status)) answer.exit_code = WEXITSTATUS(status);
  else answer.signal = WTERMSIG(status);
  return answer;
}

std::string describe(const Command& command, const CommandAnswer& answer) {
  std::string name = "'" + command.argv.at(0) + "'";
  if (!answer.found) return name + " was not found";
  std::string result = answer.timed_out ? text(name, " gave no answer within ", command.seconds, " s") : answer.signal ? text(name, " was killed by signal ", answer.signal) : text(name, " ended with exit code ", answer.exit_code);
  std::string said = answer.err.empty() ? answer.out : answer.err;
  if (said.size() > 400) said = said.substr(0, 400) + " ...";
  while (!said.empty() && std::strchr(" \n\r\t", said.back())) said.pop_back();
  for (char& c : said)
    if (static_cast<unsigned char>(c) < 32) c = ' ';
  return said.empty() ? result : result + ": " + said;
}

}  // namespace tomograd
