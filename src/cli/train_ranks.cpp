#include "cli/train_ranks.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <memory>
#include <optional>
#include <sstream>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/env.h"
#include "base/environment.h"
#include "base/error.h"
#include "base/log.h"
#include "base/parallel.h"
#include "base/scratch_folder.h"
#include "cli/process_end.h"
#include "cluster/rank_variables.h"
#include "spec/error_value.h"
#include "spec/text_formats.h"

namespace tomograd {
namespace {

constexpr double seconds_to_follow = 5;          // for ranks that find one gone to end by themselves
constexpr char folder_variable[] = "TOMOGRAD_RANKS_FOLDER";

std::string file_of_rank(const std::string& folder, int64_t rank, const char* kind) { return join_path(folder, text("rank-", rank, ".", kind)); }

std::vector<std::string> own_command() {
  std::vector<std::string> argv;
  std::FILE* file = std::fopen("/proc/self/cmdline", "rb");
  if (!file) fail_failure("this program's own command cannot be read from /proc, so it cannot start ranks");
  std::string word;
  for (int c; (c = std::fgetc(file)) != EOF;) {
    if (c) word += char(c);
    else argv.push_back(word), word.clear();
  }
  std::fclose(file);
  return argv;
}

struct RankProcess {
  pid_t pid = -1;
  bool ended = false, ended_by_us = false;
  int status = 0;
  double when = 0;                               // it was found to have ended
  bool failed() const { return ended && !(WIFEXITED(status) && (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == exit_code(ErrorKind::stopped))); }
};

pid_t start_rank(const std::string& folder, int64_t rank, int64_t ranks, const RankStart& start) {
  // All memory is taken before fork: between fork and exec only signal-safe calls are allowed.
  std::vector<std::string> arguments = start.arguments.empty() ? own_command() : start.arguments;
  std::vector<std::string> variables = environment_with({text(folder_variable, "=", folder), text("RANK=", rank), text("WORLD_SIZE=", ranks), text("LOCAL_RANK=", rank), text("LOCAL_WORLD_SIZE=", ranks)});
  std::vector<char*> argv = exec_list(arguments), envp = exec_list(variables);
  std::string says = file_of_rank(folder, rank, "txt");
  pid_t parent = ::getpid(), child = ::fork();
  if (child == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(127);
    if (rank > 0) {
      int nothing = ::open("/dev/null", O_RDONLY), output = ::open(says.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
      ::dup2(nothing, 0), ::dup2(output, 1), ::dup2(output, 2);
    } else if (!start.output.empty()) {
      ::dup2(::open(start.output.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600), 1);
    }
    ::execve("/proc/self/exe", argv.data(), envp.data());
    ::_exit(127);
  }
  if (child < 0) fail_failure(text("starting rank ", rank, " of ", ranks, ": ", std::strerror(errno)));
  return child;
}

void collect(std::vector<RankProcess>& all) {
  for (RankProcess& process : all)
    if (!process.ended && ::waitpid(process.pid, &process.status, WNOHANG) == process.pid) process.ended = true, process.when = system_clock().monotonic_seconds();
}

// Written in place and not published: a share may be lost with the one who writes it, and none is worth an fsync.
constexpr char progress_file[] = "progress";
constexpr int64_t progress_bytes = 8;            // "0.12345" and a line's end

std::optional<double> share_told(const std::string& folder) {
  auto file = local_env().open_if_there(join_path(folder, progress_file));
  if (!file || file->size() < progress_bytes) return std::nullopt;
  char digits[progress_bytes + 1] = {};
  file->read_at(0, digits, progress_bytes);
  return std::atof(digits);
}

void watch_ranks(std::vector<RankProcess>& all, const std::string& folder, const std::stop_token& stop, const RankStart& start) {
  bool told = false;
  double looked = system_clock().monotonic_seconds();
  auto running = [](const RankProcess& process) { return !process.ended; };
  while (std::any_of(all.begin(), all.end(), running)) {
    if (stop.stop_requested() && !std::exchange(told, true))
      for (const RankProcess& process : all)
        if (running(process)) ::kill(process.pid, SIGTERM);
    double now = system_clock().monotonic_seconds();
    if (start.progress && now - looked >= 1) {
      looked = now;
      if (auto share = share_told(folder)) start.progress(*share);
    }
    if (std::any_of(all.begin(), all.end(), [&](const RankProcess& process) { return process.failed() && now - process.when > seconds_to_follow; }))
      for (RankProcess& process : all)
        if (running(process) && !std::exchange(process.ended_by_us, true)) ::kill(process.pid, SIGKILL);
    system_clock().sleep_seconds(0.02);
    collect(all);
  }
}

std::optional<Error> error_of_rank(const std::string& folder, int64_t rank) {
  std::string path = file_of_rank(folder, rank, "json");
  if (local_env().kind(path) != FileKind::file) return std::nullopt;
  return error_from(parse_json(read_text(local_env(), path), path));
}

std::string last_line_of(const std::string& path) {
  if (local_env().kind(path) != FileKind::file) return "";
  std::string all = read_text(local_env(), path);
  while (!all.empty() && all.back() == '\n') all.pop_back();
  return all.substr(all.rfind('\n') + 1);
}

// The rank whose end was the cause and not a consequence: the first that ended without a word, else the first that says anything
// but that it lost another, else the first.
[[noreturn]] void fail_as_ranks(const std::vector<RankProcess>& all, const std::string& folder, const RankStart& start) {
  std::vector<size_t> order;
  for (size_t r = 0; r < all.size(); ++r)
    if (all[r].failed() && !all[r].ended_by_us) order.push_back(r);
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return all[a].when < all[b].when; });
  for (size_t r : order) {
    if (error_of_rank(folder, int64_t(r))) continue;
    int status = all[r].status;
    if (start.killed && WIFSIGNALED(status) && !is_crash(WTERMSIG(status))) start.killed();
    std::string how = WIFSIGNALED(status) ? text("was killed by signal ", WTERMSIG(status), " (", ::strsignal(WTERMSIG(status)), ")") : text("ended with exit code ", WEXITSTATUS(status));
    std::string last = last_line_of(file_of_rank(folder, int64_t(r), "txt"));
    fail_failure(text("rank ", r, " of ", all.size(), " ", how, ", so the training ended", last.empty() ? "" : "; it said last: " + last), "train --resume goes on from the last checkpoint; a system out of memory kills with signal 9");
  }
  std::optional<size_t> cause;
  for (size_t r : order)
    if (!cause && error_of_rank(folder, int64_t(r))->message().find(rank_lost_message) == std::string::npos) cause = r;
  if (!cause) cause = order.at(0);
  Error error = *error_of_rank(folder, int64_t(*cause));
  if (*cause > 0) error.add_context(text("rank ", *cause, " of ", all.size()));
  throw error;
}

}  // namespace

