#include "server/decoder_process.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cmath>
#include <cstdlib>
#include <cstring>

#include "base/environment.h"
#include "base/error.h"
#include "server/decode_worker.h"
#include "spec/text_formats.h"

namespace tomograd {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool reports_of_sanitizers = true;
#else
constexpr bool reports_of_sanitizers = false;    // what a library says when it gives up may name files
#endif
constexpr double start_seconds = 30;

struct SocketPair {
  int ours = -1, theirs = -1;
};

SocketPair socket_pair(double send_seconds) {
  int both[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, both) != 0) fail_failure(text("a socket pair: ", std::strerror(errno)));
  timeval most{time_t(std::ceil(send_seconds)), 0};
  ::setsockopt(both[0], SOL_SOCKET, SO_SNDTIMEO, &most, sizeof most);   // who does not read does not hold us up for ever
  return {both[0], both[1]};
}

// Nothing secret: keys and passwords stand in environments.
std::vector<std::string> worker_environment() {
  std::vector<std::string> all{"MALLOC_ARENA_MAX=2"};      // of the 64 MiB that each reserves
  for (const char* name : {"LD_LIBRARY_PATH", "TOMOGRAD_ISA", "TOMOGRAD_FAILPOINTS", "ASAN_OPTIONS", "TSAN_OPTIONS", "UBSAN_OPTIONS"})
    if (const char* value = std::getenv(name)) all.push_back(std::string(name) + "=" + value);
  return all;
}

// Other threads run while this process divides, so the child calls nothing but what the system does by itself.
pid_t start_worker(std::vector<std::string> command, int program, int socket) {
  std::vector<std::string> environment = worker_environment();
  std::vector<char*> argv = exec_list(command), envp = exec_list(environment);
  const int nowhere = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  const pid_t child = ::fork();
  if (child == 0) {
    ::setsid();
    ::dup2(nowhere, 0), ::dup2(nowhere, 1);
    if (!reports_of_sanitizers) ::dup2(nowhere, 2);
    if (socket != decode_worker_socket) ::dup2(socket, decode_worker_socket);
    else ::fcntl(socket, F_SETFD, 0);
    ::syscall(SYS_close_range, unsigned(decode_worker_socket + 1), ~0u, unsigned(CLOSE_RANGE_CLOEXEC));
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    ::syscall(SYS_execveat, program, "", argv.data(), envp.data(), AT_EMPTY_PATH);
    ::_exit(127);
  }
  const int code = errno;
  ::close(nowhere);
  if (child < 0) fail_failure(text("starting '", command[0], "': ", std::strerror(code)));
  return child;
}

}  // namespace

DecoderProgram::DecoderProgram(const std::string& path) : path_(path) {
  const int file = ::open(path.c_str(), O_PATH | O_CLOEXEC);
  code_ = errno;
  if (file < 0) return;
  file_ = ::fcntl(file, F_DUPFD_CLOEXEC, decode_worker_socket + 1);  // out of the way of what a child puts below
  code_ = errno;
  ::close(file);
}

DecoderProgram::~DecoderProgram() {
  if (file_ >= 0) ::close(file_);
}

int DecoderProgram::file() const {
  if (file_ < 0) fail_failure(text("the program that decodes volumes, '", path_, "': ", std::strerror(code_)), "it must be there when the server starts");
  return file_;
}

DecoderProcess::DecoderProcess(const DecoderOptions& options, const DecoderProgram& program) {
  if (options.command.empty()) fail_failure("no program was named that decodes volumes");
  const int program_file = program.file();
  const SocketPair first = socket_pair(start_seconds);
  first_ = std::make_unique<MessageEnd>(first.ours);
  auto theirs = std::make_unique<MessageEnd>(first.theirs);
  std::vector<int> sent;
  std::vector<std::unique_ptr<MessageEnd>> closing;
  for (int i = 0; i < options.questions; ++i) {
    const SocketPair pair = socket_pair(options.most_seconds);
    free_.push_back(std::make_unique<MessageEnd>(pair.ours)), closing.push_back(std::make_unique<MessageEnd>(pair.theirs)), sent.push_back(pair.theirs);
  }
  process_ = start_worker(options.command, program_file, first.theirs);
  theirs.reset();                                // so that its death is seen here
  try {
    Value settings = Value::table();
    settings["memory_bytes"] = options.memory_bytes, settings["cpu_seconds"] = options.cpu_seconds;
    first_->end_after(start_seconds);
    first_->send(MessageKind::request, to_json(settings, false), nullptr, 0, sent);
    closing.clear();
    jail_ = parse_json(first_->receive().text, "report").at("jail").as_text();
  } catch (const std::exception&) {
    kill();
    fail_failure(text("the process that decodes volumes ", how_it_ended(), " before it began"), "start the server anew, with a program that runs");
  }
}

DecoderProcess::~DecoderProcess() {
  kill();
  how_it_ended();
}

void DecoderProcess::kill() {
  std::lock_guard lock(mutex_);
  if (!ended_) ::kill(process_, SIGKILL);        // it is ours until it was waited for
}

std::string DecoderProcess::how_it_ended() {
  std::lock_guard lock(mutex_);
  while (!ended_) {
    const pid_t got = ::waitpid(process_, &status_, 0);
    if (got == process_ || (got < 0 && errno != EINTR)) ended_ = true;
  }
  if (WIFSIGNALED(status_)) return text("was ended by signal ", WTERMSIG(status_), " (", ::strsignal(WTERMSIG(status_)), ")");
  return text("ended with exit code ", WEXITSTATUS(status_));
}

DecoderProcess::Turn DecoderProcess::turn() {
  std::unique_lock lock(mutex_);
  freed_.wait(lock, [&] { return !free_.empty(); });
  auto end = std::move(free_.back());
  free_.pop_back();
  return {*this, std::move(end)};
}

void DecoderProcess::put(std::unique_ptr<MessageEnd> end) {
  std::lock_guard lock(mutex_);
  free_.push_back(std::move(end));
  freed_.notify_one();
}

}  // namespace tomograd
