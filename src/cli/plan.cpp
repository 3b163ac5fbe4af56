// `plan EXPERIMENT.toml`: hours, machines, money and memory before anything is spent.
#include <cmath>

#include "base/error.h"
#include "cli/catalogue_file.h"
#include "cli/plan_measure.h"
#include "cli/plan_question.h"
#include "cli/verb.h"
#include "planning/cluster_configuration.h"
#include "spec/text_formats.h"

namespace tomograd {
namespace {

constexpr double assumed_checkpoint_hours = 0.25;

struct PlanArguments {
  std::string experiment, catalogue, deadline, here, market = "any", emit, out;
  std::vector<std::string> settings, types;
  std::optional<double> hours_per_trial, budget;
  std::optional<int64_t> count;
  ClusterPlaces places;
  ComputeOptions compute;
};

double parse_hours(const std::string& raw) {
  if (auto hours = parse_quantity(raw, {{"", 1}, {"h", 1}, {"d", 24}, {"min", 1 / 60.0}, {"s", 1 / 3600.0}})) return *hours;
  fail_usage("the deadline '" + raw + "' is no time", "examples: 48h, 2d, 90min");
}

void find_time(const PlanArguments& options, const InstanceCatalogue& catalogue, AskedExperiment& asked, const Talk& talk) {
  PlanQuestion& question = asked.question;
  const RunSpec& run = question.network.run;
  TrialTime& time = question.time;
  if (options.hours_per_trial) {
    if (!(*options.hours_per_trial > 0)) fail_usage(text("--hours-per-trial is ", *options.hours_per_trial, ", expected more than 0"));
    time.hours = exactly(*options.hours_per_trial);
    if (question.predictions.per_case > 1) asked.notes.push_back("the stated hours are taken to hold a trial's predictions");
  } else if (!question.training) {
    fail_usage("a trial is a program, of which nobody here knows how long it takes", "say so: --hours-per-trial 4");
  } else if (run.max_steps == 0 && run.max_seconds > 0) {
    time.basis = TimeBasis::limited;
    time.hours = limited_hours(run.max_seconds, question.predictions);
    asked.notes.push_back(question.predictions.per_case > 1 ? "reading, preparing and testing take a tenth of max_seconds more, at most half of it, and every prediction beyond the first of a case half of that or all"
                                                            : "reading, preparing and testing take a tenth of max_seconds more, at most half of it");
  } else if (!asked.measurable) {
    fail_usage("there are no data here, so no step of a trial can be measured", "say how long a trial takes: --hours-per-trial 4, or name the data: --set data=dataset.json");
  } else {
    const DeviceSpec* here = options.here.empty() ? nullptr : &catalogue.device_of(catalogue.find(options.here));
    MeasuredHere measured = measure_trial(*asked.measurable, question.network, question.predictions, here, options.compute, talk);
    time = measured.time;
    asked.notes.push_back(text("measured here: ", measured.steps, " steps, ", plain_number(time.step_seconds, 3), " s each, and ", plain_number(measured.fixed_seconds, 1), " s once"));
    asked.notes.push_back("this machine: " + measured.machine);
  }
}

// What an interruption may lose.
double checkpoint_hours(const PlanQuestion& question) {
  const RunSpec& run = question.network.run;
  if (!question.training) return question.time.hours.high;  // it starts again
  if (run.max_steps == 0) return std::min(assumed_checkpoint_hours, question.time.hours.mid);
  return question.time.hours.mid * std::min(1.0, double(run.checkpoint.every_steps) / double(run.max_steps));
}

Choice chosen_of(const ExperimentPlan& plan) {
  if (plan.fastest) return *plan.fastest;
  if (plan.cheapest) return *plan.cheapest;
  if (plan.instances.size() == 1) return {0, plan.question.market == Market::spot && plan.instances[0].spot};
  fail_usage("a trial fits into none of the types, so there is no cluster to write", "see `tomograd plan` without --emit for what would make it fit");
}

std::string emitted(const PlanArguments& options, const InstanceCatalogue& catalogue, const ExperimentPlan& plan) {
  ClusterConfiguration cluster = cluster_of(plan, chosen_of(plan), catalogue, options.places);
  return options.emit == "svg" ? cluster_svg(cluster) : parallelcluster_yaml(cluster);
}

void run(const PlanArguments& options, const Output& out) {
  if (!options.out.empty() && options.emit.empty()) fail_usage("--out says where to write what --emit makes, and there is no --emit", "--emit parallelcluster, or --emit svg");
  InstanceCatalogue catalogue = read_catalogue(options.catalogue);
  for (const auto& type : options.types) catalogue.find(type);
  if (!options.here.empty()) catalogue.find(options.here);
  AskedExperiment asked = ask_experiment(options.experiment, options.compute, options.settings);
  PlanQuestion& question = asked.question;
  question.types = options.types, question.budget = options.budget, question.count = options.count;
  question.market = options.market == "any" ? Market::any : options.market == "spot" ? Market::spot : Market::on_demand;
  if (!options.deadline.empty()) question.deadline_hours = parse_hours(options.deadline);
  if (question.budget && !(*question.budget >= 0)) fail_usage(text("the budget is ", *question.budget, ", expected 0 or more"));
  find_time(options, catalogue, asked, out.talk(stop_on_signals()));
  question.checkpoint_hours = checkpoint_hours(question);
  ExperimentPlan plan = make_plan(catalogue, question);
  plan.notes = asked.notes;

  Value result = plan_value(plan);
  std::string written;
  if (!options.emit.empty()) {
    written = emitted(options, catalogue, plan);
    if (!options.out.empty()) publish_text(system_env(), options.out, written), result["out"] = options.out;
    else result["emitted"] = written;
  }
  out.result("plan", result);
  if (!options.emit.empty() && options.out.empty()) {
    if (written.ends_with('\n')) written.pop_back();
    return out.line(written);
  }
  for (const auto& line : plan_lines(plan)) out.line(line);
  if (!options.out.empty()) out.line("wrote " + options.out);
}

}  // namespace

void add_plan(Program& program) {
  auto options = std::make_shared<PlanArguments>();
  auto* verb = program.app.add_subcommand("plan", "What an experiment takes: hours, machines, money, memory; the cluster that runs it");
  verb->add_option("EXPERIMENT", options->experiment, "experiment spec (TOML); `cases` in it lets it be planned without data")->required();
  verb->add_option("--set", options->settings, "override a field: key=value with dotted keys, may be repeated")->allow_extra_args(false);
  verb->add_option("--hours-per-trial", options->hours_per_trial, "hours a trial takes; default: some steps are measured here");
  verb->add_option("--here", options->here, "type of the catalogue that this machine is like, for scaling what is measured");
  verb->add_option("--count", options->count, "instances at a time; default what --deadline needs, or 6");
  verb->add_option("--type", options->types, "only these types, may be repeated")->delimiter(',')->allow_extra_args(false);
  verb->add_option("--market", options->market, "what may be chosen")->check(CLI::IsMember({"any", "on-demand", "spot"}))->capture_default_str();
  verb->add_option("--deadline", options->deadline, "the cheapest that is done within 48h, 2d, 90min");
  verb->add_option("--budget", options->budget, "the fastest that costs at most so much");
  verb->add_option("--catalogue", options->catalogue, "machines and prices (TOML) instead of share/instances.toml");
  verb->add_option("--emit", options->emit, "the chosen cluster: its file for AWS ParallelCluster, or its drawing")->check(CLI::IsMember({"parallelcluster", "svg"}));
  verb->add_option("--out", options->out, "file for what --emit makes; default stdout");
  verb->add_option("--subnet", options->places.subnet, "subnet of the cluster, for --emit");
  verb->add_option("--key-name", options->places.key_name, "key pair of its head node, for --emit");
  verb->add_option("--bucket", options->places.bucket, "S3 bucket with data and setup.sh, for --emit");
  add_compute_options(*verb, options->compute);
  verb->callback([options, &program] { program.action = [options, &program] { run(*options, program.output); }; });
}

}  // namespace tomograd
