#include "cli/experiment_cluster.h"

#include <algorithm>
#include <filesystem>
#include <map>

#include "base/clock.h"
#include "base/env.h"
#include "base/error.h"
#include "cluster/slurm.h"
#include "search/space.h"

namespace tomograd {
namespace {

constexpr int most_requeues = 5;                 // of one element
constexpr double release_seconds = 6;            // as long as a release may take to be seen
constexpr double poll_seconds = 2, save_seconds = 300;

Job job_of(const ClusterRun& run) {
  Job job;
  job.uuid = new_uuid(), job.name = "tomograd-trials", job.folder = run.folder, job.logs = join_path(run.folder, "logs");
  job.elements = run.workers, job.resources = run.resources;
  // Workers whose time ends together would all start again together.
  job.stagger_seconds = run.resources.seconds > 0 ? run.resources.seconds / 10 : 0;
  job.argv = {std::filesystem::read_symlink("/proc/self/exe").string(), "worker", "--experiment", run.folder};
  if (database_of(run.folder).empty()) job.argv.push_back("--served");
  if (run.resources.memory_bytes > 0) job.argv.insert(job.argv.end(), {"--max-memory", std::to_string(run.resources.memory_bytes)});
  for (auto& option : options_of(run.budget)) job.argv.push_back(std::move(option));
  return job;
}

// An owner that was killed left its workers behind: they wait for the next owner, and a second array beside them would be too many.
Submission living_or_new(Slurm& slurm, const ClusterRun& run) {
  Env& env = system_env();
  const std::string last = join_path(run.folder, "array.uuid");
  Job job = job_of(run);
  if (env.kind(last) == FileKind::file) {
    Job before = job;
    before.uuid = read_text(env, last);
    if (env.kind(Slurm::record_path(before)) == FileKind::file) {
      Submission submission = load_submission(env, Slurm::record_path(before));
      before.elements = submission.elements;
      submission = slurm.submit(before);         // sends what was not accepted then
      if (!slurm.states(submission).all_ended(submission)) return submission;
    }
  }
  publish_text(env, last, job.uuid);
  return slurm.submit(job);
}

struct Repeats {
  std::map<int64_t, int> queued;                 // element -> times
  std::map<int64_t, double> released;            // element -> when
};

// A worker that a node took with it, or that somebody killed, comes back; one that fails again and again does not.
void repeat_lost(Slurm& slurm, const Submission& submission, const ElementStates& states, Repeats& repeats) {
  const double now = system_clock().monotonic_seconds();
  for (int64_t element = 0; element < submission.elements; ++element) {
    const JobState state = states.of[size_t(element)];
    if (auto last = repeats.released.find(element); state == JobState::requeued && repeats.queued.contains(element) && (last == repeats.released.end() || now - last->second > release_seconds)) {
      repeats.released[element] = now;           // Slurm would hold it for two minutes
      try {
        slurm.release(submission, element);
      } catch (const Error&) {
        // Then it comes back when Slurm lets it.
      }
    }
    if (state != JobState::failed && state != JobState::node_failure && state != JobState::timed_out) continue;
    if (++repeats.queued[element] > most_requeues) continue;
    try {
      slurm.requeue(submission, element);
    } catch (const Error&) {
      repeats.queued[element] = most_requeues;         // forgotten by now: the others do its share
    }
  }
}

}  // namespace

void run_on_slurm(TrialStore& store, const ClusterRun& run, const Talk& talk) {
  std::optional<StoreOwner> owner;
  const std::string database = database_of(run.folder);
  if (database.empty()) owner.emplace(store, run.folder, run.owner);
  Slurm slurm(system_env(), system_clock());
  const Submission submission = living_or_new(slurm, run);
  if (talk.say) talk.say(text("array of ", submission.elements, submission.elements == 1 ? " worker" : " workers", ", job ", submission.ids().front(), owner ? "; the store is served at " + owner->address() : "; the store is " + database));
  const double start = system_clock().monotonic_seconds();
  const int64_t before = store.counts().over();
  double asked = 0;
  Repeats repeats;
  for (bool stopping = false, ended = false;;) {
    store.sweep();
    const TrialCounts counts = store.counts();
    const int64_t all = std::max(counts.total(), run.proposing ? run.proposing->trials() : 0);
    const bool done = counts.open() == 0 && !(run.proposing && run.proposing->more(store, counts));
    if (done) break;                             // the elements find nothing to claim and end
    if (!stopping && (talk.stop.stop_requested() || store.stop_requested())) {
      stopping = true, asked = system_clock().monotonic_seconds();
      store.request_stop();                      // running workers hear it at their next heartbeat
      if (talk.say) talk.say("stopping: running trials save their state");
    }
    if (stopping && (counts.running == 0 || system_clock().monotonic_seconds() - asked > save_seconds)) {
      slurm.cancel(submission);
      fail(ErrorKind::stopped, text("stopped on request, state saved: ", counts.over(), " of ", all, " trials complete"), "go on with: tomograd experiment resume " + run.folder + " --on slurm");
    }
    if (run.budget.capped() && counts.running == 0 && !may_start(store, run.budget)) {
      slurm.cancel(submission);
      fail_spent(store, run.budget, "tomograd experiment resume " + run.folder + " --on slurm");
    }
    if (ended && counts.running == 0 && !stopping)
      fail_failure(text("all workers have ended and ", all - counts.over(), " trials are left"), "go on with: tomograd experiment resume " + run.folder + " --on slurm; the workers' logs are in " + join_path(run.folder, "logs"));
    const ElementStates states = slurm.states(submission);
    if (!stopping) repeat_lost(slurm, submission, states, repeats);
    ended = states.all_ended(submission);
    const double fresh = double(counts.over() - before), seconds = fresh > 0 ? (system_clock().monotonic_seconds() - start) / fresh * double(all - counts.over()) : 0;
    if (talk.progress) talk.progress(double(counts.over()) / double(std::max<int64_t>(1, all)), seconds, text(counts.over(), "/", all, " trials, ", states.count(JobState::running), " workers running, ", states.count(JobState::pending), " waiting"));
    system_clock().sleep_seconds(poll_seconds);
  }
  // Elements that still wait in the queue would only find that nothing is left.
  slurm.cancel(submission);
}

}  // namespace tomograd
