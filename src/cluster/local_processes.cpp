#include "cluster/local_processes.h"

#include <signal.h>
#include <sys/wait.h>

#include <algorithm>

#include "base/error.h"
#include "cluster/worker_process.h"

namespace tomograd {

namespace {

// Collects a worker that has ended, and what it left running: while its leader is not collected the group keeps its number.
bool collected(pid_t pid, int& status) {
  siginfo_t info{};
  if (::waitid(P_PID, id_t(pid), &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid != pid) return false;
  ::kill(-pid, SIGKILL);
  return ::waitpid(pid, &status, 0) == pid;
}

}  // namespace

LocalProcesses::~LocalProcesses() {
  forward(SIGTERM);
  double began = clock_.monotonic_seconds();
  while (!children_.empty() && clock_.monotonic_seconds() - began < options_.stop_grace_seconds) {
    std::erase_if(children_, [status = 0](const Child& child) mutable { return collected(child.pid, status); });
    if (!children_.empty()) clock_.sleep_seconds(0.01);
  }
  for (const auto& child : children_) ::kill(-child.pid, SIGKILL), ::waitpid(child.pid, nullptr, 0);
}

Submission LocalProcesses::submit(const Job& job) {
  check_job(job);
  for (const auto& entry : entries_)
    if (entry.job.uuid == job.uuid) return entry.submission;
  for (const auto& dependency : job.after)
    for (const auto& id : dependency.ids)
      if (std::none_of(entries_.begin(), entries_.end(), [&](const Entry& entry) { return entry.job.uuid == id; })) fail_input("'" + job.name + "' waits for '" + id + "', which is no job of this host's");
  env_.make_directories(job.logs);
  Entry entry;
  entry.job = job;
  entry.submission = {job.uuid, job.name, job.elements, clock_.unix_milliseconds() / 1000, job.only, {{0, 0, job.elements, job.uuid}}};
  entry.states.of.assign(size_t(job.elements), JobState::unknown);
  for (int64_t element = 0; element < job.elements; ++element)
    if (entry.submission.has(element)) entry.states.of[size_t(element)] = JobState::pending, entry.queue.push_back(element);
  entries_.push_back(std::move(entry));
  return entries_.back().submission;
}

ElementStates LocalProcesses::states(const Submission& submission) {
  Entry& entry = entry_of(submission);
  advance();
  return entry.states;
}

void LocalProcesses::requeue(const Submission& submission, int64_t element) {
  Entry& entry = entry_of(submission);
  entry.submission.chunk_of(element);
  for (auto& child : children_)
    if (child.entry == &entry && child.element == element) return end(child, JobState::requeued);
  JobState& state = entry.states.of[size_t(element)];
  if (!has_ended(state)) return;                 // waits already
  state = JobState::requeued, entry.states.reasons.erase(element);
  entry.queue.push_back(element);
}

void LocalProcesses::cancel(const Submission& submission) {
  Entry& entry = entry_of(submission);
  for (int64_t element : entry.queue) entry.states.of[size_t(element)] = JobState::cancelled;
  entry.queue.clear();
  for (auto& child : children_)
    if (child.entry == &entry) end(child, JobState::cancelled);
}

void LocalProcesses::forward(int signal) {
  for (const auto& child : children_) ::kill(-child.pid, signal);
}

LocalProcesses::Entry& LocalProcesses::entry_of(const Submission& submission) {
  for (auto& entry : entries_)
    if (entry.job.uuid == submission.uuid) return entry;
  fail_input("'" + submission.name + "' (" + submission.uuid + ") was not submitted here", "jobs on this host end with the process that started them");
}

void LocalProcesses::advance() {
  reap();
  keep_limits();
  start_next();
}

void LocalProcesses::reap() {
  std::erase_if(children_, [&](const Child& child) {
    int status = 0;
    if (!collected(child.pid, status)) return false;
    conclude(child, status);
    return true;
  });
}

void LocalProcesses::conclude(const Child& child, int status) {
  Entry& entry = *child.entry;
  --entry.running;
  JobState& state = entry.states.of[size_t(child.element)];
  int code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  std::string how = code >= 0 ? text("exit code ", code) : text("killed by signal ", WTERMSIG(status));
  entry.states.reasons.erase(child.element);
  if (child.becomes == JobState::requeued) {
    state = JobState::requeued;
    entry.queue.push_back(child.element);
  } else if (code == 0) {
    state = JobState::complete;
  } else {
    state = child.becomes != JobState::unknown ? child.becomes : code == exit_code(ErrorKind::stopped) ? JobState::preempted : JobState::failed;
    entry.states.reasons[child.element] = how;
  }
}

void LocalProcesses::end(Child& child, JobState becomes) {
  child.becomes = becomes;
  if (child.asked_to_end > 0) return;
  child.asked_to_end = clock_.monotonic_seconds();
  ::kill(-child.pid, SIGTERM);
}

void LocalProcesses::keep_limits() {
  double now = clock_.monotonic_seconds();
  for (auto& child : children_) {
    const Job& job = child.entry->job;
    double limit = double(job.resources.seconds), passed = now - child.started;
    if (child.asked_to_end > 0 && now - child.asked_to_end > options_.stop_grace_seconds) ::kill(-child.pid, SIGKILL);
    if (limit == 0) continue;
    if (!child.noticed && job.notice_seconds > 0 && passed > limit - double(job.notice_seconds)) child.noticed = true, ::kill(child.pid, SIGUSR1);
    if (passed > limit && child.asked_to_end == 0) end(child, JobState::timed_out);
  }
}

// Whether all that the job waits for has ended as it must; when it never will, its elements are cancelled, as a scheduler does.
bool LocalProcesses::may_start(Entry& entry) {
  bool ready = true;
  for (const auto& dependency : entry.job.after)
    for (const auto& id : dependency.ids) {
      const Entry& before = *std::find_if(entries_.begin(), entries_.end(), [&](const Entry& other) { return other.job.uuid == id; });
      for (size_t element = 0; element < before.states.of.size(); ++element) {
        JobState state = before.states.of[element];
        if (!before.submission.has(int64_t(element)) || state == JobState::complete) continue;
        if (!has_ended(state)) {
          ready = false;
        } else if (dependency.only_if_ok) {
          for (int64_t waiting : entry.queue) entry.states.of[size_t(waiting)] = JobState::cancelled, entry.states.reasons[waiting] = text("element ", element, " of '", before.job.name, "', for which it waits, ended as ", job_state_name(state));
          entry.queue.clear();
          return false;
        }
      }
    }
  return ready;
}

void LocalProcesses::start_next() {
  for (auto& entry : entries_) {
    if (entry.queue.empty() || running() >= options_.at_once || !may_start(entry)) continue;
    while (!entry.queue.empty() && running() < options_.at_once && (entry.job.at_once == 0 || entry.running < entry.job.at_once)) {
      int64_t element = entry.queue.front();
      Child child;
      child.pid = start_worker(entry.job, element), child.entry = &entry, child.element = element, child.started = clock_.monotonic_seconds();
      entry.queue.pop_front();
      children_.push_back(child);
      ++entry.running;
      entry.states.of[size_t(element)] = JobState::running;
    }
  }
}

}  // namespace tomograd
