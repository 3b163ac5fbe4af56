// `train RUN.toml`: reads the spec, applies --set, hands it to the engine; with --ranks, or under srun or torchrun, as one of several
// processes that train one network.
#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/temporaries.h"
#include "cli/precision_picture.h"
#include "cli/run_argument.h"
#include "cli/settings.h"
#include "cli/train_ranks.h"
#include "cli/verb.h"

namespace tomograd {
namespace {

struct TrainArguments {
  std::string run, init_from, predictions;
  std::vector<std::string> settings;
  bool resume = false, list_settings = false;
  int64_t ranks = 0;                             // 0 = as whoever started this process says, or the run
  ComputeOptions compute;
};

void say_scores(const Value& result, const std::string& end, const Output& out) {
  for (const auto& score : result.at("test").as_list()) {
    std::string line = "test " + score.at("case").as_text() + " ";
    for (size_t c = 0; c < score.at("classes").as_list().size(); ++c) line += " " + score.at("classes").as_list()[c].as_text() + " " + text(score.at("dice").as_list()[c].as_number());
    out.line(line + end);
  }
}

// What each rank takes of its host. A run that is resumed has settled its threads.
void settle_rank(const RunSpec& spec, ComputeOptions& compute, bool resume) {
  if (compute.device.rfind("cuda:", 0) == 0) fail_usage("--device is '" + compute.device + "', and every rank takes the GPU of its own number", "use --device cuda, with CUDA_VISIBLE_DEVICES to choose among those of a host");
  bool settled = resume && system_env().kind(join_path(spec.out, "spec.toml")) == FileKind::file;
  if (compute.threads == 0 && spec.threads == 0 && !settled) compute.threads = threads_of_rank(compute.place);
  take_own_gpu(compute.place);
}

void train_or_start_ranks(const TrainArguments& options, const Output& out) {
  if (options.list_settings) return show_run_settings(out);
  if (options.run.empty()) fail_usage("RUN is required", "a run spec (TOML); `tomograd train --settings` lists what it can say");
  RunSpec spec = read_run_argument(options.run, options.settings);
  ComputeOptions compute = options.compute;
  const int64_t ranks = options.ranks > 0 ? options.ranks : spec.ranks > 1 ? spec.ranks : 0;
  RankPlace& place = compute.place = options.ranks == 1 ? RankPlace() : rank_place();
  if (place.rank == 0 && place.file.empty() && options.resume && !spec.out.empty()) remove_stale_temporaries(system_env(), spec.out);
  if (ranks > 1 && !place.split()) {
    start_ranks(ranks, stop_on_signals());
    return;
  }
  if (options.ranks > 1 && options.ranks != place.ranks) fail_usage(text("--ranks is ", options.ranks, ", and what started this process says that it is one of ", place.ranks), "leave --ranks out under srun and torchrun");
  if (place.split()) settle_rank(spec, compute, options.resume);
  spec.ranks = place.ranks;
  Talk talk = out.talk(stop_on_signals());
  if (place.rank > 0) {                          // rank 0 says it for all
    talk.say = nullptr, talk.progress = nullptr;
    if (place.file.empty()) set_log_sink(LogSink());
  } else {
    tell_progress(talk);
  }
  Value result = engine().train(spec, compute, options.resume, options.init_from, options.predictions, talk);
  if (place.rank > 0) return;
  draw_precision(system_env(), spec.out);
  out.result("train", result);
  out.line(text("steps           ", result.at("steps").as_integer()));
  out.line("seconds         " + text(result.at("seconds").as_number()));
  out.line("patches/s       " + text(result.at("patches_per_second").as_number()));
  out.line("parameters      " + text(result.at("parameters").as_integer()));
  out.line("peak memory     " + bytes_text(result.at("peak_bytes").as_integer()));
  if (result.at("validation_dice").as_number() >= 0) out.line("validation Dice " + text(result.at("validation_dice").as_number()));
  say_scores(result, "", out);
  if (const Value* without = result.find("without"))
    for (const auto& [channel, part] : without->as_table()) say_scores(part, "  without " + channel, out);
  out.line("model           " + join_path(spec.out, "model.safetensors"));
}

void run(const TrainArguments& options, const Output& out) {
  as_rank([&] { train_or_start_ranks(options, out); });
}

}  // namespace

void add_train(Program& program) {
  auto options = std::make_shared<TrainArguments>();
  auto* verb = program.app.add_subcommand("train", "Train a network as RUN.toml says; the run folder is its `out`");
  verb->add_option("RUN", options->run, "run spec (TOML)");
  verb->add_flag("--settings", options->list_settings, "list what a run spec can say, with defaults and ranges");
  verb->add_option("--set", options->settings, "override a field: key=value with dotted keys, may be repeated")->allow_extra_args(false);
  verb->add_flag("--resume", options->resume, "go on from the last checkpoint; starts when there is none");
  verb->add_option("--ranks", options->ranks, "processes that train the network together, started here on this host; each takes its share of every batch; default `ranks` of the run. Not needed under srun and torchrun; 1 = this process alone, whatever started it")->check(CLI::Range(1, 1024));
  verb->add_option("--init-from", options->init_from, "start from the weights of this MODEL; channels and classes may differ");
  verb->add_option("--predictions", options->predictions, "folder for the predictions of the test patients");
  add_compute_options(*verb, options->compute);
  verb->callback([options, &program] { program.action = [options, &program] { run(*options, program.output); }; });
}

}  // namespace tomograd
