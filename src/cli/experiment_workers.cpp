// The local executor: worker processes of this program, each running trials until none is left. A process per worker keeps
// a trial's memory and its crashes away from the others; what a dead worker held is given back at once.
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmath>
#include <cstring>

#include "base/clock.h"
#include "base/error.h"
#include "cli/experiment_folder.h"
#include "cli/process_end.h"
#include "cli/verb.h"
#include "experiments/lifecycle.h"
#include "experiments/metrics.h"
#include "report/numbers.h"
#include "search/space.h"

extern char** environ;

namespace tomograd {
namespace {

constexpr double stop_grace_seconds = 300;       // a training saves its state within a step; a huge step may take minutes
constexpr int most_idle_deaths = 3;              // workers that die one after the other without a trial having ended

struct Worker {
  pid_t pid = 0;
  std::string owner, log;
};

std::string last_line(const std::string& path) {
  if (system_env().kind(path) != FileKind::file) return {};
  std::string all = read_text(system_env(), path);
  while (!all.empty() && all.back() == '\n') all.pop_back();
  size_t hint = all.rfind("\ntomograd: ");
  return hint != std::string::npos ? all.substr(hint + 1) : all.substr(all.rfind('\n') == std::string::npos ? 0 : all.rfind('\n') + 1);
}

// A worker that a signal from outside ended says nothing about its trial; one that ended by itself or crashed does.
bool ended_by_itself(int status) {
  if (WIFEXITED(status)) return WEXITSTATUS(status) != 0 && WEXITSTATUS(status) != exit_code(ErrorKind::stopped) && WEXITSTATUS(status) != exit_code(ErrorKind::conflict);
  return is_crash(WTERMSIG(status));
}

class Workers {
 public:
  Workers(TrialStore& store, const LocalRun& run, const Talk& talk) : store_(store), run_(run), talk_(talk), slots_(size_t(run.workers)), name_(unique_owner_name(system_clock())) {}

  ~Workers() {                                   // an error on our way out takes the workers with it
    for (auto& worker : slots_)
      if (worker.pid) ::kill(worker.pid, SIGTERM);
    for (auto& worker : slots_)
      if (worker.pid) ::waitpid(worker.pid, nullptr, 0);
  }

  void run() {
    start_ = system_clock().monotonic_seconds();
    done_before_ = finished(store_.counts());
    bool stopping = false;
    double asked = 0;
    for (;;) {
      reap(stopping);
      if (!stopping && (talk_.stop.stop_requested() || store_.stop_requested())) {
        stopping = true, asked = system_clock().monotonic_seconds();
        signal_all(SIGTERM);
        if (talk_.say) talk_.say("stopping: running trials save their state");
      }
      TrialCounts counts = store_.counts();
      keep_hours(stopping);
      const bool more = run_.proposing && run_.proposing->more(store_, counts);
      if ((counts.open() == 0 && !more) || stopping) {
        if (running() == 0) break;
        if (stopping && system_clock().monotonic_seconds() - asked > stop_grace_seconds) signal_all(SIGKILL);
      } else if (run_.budget.capped() && !may_spend()) {
        if (running() == 0) fail_spent(store_, run_.budget, "tomograd experiment resume " + run_.folder);
      } else if (!resting_) {
        for (auto& worker : slots_)
          if (!worker.pid && (more || running() < counts.open())) start(worker);
      }
      show(counts);
      system_clock().sleep_seconds(0.1);
    }
    show(store_.counts());
    if (stopping) {
      TrialCounts counts = store_.counts();
      fail(ErrorKind::stopped, text("stopped on request, state saved: ", counts.complete, " of ", in_the_end(counts), " trials complete"), "go on with: tomograd experiment resume " + run_.folder);
    }
  }

 private:
  static int64_t finished(const TrialCounts& counts) { return counts.over(); }

  int64_t in_the_end(const TrialCounts& counts) const { return std::max(counts.total(), run_.proposing ? run_.proposing->trials() : 0); }

  // Asked once a second: the events of a long experiment are many.
  bool may_spend() {
    if (double now = system_clock().monotonic_seconds(); now - asked_budget_ > 1) asked_budget_ = now, may_spend_ = may_start(store_, run_.budget);
    return may_spend_;
  }

  // When the booked hours end, the workers save their trials and end; when they begin again, others go on.
  void keep_hours(bool stopping) {
    const int64_t minute = local_minute_of_day(system_clock().unix_milliseconds());
    const bool rest = !run_.booking.open(minute);
    if (rest && !resting_ && !stopping) {
      signal_all(SIGTERM);
      if (talk_.say) talk_.say(text("outside the booked hours: running trials save their state; they go on in ", duration_text(60 * double(run_.booking.minutes_to_opening(minute)))));
    }
    resting_ = rest;
  }

  int64_t running() const {
    int64_t count = 0;
    for (const auto& worker : slots_) count += worker.pid != 0;
    return count;
  }

