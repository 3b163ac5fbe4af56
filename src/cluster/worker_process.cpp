#include "cluster/worker_process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cstring>
#include <vector>

#include "base/env.h"
#include "base/environment.h"
#include "base/error.h"

namespace tomograd {

std::string worker_log(const Job& job, int64_t element) { return join_path(job.logs, text(job.name, "-", element, ".log")); }

pid_t start_worker(const Job& job, int64_t element) {
  // All memory is taken before fork: between fork and exec only signal-safe calls are allowed.
  std::vector<std::string> arguments, variables = {text("TOMOGRAD_ELEMENT=", element), text("TOMOGRAD_ELEMENTS=", job.elements), "TOMOGRAD_JOB=" + job.uuid};
  for (const auto& argument : job.argv) arguments.push_back(with_element(argument, element, job.elements));
  if (int64_t life = lifetime_seconds(job, element)) variables.push_back(text("TOMOGRAD_LIFETIME_SECONDS=", life));
  for (const auto& [name, value] : job.environment) variables.push_back(name + "=" + value);
  variables = environment_with(variables);
  std::vector<char*> argv = exec_list(arguments), envp = exec_list(variables);
  std::string log = worker_log(job, element), no_folder = "cannot enter '" + job.folder + "'\n", no_program = "cannot start '" + arguments[0] + "'\n";
  auto end_with = [](int code, const std::string& message) {
    [[maybe_unused]] ssize_t said = ::write(2, message.data(), message.size());
    ::_exit(code);
  };
  int output = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (output < 0) fail_failure(text("writing '", log, "': ", std::strerror(errno)));
  pid_t parent = ::getpid(), child = ::fork();
  if (child == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(127);
    ::setpgid(0, 0);
    sigset_t none;
    sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    for (int number : {SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGUSR1, SIGUSR2}) ::signal(number, SIG_DFL);
    int nothing = ::open("/dev/null", O_RDONLY);
    ::dup2(nothing, 0), ::dup2(output, 1), ::dup2(output, 2);
    if (::chdir(job.folder.c_str()) != 0) end_with(126, no_folder);
    ::execvpe(argv[0], argv.data(), envp.data());
    end_with(127, no_program);
  }
  int code = errno;
  ::close(output);
  if (child < 0) fail_failure(text("starting '", arguments[0], "': ", std::strerror(code)));
  ::setpgid(child, child);                       // in both processes, so that it holds whoever runs first
  return child;
}

}  // namespace tomograd
