// The verb `experiment`: its options, and its running and stopping; the rest is in experiment_new.cpp, experiment_show.cpp.
#include "base/error.h"
#include "cli/experiment_checks.h"
#include "cli/experiment_cluster.h"
#include "cli/experiment_folder.h"
#include "cli/experiment_terms.h"
#include "cli/experiment_verbs.h"
#include "cli/ranked_trial.h"
#include "cli/settings.h"
#include "experiments/postgres_store.h"
#include "experiments/proposing.h"

namespace tomograd {
namespace {

// Runs what is left of an experiment; the same for run and resume.
void finish(TrialStore& store, const std::string& folder, const RunOptions& options, const Output& out) {
  const ExperimentRecord record = record_of(store);
  ExperimentSpec spec = spec_from<ExperimentSpec>(record.spec);
  const int64_t workers = options.workers > 0 ? options.workers : spec.workers;
  std::optional<Proposing> search;
  if (proposes(spec.strategy)) search.emplace(spec, dataset_facts_of(record));
  const Proposing* proposing = search ? &*search : nullptr;
  if (options.on == "slurm") {
    if (!options.between.empty()) fail_usage("--between is for this machine; a SLURM queue has reservations of its own");
    check_rank_gpus(spec, options.gpus);
    keep_terms(folder, options, workers);
    ClusterRun run;
    run.folder = folder, run.workers = workers, run.proposing = proposing, run.owner.listen = options.listen, run.budget = options.budget;
    run.resources.queue = options.queue, run.resources.gpus = options.gpus, run.resources.seconds = int64_t(options.hours * 3600), run.resources.memory_bytes = options.compute.max_memory_bytes;
    run.resources.cpus = options.cpus > 0 ? options.cpus : most_cores(spec);
    run_on_slurm(store, run, out.talk(stop_on_signals()));
  } else {
    warn_of_crowd(spec, workers);
    const LocalRun run{folder, workers, options.compute.max_memory_bytes, options.budget, Booking(options.between), proposing};
    keep_terms(folder, options, workers);
    run_workers(store, run, out.talk(stop_on_signals()));
  }
  TrialCounts counts = store.counts();
  Value result = Value::table();
  result["folder"] = folder, result["complete"] = counts.complete, result["failed"] = counts.failed, result["total"] = counts.total();
  // To a search a trial that fails is a result: it teaches where not to look.
  if (counts.failed > 0 && !(proposes(spec.strategy) && counts.complete > 0)) {
    std::string reason;
    for (const auto& trial : store.trials())
      if (trial.state == TrialState::failed && reason.empty()) reason = text("; trial ", trial.number, ": ", trial.reason);
    fail_failure(text(counts.failed, " of ", counts.total(), " trials failed", reason),
                 "all reasons: tomograd experiment status " + folder + "; when what was wrong is mended: tomograd experiment retry " + folder);
  }
  out.result("experiment_run", result);
  out.line(text(counts.complete, " of ", counts.total(), " trials complete", counts.failed > 0 ? text(", ", counts.failed, " failed") : "", "."));
  out.line("See them with: tomograd experiment report " + folder);
}

// What failed before may go well now: the disk has room again, a file is there.
void try_failed_again(TrialStore& store, const std::vector<int64_t>& trials, const Output& out) {
  std::vector<int64_t> again = store.reopen(trials);
  if (!again.empty()) out.line(text(again.size(), again.size() == 1 ? " failed trial is tried again" : " failed trials are tried again"));
}

// On the way of going on. Not those of a search, whose later proposals have learnt from them; `retry` names them.
void try_all_failed_again(TrialStore& store, const Output& out) {
  if (!proposes(spec_from<ExperimentSpec>(record_of(store).spec).strategy)) try_failed_again(store, {}, out);
}

void add_place_options(CLI::App& sub, RunOptions& options) {
  sub.add_option("--on", options.on, "workers as processes here (local), or as a SLURM array that pulls trials from here (slurm)")->check(CLI::IsMember({"local", "slurm"}))->capture_default_str();
  sub.add_option("--budget", options.budget.money, "money that all trials together may take; none is started that is expected to go beyond")->check(CLI::NonNegativeNumber);
  sub.add_option("--trial-hours", options.budget.hours, "hours of work that all trials together may take, of all workers; none is started that is expected to go beyond")->check(CLI::NonNegativeNumber);
  auto* price = sub.add_option("--price", options.price, "of an hour of one worker, as `tomograd plan` says: what is spent is told, and --budget kept")->check(CLI::NonNegativeNumber);
  sub.add_option("--instance", options.instance, "machine type that workers run on, whose price on demand is that of `tomograd plan`, instead of --price")->excludes(price);
  sub.add_option("--between", options.between, "hours of the day in which trials run here, 19:00-07:00; outside of them they save their state and wait");
  sub.add_option("--queue", options.queue, "with --on slurm: partition; default the cluster's");
  sub.add_option("--gpus", options.gpus, "with --on slurm: of each worker")->check(CLI::Range(0, 64));
  sub.add_option("--cpus", options.cpus, "with --on slurm: of each worker; default the run's ranks times its threads")->check(CLI::Range(0, 1024));
  sub.add_option("--hours", options.hours, "with --on slurm: time limit of a worker, which then waits in the queue again; default the queue's")->check(CLI::NonNegativeNumber);
  sub.add_option("--listen", options.listen, "with --on slurm: address of this host at which workers reach it")->capture_default_str();
}

// The address stays in the experiment's folder and in messages, where a password would be read by others.
void check_database(const std::string& address) {
  if (!is_postgres_address(address)) fail_usage("--store is '" + address + "'", "an address such as postgresql://user@host/database?schema=NAME; without --store the trials are in a file of the experiment's folder");
  const PostgresAddress parsed = parse_postgres_address(address);
  if (!parsed.connection.starts_with(parsed.shown.substr(0, parsed.shown.find('?'))) || address.find("password=") != std::string::npos)
    fail_usage("the address of --store has a password in it, which would be kept in the experiment's folder", "leave it out: PGPASSWORD or ~/.pgpass gives it");
}

}  // namespace

void experiment_run(const RunOptions& given, const Output& out) {
  const RunOptions options = with_price(given);
  if (options.list_settings) return show_experiment_settings(out);
  if (options.place.empty()) fail_usage("EXPERIMENT is required", "an experiment spec (TOML); `tomograd experiment run --settings` lists what it can say");
  PlannedExperiment planned = plan_experiment(options.place, options.compute, options.settings);
  out.line(planned.record.name + ": " + planned.summary);
  if (!options.store.empty()) check_database(options.store);
  auto store = create_experiment(planned, options.resume, options.store);
  if (options.resume) try_all_failed_again(*store, out);
  finish(*store, planned.folder, options, out);
}

void experiment_resume(const RunOptions& given, const Output& out) {
  const RunOptions options = with_price(given);
  std::string folder = absolute_path(options.place);
  auto store = open_experiment(folder);
  record_of(*store);
  store->resume();
  try_all_failed_again(*store, out);
  finish(*store, folder, options, out);
}

void experiment_retry(const RunOptions& given, const Output& out) {
  const RunOptions options = with_price(given);
  std::string folder = absolute_path(options.place);
  auto store = open_experiment(folder);
  record_of(*store);
  if (options.trials.empty() && store->counts().failed == 0) fail_usage("no trial of '" + folder + "' has failed", "tomograd experiment resume goes on with those that wait");
  try_failed_again(*store, options.trials, out);
  store->resume();
  finish(*store, folder, options, out);
}

void experiment_stop(const std::string& folder, const Output& out) {
  auto store = open_experiment(folder);
  record_of(*store);
  store->request_stop();
  TrialCounts counts = store->counts();
  Value result = Value::table();
  result["running"] = counts.running, result["complete"] = counts.complete, result["total"] = counts.total();
  out.result("experiment_stop", result);
  out.line(text("Asked to stop; ", counts.running, " running trials save their state. Go on with: tomograd experiment resume ", folder));
}

void add_experiment(Program& program) {
  auto* verb = program.app.add_subcommand("experiment", "Experiments of many trials: leave-one-out, sweeps");
  verb->require_subcommand(1);
  verb->fallthrough();
  auto does = [&program](CLI::App* sub, std::function<void(const Output&)> body) { sub->callback([&program, body] { program.action = [&program, body] { body(program.output); }; }); };

  auto fresh = std::make_shared<NewOptions>();
  auto* sub = verb->add_subcommand("new", "Write an experiment spec for a dataset: leave-one-out over channels and patients");
  sub->add_option("OUT", fresh->file, "file to write, such as loo.toml")->required();
  sub->add_option("--data", fresh->data, "dataset.json")->required();
  sub->add_option("--run", fresh->run, "run spec that every trial starts from; default a small U-Net");
  sub->add_option("--minutes", fresh->minutes, "minutes of training over all trials together; 0 = as the run says")->check(CLI::NonNegativeNumber);
  sub->add_option("--workers", fresh->workers, "trials at a time")->check(CLI::Range(1, 1024))->capture_default_str();
  sub->add_option("--seeds", fresh->seeds, "repeats of every trial with another seed")->check(CLI::Range(1, 1000))->capture_default_str();
  sub->add_option("--folds", fresh->folds, "test patients in this many groups; 0 = one by one")->check(CLI::Range(0, 1000))->capture_default_str();
  sub->add_option("--channels", fresh->channels, "channels left out in turn; default all")->delimiter(',');
  sub->add_option("--set", fresh->settings, "override a field of the run: key=value, may be repeated")->allow_extra_args(false);
  sub->add_option("--name", fresh->name, "name of the experiment");
  sub->add_option("--out", fresh->out, "folder of the experiment, relative to OUT; default OUT without .toml");
  does(sub, [fresh](const Output& out) { experiment_new(*fresh, out); });

  auto run = std::make_shared<RunOptions>();
  sub = verb->add_subcommand("run", "Plan all trials, record them, and run them on this machine");
  sub->add_option("EXPERIMENT", run->place, "experiment spec (TOML)");
  sub->add_flag("--settings", run->list_settings, "list what an experiment spec can say, with defaults and ranges");
  sub->add_option("--set", run->settings, "override a field: key=value with dotted keys (data=d.json, run.max_seconds=60), may be repeated")->allow_extra_args(false);
  sub->add_flag("--resume", run->resume, "go on with the experiment in its folder; starts when there is none");
  sub->add_option("--workers", run->workers, "trials at a time; 0 = as the spec says")->check(CLI::Range(0, 1024));
  sub->add_option("--store", run->store, "keep the trials in a PostgreSQL database, which workers anywhere reach without this host: postgresql://user@host/database?schema=NAME (password from PGPASSWORD or ~/.pgpass)");
  add_place_options(*sub, *run);
  add_compute_options(*sub, run->compute);
  does(sub, [run](const Output& out) { experiment_run(*run, out); });

  auto goes_on = [&](const char* name, const char* sentence) {
    sub = verb->add_subcommand(name, sentence);
    auto again = std::make_shared<RunOptions>();
    sub->add_option("DIR", again->place, "folder of the experiment")->required();
    add_place_options(*sub, *again);
    sub->add_option("--workers", again->workers, "trials at a time; 0 = as the spec says")->check(CLI::Range(0, 1024));
    sub->add_option_function<std::string>("--max-memory", [again](const std::string& raw) { again->compute.max_memory_bytes = parse_bytes(raw); }, "most memory of each worker, such as 900MB or 2GiB");
    return again;
  };
  auto again = goes_on("resume", "Go on with an experiment that was stopped or killed; failed trials are tried again");
  does(sub, [again](const Output& out) { experiment_resume(*again, out); });
  again = goes_on("retry", "Try failed trials again, with all their attempts");
  sub->add_option("--trials", again->trials, "numbers of failed trials, 3,7; default all")->delimiter(',');
  does(sub, [again](const Output& out) { experiment_retry(*again, out); });

  struct Place {
    std::string folder, out;
    bool csv = false;
  };
  auto placed = [&](const char* name, const char* sentence) {
    sub = verb->add_subcommand(name, sentence);
    auto place = std::make_shared<Place>();
    sub->add_option("DIR", place->folder, "folder of the experiment")->required();
    return place;
  };
  auto place = placed("stop", "Ask a running experiment to stop; running trials save their state");
  does(sub, [place](const Output& out) { experiment_stop(place->folder, out); });
  place = placed("status", "How far it is, what runs, what failed and why");
  does(sub, [place](const Output& out) { experiment_status(place->folder, out); });
  place = placed("results", "The table of trials");
  sub->add_flag("--csv", place->csv, "as CSV, without anything that depends on time or machine");
  does(sub, [place](const Output& out) { experiment_results(place->folder, place->csv, out); });
  place = placed("report", "Ranking with its statistics, decision, figures; written as HTML, JSON, CSV, SVG and PNG");
  sub->add_option("--out", place->out, "folder to write to; default DIR/report");
  does(sub, [place](const Output& out) { experiment_report(place->folder, place->out, out); });

  auto extended = std::make_shared<ExtendOptions>();
  sub = verb->add_subcommand("extend", "Raise a limit of an experiment: more trials of a search, more seeds of the others");
  sub->add_option("DIR", extended->folder, "folder of the experiment")->required();
  sub->add_option("--trials", extended->trials, "new number of proposals of a random or bayesian search")->check(CLI::PositiveNumber);
  sub->add_option("--seeds", extended->seeds, "new number of repeats of every other trial")->check(CLI::PositiveNumber);
  does(sub, [extended](const Output& out) { experiment_extend(*extended, out); });

  auto forked = std::make_shared<ForkOptions>();
  sub = verb->add_subcommand("fork", "Another experiment from one that is there, with changes; trials that are the same keep their results");
  sub->add_option("DIR", forked->folder, "folder of the experiment")->required();
  sub->add_option("OUT", forked->file, "experiment spec to write, such as more.toml; its folder is made beside it")->required();
  sub->add_option("--set", forked->settings, "what is different: key=value with dotted keys (strategy.seeds=2, run.max_steps=500), may be repeated")->allow_extra_args(false);
  does(sub, [forked](const Output& out) { experiment_fork(*forked, out); });

  auto noted = std::make_shared<NoteOptions>();
  sub = verb->add_subcommand("note", "Write a note beside an experiment or one of its trials; without TEXT show the notes");
  sub->add_option("DIR", noted->folder, "folder of the experiment")->required();
  sub->add_option("TEXT", noted->text, "the note");
  sub->add_option("--trial", noted->trial, "number of the trial; default the whole experiment")->check(CLI::PositiveNumber);
  does(sub, [noted](const Output& out) { experiment_note(*noted, out); });

  auto exported = std::make_shared<ExportOptions>();
  sub = verb->add_subcommand("export", "The table of trials for other programs: CSV, JSON, or a journal that Optuna and optuna-dashboard open");
  sub->add_option("DIR", exported->folder, "folder of the experiment")->required();
  sub->add_option("--format", exported->format, "csv, json or optuna")->check(CLI::IsMember({"csv", "json", "optuna"}))->capture_default_str();
  sub->add_option("--out", exported->out, "file to write; default standard output");
  does(sub, [exported](const Output& out) { experiment_export(*exported, out); });
}

}  // namespace tomograd
