#include "experiments/supervised_program.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"

namespace tomograd {
namespace {

constexpr char ask = 'T', kill_all = 'K';        // orders to the supervisor; the end of the channel means kill_all too

struct Report {  // from the supervisor: once when the program has started, once when all has ended
  pid_t program;
  int status;                                    // -1 = not yet
};

struct Prepared {  // all that the two new processes need, made before fork: after it only signal-safe calls are allowed
  const char *program, *work;
  char **argv, **envp;
  int output, channel, other_end;                // of the channel: ours, and the one that must be open in the worker alone
  sigset_t mask;                                 // the program's
};

void nothing(int) {}

void close_all_but(int a, int b) {
  int low = a < b ? a : b, high = a < b ? b : a;
  if (low > 3) ::close_range(3, unsigned(low - 1), 0);
  if (high > low + 1) ::close_range(unsigned(low + 1), unsigned(high - 1), 0);
  ::close_range(unsigned(high + 1), ~0U, 0);
}

[[noreturn]] void become_the_program(const Prepared& p, pid_t supervisor) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);            // should somebody kill the supervisor itself
  if (::getppid() != supervisor) ::_exit(127);
  ::setpgid(0, 0);
  for (int number : {SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGCHLD}) ::signal(number, SIG_DFL);
  ::sigprocmask(SIG_SETMASK, &p.mask, nullptr);
  int empty = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  ::dup2(empty, 0), ::dup2(p.output, 1), ::dup2(p.output, 2);
  if (::chdir(p.work) != 0) ::_exit(126);
  ::execve(p.program, p.argv, p.envp);
  ::_exit(127);
}

// Ends every child of this process, again and again: their children become ours. Without the list of children (an old
// kernel) only the program's group has been ended.
void end_adopted() {
  for (;;) {
    int list = ::open("/proc/thread-self/children", O_RDONLY | O_CLOEXEC);
    if (list < 0) return;
    char names[4096];
    ssize_t length = ::read(list, names, sizeof names);
    ::close(list);
    if (length <= 0) break;
    pid_t child = 0;
    for (ssize_t i = 0; i < length; ++i) {       // "12 345 "; a number cut at the end waits for the next round
      if (names[i] >= '0' && names[i] <= '9') child = child * 10 + (names[i] - '0');
      else if (child > 0) ::kill(child, SIGKILL), child = 0;
    }
    if (::waitpid(-1, nullptr, 0) < 0 && errno == ECHILD) break;
  }
}

[[noreturn]] void supervise(const Prepared& p) {
  ::close(p.other_end);                          // also where close_range is not there: its end must be seen
  close_all_but(p.output, p.channel);
  ::setpgid(0, 0);                               // what is sent to the worker's group is not for us: the worker decides
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  // Held back and not ignored: an order to end that reaches the program before it has started waits there until it has.
  sigset_t held, waiting;
  ::sigemptyset(&held);
  for (int number : {SIGINT, SIGTERM, SIGHUP, SIGPIPE}) ::sigaddset(&held, number);
  waiting = held;
  ::sigaddset(&held, SIGCHLD);
  ::sigprocmask(SIG_SETMASK, &held, nullptr);
  for (int number : {SIGINT, SIGTERM, SIGHUP, SIGPIPE}) ::signal(number, SIG_DFL);
  ::signal(SIGCHLD, nothing);                    // wakes ppoll, which alone lets it through
  pid_t self = ::getpid(), program = ::_Fork();
  if (program == 0) become_the_program(p, self);
  if (program < 0) ::_exit(127);
  ::setpgid(program, program);                   // in both processes, so that it holds whoever runs first
  Report report{program, -1};
  ::send(p.channel, &report, sizeof report, MSG_NOSIGNAL);
  for (;;) {
    siginfo_t ended{};
    if (::waitid(P_PID, id_t(program), &ended, WEXITED | WNOHANG | WNOWAIT) == 0 && ended.si_pid == program) break;
    pollfd orders{p.channel, POLLIN, 0};
    if (::ppoll(&orders, 1, nullptr, &waiting) <= 0) continue;
    char order = kill_all;
    if (::read(p.channel, &order, 1) <= 0 || order == kill_all) break;
    ::kill(-program, SIGTERM);
  }
  ::kill(-program, SIGKILL);                     // before the program is reaped: until then its number is nobody else's
  while (::waitpid(program, &report.status, 0) < 0 && errno == EINTR) {}
  end_adopted();
  ::send(p.channel, &report, sizeof report, MSG_NOSIGNAL);
  ::_exit(0);
}

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> result;
  for (const auto& item : texts) result.push_back(const_cast<char*>(item.c_str()));
  result.push_back(nullptr);
  return result;
}

}  // namespace

SupervisedProgram::SupervisedProgram(const ProgramStart& start) {
  std::vector<char*> argv = pointers(start.arguments), envp = pointers(start.variables);
  Prepared p{start.program.c_str(), start.work.c_str(), argv.data(), envp.data(), -1, -1, -1, {}};
  ::pthread_sigmask(SIG_SETMASK, nullptr, &p.mask);
  p.output = ::open(start.log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (p.output < 0) fail_failure(text("writing '", start.log, "': ", ::strerror(errno)));
  int channel[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, channel) != 0) {
    int code = errno;
    ::close(p.output);
    fail_failure(text("starting '", start.program, "': ", ::strerror(code)));
  }
  p.channel = channel[1], p.other_end = channel[0];
  supervisor_ = ::fork();
  if (supervisor_ == 0) supervise(p);
  int code = errno;
  ::close(p.output), ::close(channel[1]);
  channel_ = channel[0];
  if (supervisor_ > 0) return;
  ::close(channel_);
  fail_failure(text("starting '", start.program, "': ", ::strerror(code)));
}

SupervisedProgram::~SupervisedProgram() {
  if (!status_) {
    end();
    while (::waitpid(supervisor_, nullptr, 0) < 0 && errno == EINTR) {}
  }
  ::close(channel_);
}

std::optional<int> SupervisedProgram::ended() {
  if (status_ || ::waitpid(supervisor_, nullptr, WNOHANG) == 0) return status_;
  Report report{0, -1}, last{0, -1};
  while (::recv(channel_, &report, sizeof report, MSG_DONTWAIT) == ssize_t(sizeof report)) last = report;
  if (last.program == 0) last.status = 127 << 8;                        // it never started
  else if (last.status == -1) ::kill(-last.program, SIGKILL), last.status = SIGKILL;  // somebody killed the supervisor
  status_ = last.status;
  return status_;
}

void SupervisedProgram::send(char order) { ::send(channel_, &order, 1, MSG_NOSIGNAL); }
void SupervisedProgram::ask_to_end() { send(ask); }
void SupervisedProgram::end() { send(kill_all); }

}  // namespace tomograd
