#include "server/program_runs.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/error.h"

namespace tomograd {
namespace {

constexpr int64_t most_said = 16 << 10;
constexpr int64_t most_answer = int64_t{16} << 20;
constexpr size_t most_jobs = 50;

int shared_memory() {
  int file = ::memfd_create("tomograd-output", MFD_CLOEXEC);
  if (file < 0) fail_failure(text("memory for a program's output: ", std::strerror(errno)));
  return file;
}

std::string last_of(int file, int64_t most) {
  struct stat facts {};
  if (::fstat(file, &facts) != 0) return "";
  int64_t begin = std::max<int64_t>(0, facts.st_size - most);
  std::string content(size_t(facts.st_size - begin), '\0');
  ssize_t got = ::pread(file, content.data(), content.size(), begin);
  content.resize(size_t(std::max<ssize_t>(0, got)));
  return content;
}

int exit_code_of(int status) { return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status); }

}  // namespace

// Other threads run while this process divides, so the child calls nothing but what the system does by itself.
pid_t ProgramRuns::launch(const std::vector<std::string>& arguments, int out, int err) {
  std::vector<std::string> all{"tomograd"};
  all.insert(all.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (auto& argument : all) argv.push_back(argument.data());
  argv.push_back(nullptr);
  const int nothing_in = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  const pid_t child = ::fork();
  if (child == 0) {
    ::setsid();                                  // a terminal's Ctrl-C ends the server and not the experiment
    ::dup2(nothing_in, 0), ::dup2(out, 1), ::dup2(err, 2);
    ::syscall(SYS_close_range, 3u, ~0u, unsigned(CLOSE_RANGE_CLOEXEC));  // not our sockets, not our port
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    ::execv(program_.c_str(), argv.data());
    ::_exit(127);
  }
  const int code = errno;
  ::close(nothing_in);
  if (child < 0) fail_failure(text("starting '", program_, "': ", std::strerror(code)));
  return child;
}

ProgramRuns::~ProgramRuns() {
  for (auto& job : jobs_)
    if (job.output >= 0) ::close(job.output);
}

ProgramAnswer ProgramRuns::ask(const std::vector<std::string>& arguments, double most_seconds) {
  struct Asking {
    std::atomic<int>& count;
    ~Asking() { --count; }
  };
  if (++asked_ > most_asked) {
    --asked_;
    fail(ErrorKind::conflict, text(most_asked, " questions are being answered already"), "ask again in a moment");
  }
  Asking asking{asked_};
  const int out = shared_memory(), err = shared_memory();
  struct Closing {
    int a, b;
    ~Closing() { ::close(a), ::close(b); }
  } closing{out, err};
  const pid_t child = launch(arguments, out, err);
  const double begin = clock_.monotonic_seconds();
  int status = 0;
  for (double pause = 0.002; ::waitpid(child, &status, WNOHANG) == 0; pause = std::min(0.05, pause * 1.5)) {
    if (clock_.monotonic_seconds() - begin > most_seconds) {
      ::kill(child, SIGKILL), ::waitpid(child, &status, 0);
      fail_failure(text("tomograd ", arguments[0], " has not answered within ", most_seconds, " s"));
    }
    clock_.sleep_seconds(pause);
  }
  return {exit_code_of(status), last_of(out, most_answer), last_of(err, most_said)};
}

void ProgramRuns::reap() {
  for (auto& job : jobs_) {
    int status = 0;
    if (job.process < 0 || ::waitpid(job.process, &status, WNOHANG) != job.process) continue;
    job.process = -1, job.exit_code = exit_code_of(status), job.ended = clock_.unix_milliseconds(), ++changes_;
    job.said = last_of(job.output, most_said);
    ::close(job.output), job.output = -1;
  }
  while (jobs_.size() > most_jobs) {
    auto old = std::find_if(jobs_.begin(), jobs_.end(), [](const Job& job) { return job.process < 0; });
    if (old == jobs_.end()) break;
    jobs_.erase(old);
  }
}

Value ProgramRuns::start(const std::string& kind, const std::string& experiment, const std::string& name, const std::string& place, const std::vector<std::string>& arguments) {
  std::lock_guard lock(mutex_);
  reap();
  for (const auto& job : jobs_)
    if (job.process >= 0 && job.place == place) fail(ErrorKind::conflict, "'" + name + "' is being run already", "stop it first, or wait for its end");
  Job job;
  job.number = ++numbers_, job.kind = kind, job.experiment = experiment, job.name = name, job.place = place, job.started = clock_.unix_milliseconds();
  job.output = shared_memory();
  try {
    job.process = launch(arguments, job.output, job.output);
  } catch (...) {
    ::close(job.output);
    throw;
  }
  ++changes_;
  jobs_.push_back(job);
  return value_of(jobs_.back());
}

Value ProgramRuns::value_of(const Job& job) const {
  Value v = Value::table();
  const bool running = job.process >= 0;
  v["job"] = job.number, v["kind"] = job.kind, v["experiment"] = job.experiment.empty() ? Value() : Value(job.experiment), v["name"] = job.name;
  // 3 = stopped on request, which is what was asked for.
  v["state"] = running ? "running" : job.exit_code == 0 || job.exit_code == 3 ? "done" : "failed";
  v["exit_code"] = running ? Value() : Value(job.exit_code), v["started_unix_milliseconds"] = job.started, v["ended_unix_milliseconds"] = running ? Value() : Value(job.ended);
  std::string said = running ? last_of(job.output, most_said) : job.said;
  v["output"] = mask ? mask(said) : said;
  return v;
}

Value::List ProgramRuns::jobs() {
  std::lock_guard lock(mutex_);
  reap();
  Value::List list;
  for (auto job = jobs_.rbegin(); job != jobs_.rend(); ++job) list.push_back(value_of(*job));
  return list;
}

Value::List ProgramRuns::jobs_of(const std::string& experiment) {
  Value::List all = jobs(), kept;
  for (auto& job : all)
    if (job.at("experiment") == Value(experiment)) kept.push_back(std::move(job));
  return kept;
}

int64_t ProgramRuns::changes() {
  std::lock_guard lock(mutex_);
  reap();
  return changes_;
}

}  // namespace tomograd
