#include "cli/doctor_run.h"

#include <algorithm>
#include <cstdio>

#include "base/error.h"
#include "base/memory.h"
#include "cli/run_argument.h"

namespace tomograd {
namespace {

constexpr int64_t largest_in_a_spec = 4096;      // of sampling.batch (spec/run_spec.h)

std::string figure_cell(double v) {
  char digits[32];
  std::snprintf(digits, sizeof digits, "%12.4g", v);
  return digits;
}

std::string three_digits(const Value& number) {
  char digits[32];
  std::snprintf(digits, sizeof digits, "%.3g", number.as_number());
  return digits;
}

std::string percent_cell(double v) {
  char digits[32];
  std::snprintf(digits, sizeof digits, "%10.1f %%", 100 * v);
  return digits;
}

void show_step_times(const Value& result, const Output& out) {
  const std::vector<std::pair<const char*, const char*>> columns = {{"seconds_per_step", "step"}, {"seconds_per_step_without_loading", "no loading"}, {"loader_wait_seconds", "waiting"}, {"loader_wait_share", "share"},
                                                                    {"forward_seconds", "forward"}, {"backward_seconds", "backward"}, {"optimizer_seconds", "update"}};
  int64_t patches = result.at("patches_per_step").as_integer();
  out.line(text("seconds of a step of ", patches, patches == 1 ? " patch" : " patches", ", epochs of ", result.at("steps_per_epoch").as_integer(), " steps; forward, backward and update without loading"));
  std::string head = "epoch  ";
  for (const auto& [key, name] : columns) head += std::string(12 - std::string(name).size(), ' ') + name;
  out.line(head);
  auto row = [&](const std::string& name, const std::function<double(const Value&)>& of) {
    std::string line = name + std::string(7 - name.size(), ' ');
    for (const auto& [key, title] : columns) line += std::string(key) == "loader_wait_share" ? percent_cell(of(result.at(key))) : figure_cell(of(result.at(key)));
    out.line(line);
  };
  int64_t epochs = result.at("epochs").as_integer();
  for (int64_t e = 0; e < epochs; ++e) row(std::to_string(e + 1), [&](const Value& figure) { return figure.at("epochs").as_list()[size_t(e)].as_number(); });
  row("mean", [](const Value& figure) { return figure.at("mean").as_number(); });
  row("s.d.", [](const Value& figure) { return figure.at("deviation").as_number(); });
  const Value& read = result.at("read_seconds");
  out.line(text("reading the scans  ", three_digits(read.at("total")), " s before the first step: ", read.at("scans").as_integer(), " scans of ", three_digits(read.at("mean")), " s (s.d. ", three_digits(read.at("deviation")), ")"));
  out.line(text("making patches     ", three_digits(result.at("patch_seconds").at("mean")), " s of one thread for a step (s.d. ", three_digits(result.at("patch_seconds").at("deviation")), ")"));
  out.line(result.at("explanation").as_text());
  for (const auto& setting : result.at("set").as_list()) out.line("try  --set " + setting.as_text());
}

void show_largest_batch(const Value& result, const Output& out) {
  int64_t batch = result.at("batch").as_integer();
  Value rate = result.at("patches_per_second").at("mean"), best = 0.0;
  int64_t fastest = batch;
  for (const auto& trial : result.at("tried").as_list())
    if (Value speed = trial.at("patches_per_second").at("mean"); trial.at("fits").as_bool() && speed.as_number() > best.as_number()) best = speed, fastest = trial.at("batch").as_integer();
  out.line(text("largest batch   ", batch, result.at("reached_limit").as_bool() ? "" : ", the largest that was asked for; larger ones may fit"));
  out.line("memory          " + bytes_text(result.at("needed_bytes").as_integer()) + " of " + bytes_text(result.at("limit_bytes").as_integer()));
  out.line("patches/s       " + three_digits(rate));
  if (fastest != batch && best.as_number() > 1.05 * rate.as_number()) out.line(text("fastest         ", fastest, ", with ", three_digits(best), " patches/s"));
  out.line("learning rate   " + three_digits(result.at("learning_rate")));
  std::string line = "use ";
  for (const auto& setting : result.at("set").as_list()) line += " --set " + setting.as_text();
  out.line(line);
}

}  // namespace

void add_doctor_run_options(CLI::App& verb, DoctorRunOptions& options) {
  verb.add_option("RUN", options.run, "run spec (TOML): say where the time of this run goes, over five short epochs with and without loading");
  verb.add_option("--set", options.settings, "override a field of RUN: key=value with dotted keys, may be repeated")->allow_extra_args(false);
  verb.add_option("--steps", options.steps, "steps of an epoch; 0 = as many as take a second and a half")->check(CLI::Range(0, 100000))->capture_default_str();
  verb.add_flag("--largest-batch", options.largest_batch, "find the largest sampling.batch that fits into --max-memory, else into what is free, by making steps");
  verb.add_option("--up-to", options.up_to, "largest batch that --largest-batch tries")->check(CLI::Range(int64_t{1}, largest_in_a_spec));
  add_compute_options(verb, options.compute);
}

bool is_about_a_run(const DoctorRunOptions& options) {
  if (!options.run.empty()) return true;
  const ComputeOptions& compute = options.compute;
  bool computes = compute.device != "auto" || compute.precision != "auto" || compute.threads > 0 || compute.seed >= 0 || compute.max_memory_bytes > 0;
  if (computes || options.largest_batch || options.steps > 0 || options.up_to > 0 || !options.settings.empty()) fail_usage("RUN is required with these options", "a run spec (TOML), such as tomograd doctor RUN.toml --largest-batch");
  return false;
}

void doctor_run(const DoctorRunOptions& options, const Output& out) {
  if (options.up_to > 0 && !options.largest_batch) fail_usage("--up-to is of --largest-batch");
  if (options.steps > 0 && options.largest_batch) fail_usage("--steps is of the times of a run, --largest-batch makes as many as it needs");
  RunSpec spec = read_run_argument(options.run, options.settings);
  Talk talk = out.talk(stop_on_signals());
  if (options.largest_batch) {
    Value result = engine().largest_batch(spec, options.compute, options.up_to > 0 ? options.up_to : largest_in_a_spec, talk);
    out.result("doctor_largest_batch", result);
    if (!out.json) show_largest_batch(result, out);
  } else {
    Value result = engine().step_times(spec, options.compute, options.steps, talk);
    out.result("doctor_run", result);
    if (!out.json) show_step_times(result, out);
  }
}

}  // namespace tomograd
