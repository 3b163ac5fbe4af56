// The hidden verb `worker`: what executors start. Binds the life of a worker to what a trial is: a training run of the
// engine, or any program.
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cstdio>

#include "base/error.h"
#include "base/log.h"
#include "base/peak_memory.h"
#include "base/temporaries.h"
#include "cli/experiment_budget.h"
#include "cli/experiment_checks.h"
#include "cli/experiment_folder.h"
#include "cli/precision_picture.h"
#include "cli/ranked_trial.h"
#include "cli/store_owner.h"
#include "cli/verb.h"
#include "cluster/lifetime.h"
#include "cluster/slurm_self.h"
#include "experiments/command_trial.h"
#include "experiments/lifecycle.h"
#include "experiments/metrics.h"
#include "experiments/proposing.h"

namespace tomograd {
namespace {

// A submitting host that is started again is back within minutes; until then a running trial goes on.
constexpr double owner_patience_seconds = 1800;

struct WorkerArguments {
  std::string folder, owner;
  int64_t parent = 0;
  bool served = false;
  Budget budget;
  ComputeOptions compute;
};

class EngineTrial : public TrialRunner {
 public:
  EngineTrial(Value run, std::string folder, std::string metric, ComputeOptions compute) : run_(std::move(run)), folder_(std::move(folder)), metric_(std::move(metric)), compute_(std::move(compute)) {}

  TrialOutcome run(const Claim& claim, TrialReporter& reporter) override {
    std::string out = trial_folder(join_path(folder_, "trials"), begun_as(claim.trial, claim.design));
    RunSpec spec = trial_run(run_, claim.settings, out);
    Talk talk;
    talk.say = [](const std::string& line) { info(line); };
    talk.progress = [&](double share, double, const std::string&) { reporter.progress(share); };
    talk.stop = reporter.stop();
    restart_peak_bytes();                        // each trial plans and reports its own memory
    bool resume = system_env().kind(out) == FileKind::directory;
    info(text("trial ", claim.trial, ", attempt ", claim.attempt, resume ? ", resumed" : ""));
    if (int64_t left = remove_stale_temporaries(system_env(), out)) info(text("removed ", left, " temporary files of an attempt that was killed"));
    const std::string predictions = join_path(out, "predictions");
    Value result = spec.ranks > 1 ? train_in_ranks(spec, compute_, resume, predictions, reporter) : engine().train(spec, compute_, resume, "", predictions, talk);
    draw_precision(system_env(), out);
    TrialOutcome outcome = split_outcome(result);
    if (metric_ != "patches_per_second") require_metric(outcome.metrics, spec, metric_);
    return outcome;
  }

 private:
  Value run_;
  std::string folder_, metric_;
  ComputeOptions compute_;
};

std::unique_ptr<TrialRunner> runner_for(const ExperimentRecord& record, const ExperimentSpec& spec, const std::string& folder, const ComputeOptions& compute) {
  if (spec.trial.command.empty()) {
    Engine& trains = engine();                   // a missing library is said before a trial is claimed, and a missing part of it
    if (int64_t ranks = most_ranks(spec); ranks > 1 && !trains.facts().at("ranks").as_bool())
      fail_failure(text("the run has ranks = ", ranks, ", and this build cannot split a training over ranks: it was made without Gloo's headers"), "install libgloo-dev and build again (scripts/setup.sh does), or set run.ranks=1");
    return std::make_unique<EngineTrial>(spec.run, folder, spec.strategy.metric, compute);
  }
  const Value* work = record.facts.find("work_folder");
  std::string place = work && work->is_text() && system_env().kind(work->as_text()) == FileKind::directory ? work->as_text() : folder;
  return std::make_unique<CommandTrial>(system_env(), system_clock(), CommandPlan{spec.trial.command, join_path(folder, "trials"), place, spec.strategy.metric, spec.data});
}

void run(const WorkerArguments& options) {
  if (options.parent > 0) {                      // trials end with the one who started them, also when that one is killed
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (::getppid() != options.parent) fail(ErrorKind::stopped, "the process that started this worker is gone");
  }
  std::string folder = absolute_path(options.folder);
  auto store = options.served ? open_served_experiment(folder, owner_patience_seconds) : open_experiment(folder);
  ExperimentRecord record = record_of(*store);
  WorkerOptions worker;
  worker.owner = options.owner.empty() ? unique_owner_name(system_clock()) : options.owner;
  worker.heartbeat_seconds = std::min(2.0, record.lease_seconds / 4);
  Lifetime lifetime(stop_on_signals(), options.parent > 0);  // whoever started it here would only start another
  stop_on_notice();
  worker.on_fenced = [](const std::string& reason) {
    warn(reason);
    ::_exit(exit_code(ErrorKind::conflict));     // at once: the new owner may be writing into the trial's folder
  };
  const ExperimentSpec spec = spec_from<ExperimentSpec>(record.spec);
  auto runner = runner_for(record, spec, folder, options.compute);
  const Proposing proposing(spec, dataset_facts_of(record));
  // A training run saves its state when the time is up and goes on in another turn; any other program may end by itself until the
  // scheduler's notice.
  worker.stop = spec.trial.command.empty() ? lifetime.stop() : stop_on_signals();
  worker.may_claim = [&] { return !lifetime.over() && (!options.budget.capped() || may_start(*store, options.budget)); };
  if (proposes(spec.strategy)) worker.proposing = &proposing;
  WorkerSummary summary = run_worker(*store, *runner, system_clock(), worker);
  info(text(summary.complete, " trials complete, ", summary.failed, " attempts failed, ", summary.preempted, " preempted", summary.lost > 0 ? text(", ", summary.lost, " lost with a rank") : ""));
  const bool out_of_time = lifetime.over() && store->counts().open() > 0;
  if (!summary.stopped && !out_of_time) return;
  // Its time is over, not the experiment: another turn takes up what this one has saved.
  bool again = (options.served || !database_of(folder).empty()) && !store->stop_requested() && requeue_own_element();
  fail(ErrorKind::stopped, again ? "out of time, state saved; queued again" : out_of_time ? "out of time (TOMOGRAD_LIFETIME_SECONDS), state saved" : "stopped on request, state saved");
}

}  // namespace

void add_worker(Program& program) {
  auto options = std::make_shared<WorkerArguments>();
  auto* verb = program.app.add_subcommand("worker", "Run trials of an experiment until none is left (what executors start)");
  verb->group("");                               // hidden
  verb->add_option("--experiment", options->folder, "folder of the experiment")->required();
  verb->add_option("--owner", options->owner, "name of this worker, unique among all workers ever");
  verb->add_option("--budget", options->budget.money, "money that trials may take; none is started that would go beyond");
  verb->add_option("--price", options->budget.price_per_hour, "of an hour of one worker");
  verb->add_option("--trial-hours", options->budget.hours, "hours of work that trials may take; none is started that would go beyond");
  verb->add_flag("--served", options->served, "the store is served by the experiment's owner (owner.json in its folder)");
  verb->add_option("--parent", options->parent, "process that this worker ends with");
  verb->add_option_function<std::string>("--max-memory", [options](const std::string& raw) { options->compute.max_memory_bytes = parse_bytes(raw); }, "most memory to use");
  verb->callback([options, &program] { program.action = [options] { run(*options); }; });
}

}  // namespace tomograd
