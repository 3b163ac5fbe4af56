#include "experiments/lifecycle.h"

#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "base/error.h"
#include "base/failpoint.h"
#include "base/log.h"

namespace tomograd {
namespace {

// Prolongs the lease of one claim from its own thread while the runner computes, and tells the runner to stop when the
// experiment stops or the claim was lost.
class Heart : public TrialReporter {
 public:
  Heart(TrialStore& store, const Claim& claim, const WorkerOptions& options)
      : store_(store), claim_(claim), options_(options), forward_(options.stop, [this] { stop_.request_stop(); }), thread_([this](std::stop_token end) { beat(end); }) {}

  void progress(double share) override { progress_ = share; }
  void lost() override { lost_ = true; }
  bool was_lost() const { return lost_; }
  std::stop_token stop() const override { return stop_.get_token(); }
  void end() {
    thread_.request_stop();
    thread_.join();
  }
  bool fenced() const { return fenced_; }

 private:
  void beat(std::stop_token end) {
    std::unique_lock lock(mutex_);
    while (!wake_.wait_for(lock, end, std::chrono::duration<double>(options_.heartbeat_seconds), [] { return false; })) {
      if (end.stop_requested()) return;
      try {
        if (!store_.heartbeat(claim_, progress_)) stop_.request_stop();
      } catch (const Error& error) {
        if (error.kind() != ErrorKind::conflict) {  // the store may be reachable again at the next beat
          warn(text("heartbeat of trial ", claim_.trial, ": ", error.what()));
          continue;
        }
        fenced_ = true;
        if (options_.on_fenced) options_.on_fenced(error.what());
        stop_.request_stop();
        return;
      }
    }
  }

  TrialStore& store_;
  const Claim& claim_;
  const WorkerOptions& options_;
  std::stop_source stop_;
  std::atomic<double> progress_ = 0;
  std::atomic<bool> fenced_ = false, lost_ = false;
  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::stop_callback<std::function<void()>> forward_;
  std::jthread thread_;                          // last, so that everything it uses is there
};

enum class Ending { complete, failed, preempted, lost };

struct Attempt {
  Ending ending = Ending::complete;
  TrialOutcome outcome;
  std::string reason;
  bool retry = true;
};

Attempt run_attempt(TrialRunner& runner, const Claim& claim, Heart& reporter) {
  Attempt attempt;
  auto failed = [&](const Error& error) {
    attempt.reason = error.what();
    attempt.ending = error.kind() == ErrorKind::stopped ? Ending::preempted : reporter.was_lost() ? Ending::lost : Ending::failed;
    attempt.retry = error.kind() != ErrorKind::input && error.kind() != ErrorKind::usage;
  };
  try {
    attempt.outcome = with_context(text("trial ", claim.trial), [&] { return runner.run(claim, reporter); });
  } catch (const Error& error) {
    failed(error);
  }
  return attempt;
}

}  // namespace

WorkerSummary run_worker(TrialStore& store, TrialRunner& runner, Clock& clock, const WorkerOptions& options) {
  WorkerSummary summary;
  for (int64_t request = 1;; ++request) {
    if (options.stop.stop_requested() || store.stop_requested()) {
      summary.stopped = true;
      return summary;
    }
    if (options.may_claim && !options.may_claim()) return summary;
    std::string id = text(options.owner, "/", request);
    std::optional<Claim> claim = store.claim(options.owner, id + "/claim");
    if (!claim) {
      TrialCounts counts = store.counts();
      const bool more = options.proposing && options.proposing->more(store, counts);
      if (more && options.proposing->propose_now(store) > 0) continue;
      if (!more && counts.open() == 0) return summary;
      clock.sleep_seconds(options.idle_seconds); // others run what is left, or what a proposal waits for; one of them may die
      continue;
    }
    Heart heart(store, *claim, options);
    Attempt attempt = run_attempt(runner, *claim, heart);
    heart.end();
    FAILPOINT("worker.before_report");
    try {
      if (attempt.ending == Ending::complete) store.complete(*claim, attempt.outcome, id + "/end"), ++summary.complete;
      if (attempt.ending == Ending::failed) store.fail(*claim, attempt.reason, attempt.retry, id + "/end"), ++summary.failed;
      if (attempt.ending == Ending::preempted) store.preempt(*claim, attempt.reason, id + "/end"), ++summary.preempted;
      if (attempt.ending == Ending::lost) store.release(options.owner, attempt.reason), ++summary.lost;
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::conflict) throw;
      warn(error.what());
      ++summary.fenced;
    }
    if (attempt.ending == Ending::failed || attempt.ending == Ending::lost) warn(attempt.reason);
  }
}

std::string unique_owner_name(Clock& clock) {
  char host[256] = "host";
  ::gethostname(host, sizeof host - 1);
  std::ostringstream out;
  out << host << '-' << ::getpid() << '-' << std::hex << clock.unix_milliseconds();
  return out.str();
}

}  // namespace tomograd
