// `bench NAME`: figures of this machine, each with its answer checked first. What the peers reach beside it: bench/ and
// scripts/bench.sh.
#include "base/error.h"
#include "base/memory.h"
#include "base/parallel.h"
#include "cli/verb.h"
#include "dataset/dataset.h"
#include "sampling/sampling_bench.h"

namespace tomograd {
namespace {

struct Options {
  std::string name, data;
  std::vector<int64_t> patch = {64, 64, 64}, size = {155, 240, 240};
  double seconds = 5;
  int64_t channels = 2;
  ComputeOptions compute;
};

void bench_patches(const Options& options, const Output& out) {
  if (options.data.empty()) fail_usage("bench sampling needs --data dataset.json");
  Dataset dataset = read_dataset(system_env(), options.data);
  int threads = options.compute.threads > 0 ? options.compute.threads : available_threads();
  SamplingBench bench = bench_sampling(system_env(), dataset, {options.patch[0], options.patch[1], options.patch[2]}, threads, options.seconds, options.channels);
  if (!bench.checked) fail_failure("the fast patches differ from the reference; no figure is given");
  Value value = to_value(bench);
  for (const auto& rate : bench.rates) {
    if (rate.name == "plain") value["patches_per_second"] = rate.patches_per_second;
    if (rate.name == "flips and noise") value["patches_per_second_augmented"] = rate.patches_per_second;
  }
  out.result("bench-sampling", value);
  out.line(to_table(bench));
}

void bench_engine(const Options& options, const Output& out) {
  Value settings = Value::table();
  settings["size"] = Value::list_of(options.size);
  settings["seconds"] = options.seconds;
  settings["channels"] = options.channels;
  Value value = engine().bench(options.name, settings, options.compute, out.talk(stop_on_signals()));
  out.result("bench-" + options.name, value);
  for (const auto& [key, number] : value.as_table()) out.line(key + "  " + (number.is_integer() && key.find("bytes") != std::string::npos ? bytes_text(number.as_integer()) : number.is_number() ? text(number.as_number()) : number.is_text() ? number.as_text() : ""));
}

}  // namespace

void add_bench(Program& program) {
  auto options = std::make_shared<Options>();
  auto* verb = program.app.add_subcommand("bench", "Figures of this machine: sampling, predict, train");
  verb->add_option("NAME", options->name, "what to measure")->required()->check(CLI::IsMember({"sampling", "predict", "train"}));
  verb->add_option("--data", options->data, "dataset.json (sampling)");
  verb->add_option("--patch", options->patch, "patch size Z,Y,X")->delimiter(',')->expected(3);
  verb->add_option("--size", options->size, "volume size Z,Y,X (predict)")->delimiter(',')->expected(3);
  verb->add_option("--seconds", options->seconds, "seconds per figure")->check(CLI::Range(0.1, 600.0))->capture_default_str();
  verb->add_option("--channels", options->channels, "image channels")->check(CLI::Range(1, 64))->capture_default_str();
  add_compute_options(*verb, options->compute);
  verb->callback([options, &program] {
    program.action = [options, &program] { options->name == "sampling" ? bench_patches(*options, program.output) : bench_engine(*options, program.output); };
  });
}

}  // namespace tomograd