  void signal_all(int number) {
    for (auto& worker : slots_)
      if (worker.pid) ::kill(worker.pid, number);
  }

  void start(Worker& worker) {
    worker.owner = text(name_, "-", ++started_);
    worker.log = join_path(run_.folder, text("logs/worker-", started_, "-", ::getpid(), ".log"));
    std::vector<std::string> arguments = {"tomograd", "worker", "--experiment", run_.folder, "--owner", worker.owner, "--parent", std::to_string(::getpid())};
    if (run_.max_memory_bytes > 0) arguments.insert(arguments.end(), {"--max-memory", std::to_string(run_.max_memory_bytes)});
    for (auto& option : options_of(run_.budget)) arguments.push_back(std::move(option));
    std::vector<char*> argv;
    for (auto& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 1, worker.log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0666);
    posix_spawn_file_actions_adddup2(&actions, 1, 2);
    // A group of its own: Ctrl-C on the terminal reaches us alone, and we pass the stop on once.
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
    posix_spawnattr_setpgroup(&attributes, 0);
    int code = ::posix_spawn(&worker.pid, "/proc/self/exe", &actions, &attributes, argv.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    if (code != 0) {
      worker.pid = 0;
      fail_failure(text("starting a worker: ", std::strerror(code)));
    }
  }

  void fail_trials_of(const std::string& owner, const std::string& reason) {
    for (const auto& trial : store_.trials()) {
      if (trial.state != TrialState::running || trial.owner != owner) continue;
      Claim claim;
      claim.trial = trial.number, claim.attempt = trial.attempts, claim.owner = owner;
      store_.fail(claim, reason, true, owner + "/crash");
    }
  }

  void reap(bool stopping) {
    for (auto& worker : slots_) {
      int status = 0;
      if (!worker.pid || ::waitpid(worker.pid, &status, WNOHANG) != worker.pid) continue;
      worker.pid = 0;
      int code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
      std::string how = code >= 0 ? text("ended with exit code ", code) : text("was killed by signal ", WTERMSIG(status));
      if (ended_by_itself(status)) fail_trials_of(worker.owner, "its worker " + how);
      store_.release(worker.owner, "its worker " + how);
      int64_t ended = finished(store_.counts());
      idle_deaths_ = ended == ended_at_last_death_ ? idle_deaths_ : 0;
      ended_at_last_death_ = ended;
      if (code == 0 || code == exit_code(ErrorKind::stopped) || code == exit_code(ErrorKind::conflict) || stopping) continue;
      if (talk_.say) talk_.say(text("worker ", worker.owner.substr(name_.size() + 1), " ", how, "; another takes over"));
      if (++idle_deaths_ < most_idle_deaths || code < 0) continue;
      std::string why = last_line(worker.log);
      fail_failure(text("workers ", how, " again and again", why.empty() ? "" : ": " + why), "their logs are in " + join_path(run_.folder, "logs"));
    }
  }

  void show(const TrialCounts& counts) {
    int64_t done = finished(counts);
    if (!talk_.progress) return;
    double inside = 0;
    if (double now = system_clock().monotonic_seconds(); now - looked_ > 1 || done != shown_) {
      looked_ = now, shown_ = done;
      ExperimentSpec spec = spec_from<ExperimentSpec>(store_.experiment()->spec);
      best_.clear(), partial_ = 0;
      double best = -INFINITY;
      for (const auto& trial : store_.trials()) {
        if (trial.state == TrialState::running) partial_ += trial.progress;
        auto metric = trial.state == TrialState::complete ? trial_metric(trial.metrics, spec.strategy.metric) : std::nullopt;
        if (metric && *metric > best) best = *metric, best_ = text("  best ", spec.strategy.metric, " ", fixed_text(best), " (trial ", trial.number, ")");
      }
    }
    inside = partial_;
    const int64_t all = std::max<int64_t>(1, in_the_end(counts));
    double fresh = double(done - done_before_) + inside, left = double(all - done) - inside;
    double seconds = fresh > 0 ? (system_clock().monotonic_seconds() - start_) / fresh * left : 0;
    talk_.progress((double(done) + inside) / double(all), seconds, text(done, "/", all, " trials", counts.failed ? text(", ", counts.failed, " failed") : "", best_));
  }

  TrialStore& store_;
  const LocalRun& run_;
  const Talk& talk_;
  std::vector<Worker> slots_;
  std::string name_, best_;
  double asked_budget_ = -1e9;
  bool may_spend_ = true;
  bool resting_ = false;                         // outside the booked hours
  int started_ = 0, idle_deaths_ = 0;
  int64_t ended_at_last_death_ = -1, done_before_ = 0, shown_ = -1;
  double start_ = 0, looked_ = -1e9, partial_ = 0;
};

}  // namespace

void run_workers(TrialStore& store, const LocalRun& run, const Talk& talk) { Workers(store, run, talk).run(); }

}  // namespace tomograd
