// `bench NAME`: figures of this machine, each with its answer checked first. What the peers reach beside it: bench/ and
// scripts/bench.sh.
#include <cstdio>
#include <cstring>
#include <iostream>

#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/parallel.h"
#include "cli/bench_bayes.h"
#include "cli/bench_rates.h"
#include "cli/bench_restore.h"
#include "cli/openvino_loader.h"
#include "cli/verb.h"
#include "dataset/dataset.h"
#include "kernels/fma_peak.h"
#include "kernels/msd_cuda.h"
#include "sampling/sampling_bench.h"

namespace tomograd {
namespace {

struct BenchArguments {
  std::string name, data, store;
  std::vector<int64_t> patch = {64, 64, 64}, size;  // size: empty = that of the benchmark
  double seconds = 5;
  int64_t cache_bytes = 1'000'000'000;
  int64_t channels = 2, depth = 80, halo = 32, clients = 1;
  bool peer = true;
  int64_t seeds = 20;
  std::vector<std::string> functions;
  std::string point;
  std::string task = "denoise", truth;
  std::vector<std::string> settings;
  ComputeOptions compute;
};

int threads_of(const BenchArguments& options) { return options.compute.threads > 0 ? options.compute.threads : available_threads(); }
Extent size_of(const BenchArguments& options, Extent otherwise) { return options.size.empty() ? otherwise : Extent{options.size[0], options.size[1], options.size[2]}; }

void bench_patches(const BenchArguments& options, const Output& out) {
  if (options.data.empty()) fail_usage("bench sampling needs --data dataset.json");
  Dataset dataset = read_dataset(system_env(), options.data);
  SamplingBench bench = bench_sampling(system_env(), dataset, {options.patch[0], options.patch[1], options.patch[2]}, threads_of(options), options.seconds, options.channels, 256, options.cache_bytes);
  if (!bench.checked) fail_failure("the fast patches differ from the reference; no figure is given");
  Value value = to_value(bench);
  for (const auto& rate : bench.rates) {
    if (rate.name == "plain") value["patches_per_second"] = rate.patches_per_second;
    if (rate.name == "flips and noise") value["patches_per_second_augmented"] = rate.patches_per_second;
  }
  out.result("bench-sampling", value);
  out.line(to_table(bench));
}

// Bytes read and written by copying arrays far larger than the caches.
double copy_rate(ThreadPool& pool, double seconds) {
  constexpr int64_t bytes = int64_t{256} << 20, piece = int64_t{4} << 20;
  Buffer<uint8_t> from(bytes, 7), to(bytes, 0);
  Clock& clock = system_clock();
  double begun = clock.monotonic_seconds(), moved = 0;
  while (clock.monotonic_seconds() - begun < seconds) {
    pool.for_each(bytes / piece, [&](int64_t i) { std::memcpy(to.data() + i * piece, from.data() + i * piece, size_t(piece)); });
    moved += 2.0 * double(bytes);
  }
  double took = clock.monotonic_seconds() - begun;
  if (to[bytes - 1] != 7) fail_failure("the copy is not the original; no figure is given");
  return moved / took * 1e-9;
}

void bench_peak(const BenchArguments& options, const Output& out) {
  ThreadPool pool(threads_of(options));
  Value value = Value::table();
  value["threads"] = int64_t(pool.threads());
  value["f32_gflop_per_second"] = chain_rate(pool, fma_chain_f32, options.seconds);
  value["bf16_gflop_per_second"] = chain_rate(pool, fma_chain_bf16, options.seconds);
  value["copy_gb_per_second"] = copy_rate(pool, options.seconds);
  out.result("bench-peak", value);
  out.line(text(pool.threads(), " threads: f32 ", value.at("f32_gflop_per_second").as_number(), " GFLOP/s, bf16 dot products ", value.at("bf16_gflop_per_second").as_number(),
                " GFLOP/s (0 = none), copy ", value.at("copy_gb_per_second").as_number(), " GB/s read and written"));
}

void bench_engine(const BenchArguments& options, const Output& out) {
  Value settings = Value::table();
  settings["size"] = Value::list_of(options.size.empty() ? std::vector<int64_t>{155, 240, 240} : options.size);
  settings["seconds"] = options.seconds;
  settings["channels"] = options.channels;
  Value value = engine().bench(options.name, settings, options.compute, out.talk(stop_on_signals()));
  out.result("bench-" + options.name, value);
  for (const auto& [key, number] : value.as_table()) out.line(key + "  " + (number.is_integer() && key.find("bytes") != std::string::npos ? bytes_text(number.as_integer()) : number.is_number() ? text(number.as_number()) : number.is_text() ? number.as_text() : ""));
}

void bench_msd_device(const BenchArguments& options, const Output& out) {
  std::optional<int> number = cuda_number(options.compute.device);
  if (!number) fail_usage(text("device is '", options.compute.device, "'"), "expected auto, cpu or cuda:N");
  int there = cuda_devices();
  if (*number >= there) fail_failure(text("device cuda:", *number, " is not here; there are ", there));
  Value value = bench_msd_cuda(options.depth, size_of(options, cube(512)), options.halo, options.compute.max_memory_bytes, *number, threads_of(options));
  out.result("bench-msd-cuda", value);
  for (const auto& [key, number_or_name] : value.as_table()) out.line(key + "  " + (number_or_name.is_text() ? number_or_name.as_text() : text(number_or_name.as_number())));
}

void bench_msd_network(const BenchArguments& options, const Output& out) {
  if (options.compute.device != "auto" && options.compute.device != "cpu") return bench_msd_device(options, out);
  Extent size = size_of(options, cube(96));
  Backend* peer = nullptr;
  std::string why_not = "left out by --no-peer";
  if (options.peer) try {
    peer = &openvino();
  } catch (const Error& error) {
    why_not = error.what();
  }
  Value value = bench_msd(options.depth, size, threads_of(options), 3, peer);
  Value settings = Value::table();
  settings["size"] = Value(Value::List{size.z, size.y, size.x});
  settings["depth"] = options.depth;
  value["torch_seconds"] = options.peer ? engine().bench("msd", settings, options.compute, out.talk(stop_on_signals())).at("torch_seconds") : Value();
  if (!peer) value["openvino_note"] = why_not;
  out.result("bench-msd", value);
  auto line = [&](const char* what, const Value& of) {
    out.line(text(what, "  ", of.at("duration_seconds").as_number(), " s  ", of.at("gflops").as_number(), " GFLOP/s, ", of.at("fraction_of_peak").as_number(), " of ", of.at("fma_peak_gflops").as_number()));
  };
  line("forward f32 ", value);
  line("forward bf16", value.at("bf16"));
  line("training f32", value.at("train"));
  if (value.at("torch_seconds").is_number()) out.line(text("libtorch     ", value.at("torch_seconds").as_number(), " s"));
  out.line(text("OpenVINO     ", peer ? text(value.at("openvino_seconds").as_number(), " s") : why_not));
}

void bench_trials(const BenchArguments& options, const Output& out) {
  Value value = bench_store(options.store, options.clients);
  out.result("bench-store", value);
  for (const auto& [key, number] : value.as_table()) out.line(key + "  " + text(number.as_number()));
}

void bench_seams(const BenchArguments& options, const Output& out) {
  Value value = bench_seam(options.depth, size_of(options, cube(96)), threads_of(options));
  out.result("bench-seam", value);
  out.line(text("a core of a quarter of each side; a voxel sees ", value.at("field_of_view_halo").as_integer(), " on each side"));
  out.line("halo  max error  mean error  computed");
  for (const Value& row : value.at("halos").as_list()) {
    char line[96];
    std::snprintf(line, sizeof line, "%4lld  %9.2g  %10.2g  %7.1fx", static_cast<long long>(row.at("halo").as_integer()), row.at("max_error").as_number(), row.at("mean_error").as_number(), row.at("computed_times").as_number());
    out.line(line);
  }
}

void bench_crops(const BenchArguments& options, const Output& out) {
  if (options.data.empty()) fail_usage("bench crop needs --data STORE.zarr", "tomograd block makes a store of a volume");
  Value value = bench_crop(options.data, options.truth, size_of(options, cube(128)), options.seeds, threads_of(options));
  out.result("bench-crop", value);
  auto extent = [](const Value& zyx) { return to_string(Extent{zyx.as_list()[0].as_integer(), zyx.as_list()[1].as_integer(), zyx.as_list()[2].as_integer()}); };
  auto per_crop = [&](const Value& bytes) { return bytes_text(bytes.as_integer() / options.seeds); };
  out.line(text(options.data, ": ", extent(value.at("shape_zyx")), " voxels of ", value.at("voxel_type").as_text(), " in blocks of ", extent(value.at("block_zyx")), "; ", options.seeds, " crops of ",
                extent(value.at("crop_zyx")), " at odd places, ", value.at("threads").as_integer(), " threads; each equal to ", value.at("checked_with").as_text()));
  for (const char* way : {"stored", "floats"}) {
    const Value& of = value.at(way);
    char line[192];
    std::snprintf(line, sizeof line, "as %s  %.4f s a crop (median; %.4f to %.4f), %.1f Mvoxels/s, %.0f MB/s; %.4f s of processor time", way, of.at("median_seconds").as_number(), of.at("least_seconds").as_number(), of.at("most_seconds").as_number(),
                  of.at("voxels_per_second").as_number() * 1e-6, of.at("mb_per_second").as_number(), of.at("processor_seconds").as_number());
    out.line(line);
  }
  out.line(text("of a crop's blocks, ", per_crop(value.at("bytes_needed")), " in the files, ", per_crop(value.at("stored").at("bytes_read")), " were read (indexes too): ", value.at("read_per_needed").as_number(), " times"));
}

// One value of one function: of a point, or of as many lines as come.
void bench_evaluate(const BenchArguments& options, const Output& out) {
  if (options.functions.size() != 1) fail_usage("--evaluate needs one function", "--functions training --evaluate 0.1,1e-4,16,0.9");
  if (options.point == "-") {
    ForeignSearch search(options.functions[0]);
    for (std::string line; std::getline(std::cin, line);) std::cout << search.answer(line) << std::endl;
    return;
  }
  Value value = evaluate_point(options.functions[0], options.point, options.compute.seed >= 0 ? options.compute.seed : 1);  // --seed is a compute option
  out.result("bench_bayes_point", value);
  out.line(text("value ", number_text(value.at("value").as_number()), "  mean ", number_text(value.at("mean").as_number()), "  regret ", number_text(value.at("regret").as_number())));
}

void bench_search(const BenchArguments& options, const Output& out) {
  if (!options.point.empty()) return bench_evaluate(options, out);
  Value value = bench_bayes(options.seeds, options.functions);
  out.result("bench_bayes", value);
  out.line("regret over the seeds: median (quartiles), random search beside it; seconds of a proposal behind 100 trials");
  for (const auto& [name, of] : value.as_table()) {
    char line[160];
    const auto& quartiles = of.at("quartiles").as_list();
    std::snprintf(line, sizeof line, "%-20s %3lld trials  %9.3g (%.2g, %.2g)  random %.3g  %.3f s", name.c_str(), static_cast<long long>(of.at("trials").as_integer()), of.at("median_regret").as_number(),
                  quartiles[0].as_number(), quartiles[1].as_number(), of.at("random_median_regret").as_number(), of.at("ask_seconds_at_100").as_number());
    out.line(line);
    if (const Value* by_mean = of.find("median_regret_by_mean")) {
      const auto& around = of.at("quartiles_by_mean").as_list();
      std::snprintf(line, sizeof line, "%-20s by the model  %9.3g (%.2g, %.2g)  random %.3g", "", by_mean->as_number(), around[0].as_number(), around[1].as_number(), of.at("random_median_regret_by_mean").as_number());
      out.line(line);
    }
  }
}

void bench_restoration(const BenchArguments& options, const Output& out) {
  Value value = bench_restore({options.task, options.data, options.truth, options.settings}, options.compute, out.talk(stop_on_signals()));
  out.result("bench-restore", value);
  auto number = [&](const char* key) { return value.at(key).as_number(); };
  out.line(text("parameters ", value.at("parameters").as_integer(), ", ", value.at("precision").as_text(), ": ", number("seconds_per_iteration"), " s an iteration, ", number("gflop_per_second"), " GFLOP/s, memory ",
                bytes_text(value.at("peak_bytes").as_integer()), " (predicted ", bytes_text(value.at("predicted_peak_bytes").as_integer()), ")"));
  out.line(text("PSNR ", options.task == "superres" ? "of cubic interpolation " : "observed ", number("psnr_observed"), " dB; result ", number("psnr_result"), " dB after ", value.at("iterations").as_integer(), " iterations (taken from ",
                value.at("result_at").as_integer(), ", stopped by ", value.at("stopped_by").as_text(), "), ", number("duration_seconds"), " s; best there was ", number("psnr_oracle"), " dB at ", value.at("oracle_at").as_integer()));
}

}  // namespace

double chain_rate(ThreadPool& pool, FmaChain (*chain)(int64_t), double seconds) {
  constexpr int64_t rounds = int64_t{1} << 20;
  if (chain(64).flop == 0) return 0;
  Clock& clock = system_clock();
  double begun = clock.monotonic_seconds(), flop = 0;
  std::vector<FmaChain> results(size_t(pool.threads()));
  while (clock.monotonic_seconds() - begun < seconds) {
    pool.for_each(pool.threads(), [&](int64_t i) { results[size_t(i)] = chain(rounds); });
    for (const FmaChain& r : results) {
      if (r.result != r.answer) fail_failure(text("a chain of multiply-adds ended at ", r.result, ", not at ", r.answer, "; no figure is given"));
      flop += r.flop;
    }
  }
  return flop / (clock.monotonic_seconds() - begun) * 1e-9;
}

void add_bench(Program& program) {
  auto options = std::make_shared<BenchArguments>();
  auto* verb = program.app.add_subcommand("bench", "Figures of this machine: sampling, predict, train, msd, seam, peak, store, crop, bayes, restore");
  verb->add_option("NAME", options->name, "what to measure")->required()->check(CLI::IsMember({"sampling", "predict", "train", "msd", "seam", "peak", "store", "crop", "bayes", "restore"}));
  verb->add_option("--data", options->data, "dataset.json (sampling); a block store (crop); the observed volume (restore)");
  verb->add_option_function<std::string>("--cache", [options](const std::string& raw) { options->cache_bytes = parse_bytes(raw); }, "memory for decoded blocks of cases that are block stores (sampling) [1GB]");
  verb->add_option("--patch", options->patch, "patch size Z,Y,X")->delimiter(',')->expected(3);
  verb->add_option("--size", options->size, "volume size Z,Y,X (predict: 155,240,240; msd, seam: 96,96,96, msd on a device 512,512,512; crop: 128,128,128 of each)")->delimiter(',')->expected(3);
  verb->add_option("--seconds", options->seconds, "seconds per figure")->check(CLI::Range(0.1, 600.0))->capture_default_str();
  verb->add_option("--channels", options->channels, "image channels")->check(CLI::Range(1, 64))->capture_default_str();
  verb->add_option("--depth", options->depth, "layers (msd, seam)")->check(CLI::Range(1, 400))->capture_default_str();
  verb->add_option("--halo", options->halo, "voxels around the core of a tile (msd on a device)")->check(CLI::Range(0, 1000))->capture_default_str();
  verb->add_option("--store", options->store, "postgresql:// address of an empty store (store); a file here when left out");
  verb->add_option("--clients", options->clients, "connections that claim at once (store)")->check(CLI::Range(1, 64))->capture_default_str();
  verb->add_flag("!--no-peer", options->peer, "without libtorch and OpenVINO beside ours (msd)");
  verb->add_option("--seeds", options->seeds, "searches per function, from seed 100 on (bayes); crops, from seed 1 on (crop)")->check(CLI::Range(1, 1000))->capture_default_str();
  verb->add_option("--functions", options->functions, "which functions (bayes); none = all")->delimiter(',');
  verb->add_option("--evaluate", options->point, "one point of one function, numbers with commas; - = searches of another program, from stdin (bayes)");
  verb->add_option("--task", options->task, "denoise, superres across z, or inpaint, missing voxels being NaN (restore)")->check(CLI::IsMember({"denoise", "superres", "inpaint"}))->capture_default_str();
  verb->add_option("--truth", options->truth, "what the restoration should find, and never sees (restore); what the store was made of (crop)");
  verb->add_option("--set", options->settings, "fields of the restoration, key=value (restore)")->allow_extra_args(false);
  add_compute_options(*verb, options->compute);
  verb->callback([options, &program] {
    program.action = [options, &program] {
      if (options->name == "sampling") bench_patches(*options, program.output);
      else if (options->name == "peak") bench_peak(*options, program.output);
      else if (options->name == "store") bench_trials(*options, program.output);
      else if (options->name == "crop") bench_crops(*options, program.output);
      else if (options->name == "bayes") bench_search(*options, program.output);
      else if (options->name == "restore") bench_restoration(*options, program.output);
      else if (options->name == "seam") bench_seams(*options, program.output);
      else if (options->name == "msd") bench_msd_network(*options, program.output);
      else bench_engine(*options, program.output);
    };
  });
}

}  // namespace tomograd
