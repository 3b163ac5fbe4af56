// `denoise`, `superres`, `inpaint`: a volume restored from itself, by a deep image prior or what its own slices teach. Options become fields of a RestoreSpec, the engine fits,
// this file reads, writes and draws.
#include <cmath>

#include "base/error.h"
#include "base/memory.h"
#include "cli/restore_files.h"
#include "cli/restore_pictures.h"
#include "cli/verb.h"
#include "spec/text_formats.h"

namespace tomograd {
namespace {

struct RestoreArguments {
  std::string task, input, out, mask, size = "small", montage, previews, type = "float32";
  std::vector<std::string> fields, settings;     // KEY=VALUE, from options and from --set
  int64_t every = 100;
  bool plan = false;
  ComputeOptions compute;
};

RestoreSpec restoration_of(const RestoreArguments& options, bool scattered = false) {
  Value table = Value::table();
  for (const auto& setting : options.fields) apply_setting(table, setting);
  for (const auto& setting : options.settings) apply_setting(table, setting);
  RestoreSpec spec = restoration_before(table, options.task, options.size, scattered);
  with_context(options.task + " settings", [&] { read_spec(spec, table); });
  if (spec.task != options.task) fail_usage(text("--set task=", spec.task, " does not go with `tomograd ", options.task, "`"), text("use tomograd ", spec.task));
  if (spec.task == "superres" && spec.noise == "rician") fail_usage("noise is rician, but the mean of magnitudes over a thick slice is not Rician", "use gaussian");
  return spec;
}

std::string decibels(double value) { return text(std::round(value * 100) / 100, " dB"); }

void say_result(const Value& result, const RestoreArguments& options, const Output& output) {
  int64_t iterations = result.at("iterations").as_integer(), at = result.at("result_at").as_integer();
  std::string of = at < iterations ? text(", the average after iteration ", at) : "";
  output.line(text(options.out, ": ", iterations, " iterations in ", duration_text(result.at("duration_seconds").as_number()), " (ended by: ", result.at("stopped_by").as_text(), ")", of));
  if (result.at("psnr_input").is_number()) output.line("PSNR to the input " + decibels(result.at("psnr_input").as_number()));
  if (const Value* sigma = result.find("sigma")) output.line(text("noise sigma       ", sigma->as_number()));
  output.line(text("peak memory       ", bytes_text(result.at("peak_bytes").as_integer()), " (predicted ", bytes_text(result.at("predicted_peak_bytes").as_integer()), ")"));
}

void check_pictures(const RestoreArguments& options, Env& env) {
  if (!options.montage.empty() && !options.montage.ends_with(".png")) fail_usage(text("--montage is \"", options.montage, "\"; a montage is written as .png"));
  if (!options.previews.empty()) env.make_directories(options.previews);
}

void restore_volume(const RestoreArguments& options, const Output& output) {
  Env& env = system_env();
  RestoreTask task;
  task.spec = restoration_of(options);
  RestoreInput input = open_restore_input(env, options.input);
  task.geometry = input.geometry;
  Volume observed, restored;
  Talk talk = output.talk(stop_on_signals());
  if (options.plan) {
    output.result(options.task, engine().restore(task, options.compute, talk, restored));
    return;
  }
  if (options.out.empty()) fail_usage("--out is missing", "the file for the restored volume, or --plan");
  check_restore_output(options.out, input);
  check_pictures(options, env);
  observed = read_restore_input(env, input);
  task.observed = &observed;
  if (!options.mask.empty()) {
    task.known = read_known(env, options.mask, input);
    task.spec = restoration_of(options, is_scattered(task.known, input.geometry.size));
  }
  if (!options.previews.empty()) {
    task.preview_every = options.every;
    task.preview = [&](int64_t iteration, const Volume& average) { write_restore_preview(env, options.previews, iteration, average); };
  }
  Value result = with_context("\"" + options.input + "\"", [&] { return engine().restore(task, options.compute, talk, restored); });
  write_restored(env, options.out, restored, input, options.type == "uint16");
  if (!options.montage.empty()) write_restore_montage(env, options.montage, task.spec, observed, task.known, restored, input.orientation_known);
  if (result.at("stopped_by").as_text() == "stop")
    fail(ErrorKind::stopped, text("stopped on request after ", result.at("iterations").as_integer(), " iterations; ", options.out, " holds the average so far"), "run it again for more iterations");
  result["out"] = options.out;
  say_result(result, options, output);
  output.result(options.task, std::move(result));
}

void add_restore_options(Program& program, CLI::App* verb, const std::shared_ptr<RestoreArguments>& options) {
  auto field = [&](const char* flag, const char* key, const char* sentence) {
    return verb->add_option_function<std::string>(flag, [options, key](const std::string& value) { options->fields.push_back(std::string(key) + "=" + value); }, sentence);
  };
  verb->add_option("INPUT", options->input, "the volume: NIfTI, TIFF or Zarr, one channel")->required();
  verb->add_option("--out", options->out, "restored volume, .nii, .nii.gz, .tif or .tiff; a NIfTI keeps the input's header");
  verb->add_option("--type", options->type, "of the written voxels: float32, or uint16 (whole numbers, cut at 0 and 65535)")->check(CLI::IsMember({"float32", "uint16"}))->capture_default_str();
  verb->add_option("--size", options->size, "network: small (for processors) or published (128 channels on five levels, 6.5 million weights)")->check(CLI::IsMember({"small", "published"}))->capture_default_str();
  field("--iterations", "iterations", "most iterations, 3000 unless given");
  field("--max-seconds", "max_seconds", "most seconds of fitting");
  field("--stop", "stop.rule", "when to stop without knowing the clean volume: auto, holdout, variance or none (all iterations)")->check(CLI::IsMember({"auto", "holdout", "variance", "none"}));
  verb->add_option_function<std::string>("--tile", [options](const std::string& value) {
    std::string list = value;
    for (char& c : list) c = c == 'x' ? ',' : c;
    options->fields.push_back("tile=" + (list.find(',') == std::string::npos ? list : "[" + list + "]"));
  }, "fit parts of this size in turn, N or Z,Y,X; chosen where the whole volume does not fit");
  field("--overlap", "overlap", "share of a tile that its neighbour covers too");
  verb->add_flag("--plan", options->plan, "print memory, time and tiles, and stop");
  verb->add_option("--montage", options->montage, "picture of the volume before and after, .png");
  verb->add_option("--previews", options->previews, "folder for pictures of the middle slice as it forms");
  verb->add_option("--every", options->every, "iterations between previews")->check(CLI::Range(int64_t{1}, int64_t{1} << 40))->capture_default_str();
  verb->add_option("--set", options->settings, "any other field: key=value, such as model.n_down=[16,32,64], learning_rate=0.005 or perturbation=0.05")->allow_extra_args(false);
  add_compute_options(*verb, options->compute);
  verb->callback([&program, options] { program.action = [&program, options] { restore_volume(*options, program.output); }; });
}

std::pair<CLI::App*, std::shared_ptr<RestoreArguments>> restore_verb(Program& program, const std::string& task, const std::string& sentence) {
  auto options = std::make_shared<RestoreArguments>();
  options->task = task;
  CLI::App* verb = program.app.add_subcommand(task, sentence);
  verb->footer("--json: psnr_input is the PSNR of the result to the input (not to a clean volume, which nobody has), in dB with the range of the scale;\n"
               "stopped_by is holdout or variance (the rule), iterations, or seconds. A stop on request writes what there is and exits 3.");
  return {verb, options};
}

void add_noise_options(CLI::App* verb, const std::shared_ptr<RestoreArguments>& options) {
  verb->add_option_function<std::string>("--noise", [options](const std::string& value) { options->fields.push_back("noise=" + value); }, "gaussian, or rician for magnitude MRI")->check(CLI::IsMember({"gaussian", "rician"}));
  verb->add_option_function<std::string>("--sigma", [options](const std::string& value) { options->fields.push_back("sigma=" + value); }, "rician: standard deviation of the noise in the units of the file; measured in the corners' background unless given");
}

}  // namespace

void add_denoise(Program& program) {
  auto [verb, options] = restore_verb(program, "denoise", "Remove noise from one volume, with no other data (deep image prior)");
  add_noise_options(verb, options);
  add_restore_options(program, verb, options);
}

void add_superres(Program& program) {
  auto [verb, options] = restore_verb(program, "superres", "Thin slices from thick ones, with no other data (learned from the slices themselves; --set code=noise: deep image prior)");
  auto fields = options;
  verb->add_option_function<std::string>("--factor", [fields](const std::string& value) { fields->fields.push_back("factor=" + value); }, "thin slices per thick slice, 2 unless given");
  verb->add_option_function<std::string>("--axis", [fields](const std::string& value) { fields->fields.push_back("axis=" + value); }, "across the slices: z, y or x as stored; that of the largest spacing unless given");
  verb->add_option_function<std::string>("--profile", [fields](const std::string& value) { fields->fields.push_back("profile=" + value); }, "how a thick slice sees thin ones: box (their mean) or lanczos");
  verb->add_flag_callback("--keep-known", [fields] { fields->fields.push_back("keep_known=true"); }, "averaged back, the thin slices are the thick ones (default)");
  verb->add_flag_callback("--no-keep-known", [fields] { fields->fields.push_back("keep_known=false"); }, "noise of the thick slices may be smoothed");
  add_restore_options(program, verb, options);
}

void add_inpaint(Program& program) {
  auto [verb, options] = restore_verb(program, "inpaint", "Fill missing voxels of one volume, with no other data (deep image prior)");
  verb->add_option("--mask", options->mask, "label map on the volume's voxels: where it is not zero, the voxel is missing and gets filled")->required();
  auto fields = options;
  verb->add_flag_callback("--keep-known", [fields] { fields->fields.push_back("keep_known=true"); }, "voxels that are not missing keep their values (default)");
  verb->add_flag_callback("--no-keep-known", [fields] { fields->fields.push_back("keep_known=false"); }, "the whole volume is the network's");
  add_noise_options(verb, options);
  add_restore_options(program, verb, options);
}

}  // namespace tomograd