RankPlace rank_place() {
  RankVariables variables = rank_variables([](const char* name) { return ::getenv(name); });
  if (const char* folder = ::getenv(folder_variable)) variables.place.file = join_path(folder, "meeting");
  else if (variables.place.split() && variables.place.host.empty()) fail_usage(variables.missing);
  if (!variables.place.split()) return {};
  return variables.place;
}

int threads_of_rank(const RankPlace& place) {
  if (const char* given = ::getenv("SLURM_CPUS_PER_TASK"); given && place.file.empty() && std::atoi(given) > 0) return std::min(std::atoi(given), available_threads());
  return std::max(1, available_threads() / int(place.local_ranks));
}

void take_own_gpu(const RankPlace& place) {
  if (!place.split() || ::getenv("SLURM_GPUS_PER_TASK")) return;
  std::vector<std::string> visible;
  if (const char* given = ::getenv("CUDA_VISIBLE_DEVICES"); given && *given) {
    std::istringstream words(given);
    for (std::string word; std::getline(words, word, ',');) visible.push_back(word);
  }
  std::string own = visible.empty() ? text(place.local_rank) : size_t(place.local_rank) < visible.size() ? visible[size_t(place.local_rank)] : "";
  if (!own.empty()) ::setenv("CUDA_VISIBLE_DEVICES", own.c_str(), 1);
}

void start_ranks(int64_t ranks, std::stop_token stop, const RankStart& start) {
  ScratchFolder folder("the ranks to meet in");
  std::vector<RankProcess> all(static_cast<size_t>(ranks));
  struct EndAll {                                // also when the next one cannot be started
    std::vector<RankProcess>& all;
    ~EndAll() {
      for (RankProcess& process : all)
        if (process.pid > 0 && !process.ended) ::kill(process.pid, SIGKILL), ::waitpid(process.pid, nullptr, 0);
    }
  } end_all{all};
  for (int64_t r = 0; r < ranks; ++r) all[size_t(r)].pid = start_rank(folder.path(), r, ranks, start);
  watch_ranks(all, folder.path(), stop, start);
  auto ended_well = [](const RankProcess& process) { return WIFEXITED(process.status) && WEXITSTATUS(process.status) == 0; };
  if (ended_well(all[0])) {                      // the run is complete: it writes last
    for (size_t r = 1; r < all.size(); ++r)
      if (all[r].failed()) warn(text("rank ", r, " did not end as it should, after its last step"));
    return;
  }
  if (auto stopped = error_of_rank(folder.path(), 0); stopped && stopped->kind() == ErrorKind::stopped) throw *stopped;
  fail_as_ranks(all, folder.path(), start);
}

void as_rank(const std::function<void()>& body) {
  const char* folder = ::getenv(folder_variable);
  if (!folder) return body();
  try {
    with_context("", body);
  } catch (const Error& error) {
    publish_text(local_env(), file_of_rank(folder, std::atoi(::getenv("RANK")), "json"), to_json(error_value(error)) + "\n");
    int nothing = ::open("/dev/null", O_WRONLY);
    ::dup2(nothing, 1), ::dup2(nothing, 2);      // what watches says it
    throw;
  }
}

void tell_progress(Talk& talk) {
  const char* folder = ::getenv(folder_variable);
  if (!folder) return;
  std::shared_ptr<OutputFile> file = local_env().create_file(join_path(folder, progress_file));
  auto before = talk.progress;
  talk.progress = [file, before, last = -1e9](double share, double seconds_left, const std::string& what) mutable {
    if (before) before(share, seconds_left, what);
    if (double now = system_clock().monotonic_seconds(); now - last >= 1) {
      last = now;
      char digits[progress_bytes + 1];
      std::snprintf(digits, sizeof digits, "%7.5f\n", std::clamp(share, 0.0, 1.0));
      file->write_at(0, digits, progress_bytes);
    }
  };
}

}  // namespace tomograd
