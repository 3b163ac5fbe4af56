// Runs one array of workers through a Cluster and disturbs it: each victim is hit once in the middle of its work, one half by
// kill -9 of its process, the other by a requeue. What failed is queued again; the program ends when all elements are complete.
// usage: tomograd_drive_array slurm|local FOLDER ELEMENTS VICTIMS SECONDS WORKER [ARGUMENT...]
//   FOLDER   where the workers start; logs go to FOLDER/logs
//   VICTIMS  elements 0, s, 2s, ... are victims, s chosen to give that many; 0: undisturbed. FOLDER/hold/K is there until victim
//            K has been hit: a worker that waits for it in the middle of its work cannot be done before.
//   SECONDS  limit for the whole
// Prints "elements chunks kills requeues repeats seconds"; exit 0 when all are complete.
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <set>

#include "base/error.h"
#include "base/random.h"
#include "cluster/local_processes.h"
#include "cluster/slurm.h"

namespace tomograd {
namespace {

std::string whole_file(const std::string& path) {  // of /proc, where files have no size; empty when it is gone
  std::string result;
  FILE* file = std::fopen(path.c_str(), "r");
  if (!file) return result;
  char bytes[4096];
  for (size_t got; (got = std::fread(bytes, 1, sizeof bytes, file)) > 0;) result.append(bytes, got);
  std::fclose(file);
  return result;
}

// The worker of an element: the process with its number and job in the environment whose parent has not (its children do).
pid_t worker_pid(const std::string& uuid, int64_t element) {
  std::string job = std::string(1, '\0') + "TOMOGRAD_JOB=" + uuid + std::string(1, '\0'), number = std::string(1, '\0') + text("TOMOGRAD_ELEMENT=", element) + std::string(1, '\0');
  std::map<pid_t, pid_t> found;                  // process -> parent
  for (const auto& name : system_env().list("/proc")) {
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    std::string variables = std::string(1, '\0') + whole_file("/proc/" + name + "/environ");
    if (variables.find(job) == std::string::npos || variables.find(number) == std::string::npos) continue;
    std::string status = whole_file("/proc/" + name + "/status");
    size_t at = status.find("\nPPid:");
    if (at != std::string::npos) found[std::atoi(name.c_str())] = std::atoi(status.c_str() + at + 6);
  }
  for (auto [pid, parent] : found)
    if (!found.contains(parent)) return pid;
  return 0;
}

int drive(int argc, char** argv) {
  if (argc < 7) fail_usage("usage: tomograd_drive_array slurm|local FOLDER ELEMENTS VICTIMS SECONDS WORKER [ARGUMENT...]");
  bool on_slurm = std::string(argv[1]) == "slurm";
  Job job;
  job.uuid = new_uuid(), job.name = "array", job.folder = absolute_path(argv[2]), job.logs = join_path(job.folder, "logs");
  job.elements = std::atoll(argv[3]);
  job.argv.assign(argv + 6, argv + argc);
  job.resources.seconds = on_slurm ? 600 : 0;
  int64_t victims = std::atoll(argv[4]), step = victims > 0 ? std::max<int64_t>(1, job.elements / victims) : 0;
  double limit = std::atof(argv[5]), began = system_clock().monotonic_seconds();

  std::unique_ptr<Cluster> cluster;
  Slurm* slurm = nullptr;
  if (on_slurm) {
    auto own = std::make_unique<Slurm>(system_env(), system_clock());
    slurm = own.get(), cluster = std::move(own);
  } else {
    cluster = std::make_unique<LocalProcesses>(system_env(), system_clock(), LocalOptions{2, 10});
  }
  auto is_victim = [&](int64_t element) { return step > 0 && element % step == 0 && element / step < victims; };
  auto hold = [&](int64_t element) { return join_path(job.folder, text("hold/", element)); };
  system_env().make_directories(join_path(job.folder, "hold"));
  for (int64_t element = 0; element < job.elements; ++element)
    if (is_victim(element)) publish_text(system_env(), hold(element), "");
  Submission submission = cluster->submit(job);
  Random random(1, "drive_array");
  std::map<int64_t, double> hit_at;              // victim -> when
  std::map<int64_t, double> released;
  std::set<int64_t> hit;
  std::map<int64_t, int> repeats;
  int64_t kills = 0, requeues = 0, repeated = 0;
  ElementStates states = watch(*cluster, submission, system_clock(), on_slurm ? 0.1 : 0.02, {}, [&](const ElementStates& now) {
    double time = system_clock().monotonic_seconds();
    for (int64_t element = 0; element < job.elements; ++element) {
      JobState state = now.of[size_t(element)];
      if (state == JobState::running && is_victim(element) && !hit.contains(element)) {
        pid_t pid = worker_pid(job.uuid, element);
        if (pid == 0) continue;
        if (!hit_at.contains(element)) hit_at[element] = time + random.uniform(0.05, 0.5);
        if (time < hit_at[element]) continue;
        hit.insert(element);
        if (hit.size() % 2 == 1) ::kill(pid, SIGKILL), ++kills;
        else cluster->requeue(submission, element), ++requeues;
        system_env().remove_file(hold(element));
      } else if (state == JobState::requeued && slurm) {
        // Else Slurm holds it back for two minutes. Again after a while: an element that was still ending is held anew.
        if (double& last = released[element]; time - last > 6) last = time, slurm->release(submission, element);
      } else if (has_ended(state) && state != JobState::complete) {
        if (++repeats[element] > 5) fail_failure(text("element ", element, " ended as ", job_state_name(state), " again and again: ", now.reasons.contains(element) ? now.reasons.at(element) : ""), "logs are in " + job.logs);
        cluster->requeue(submission, element), ++repeated;
      }
    }
    if (time - began > limit) {
      cluster->cancel(submission);
      fail_failure(text("not done after ", limit, " s: ", now.count(JobState::complete), " of ", job.elements, " elements complete, ", now.count(JobState::running), " running, ", now.count(JobState::pending), " pending, ",
                        now.count(JobState::requeued), " requeued, ", now.count(JobState::unknown), " unknown"));
    }
    return now.count(JobState::complete) < job.elements;
  });
  if (int64_t(hit.size()) < victims) fail_failure(text("only ", hit.size(), " of ", victims, " victims were met while they worked"));
  std::printf("%lld %zu %lld %lld %lld %.1f\n", static_cast<long long>(job.elements), submission.chunks.size(), static_cast<long long>(kills), static_cast<long long>(requeues), static_cast<long long>(repeated), system_clock().monotonic_seconds() - began);
  return states.count(JobState::complete) == job.elements ? 0 : 1;
}

}  // namespace
}  // namespace tomograd

int main(int argc, char** argv) {
  try {
    return tomograd::drive(argc, argv);
  } catch (const tomograd::Error& error) {
    std::fprintf(stderr, "drive_array: %s\n", error.what());
    return tomograd::exit_code(error.kind());
  }
}
