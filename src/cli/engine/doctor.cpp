// The compute parts of `doctor RUN`: where the time of a run goes, and the largest batch that fits.
#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/memory.h"
#include "base/parallel.h"
#include "cli/engine/compute.h"
#include "cli/engine/verbs.h"
#include "kernels/cpu_isa.h"
#include "nn/tensor_memory.h"
#include "training/largest_batch.h"
#include "training/step_times.h"

namespace tomograd {
namespace {

constexpr double share_of_free_memory = 0.9;     // other programs want some too

Value spread_value(const EpochSpread& spread) {
  Value value = Value::table();
  value["mean"] = spread.mean;
  value["deviation"] = spread.deviation;
  value["least"] = spread.least;
  value["most"] = spread.most;
  return value;
}

std::vector<double> each(const StepTimes& times, const std::function<double(const EpochTimes&)>& of) {
  std::vector<double> values;
  for (const auto& epoch : times.epochs) values.push_back(of(epoch));
  return values;
}

struct Figures {  // of the epochs, in the order in which they are reported
  const StepTimes& times;
  Value& into;
  EpochSpread add(const char* key, const std::function<double(const EpochTimes&)>& of) {
    std::vector<double> values = each(times, of);
    EpochSpread spread = spread_over(values);
    into[key] = spread_value(spread);
    into[key]["epochs"] = Value::list_of(values);
    return spread;
  }
};

double planned_seconds(const RunSpec& spec, double step) {
  double by_steps = spec.max_steps > 0 ? step * double(spec.max_steps) : INFINITY;
  return std::min(by_steps, spec.max_seconds > 0 ? spec.max_seconds : INFINITY);
}

Value trial_value(const BatchTrial& trial) {
  Value value = Value::table();
  value["batch"] = trial.batch;
  value["fits"] = trial.fits;
  value["predicted_bytes"] = trial.predicted_bytes;
  value["peak_bytes"] = trial.peak_bytes;
  value["needed_bytes"] = trial.needed_bytes;
  value["patches_per_second"] = spread_value(trial.patches_per_second);
  return value;
}

std::string trial_text(const BatchTrial& trial) {
  if (trial.peak_bytes == 0) return text("batch ", trial.batch, ": not tried, ", bytes_text(trial.predicted_bytes), " predicted");
  return text("batch ", trial.batch, trial.fits ? ": " : ": too large, ", bytes_text(trial.peak_bytes), " measured, ", bytes_text(trial.predicted_bytes), " predicted, ", double(std::llround(trial.patches_per_second.mean * 10)) / 10, " patches/s");
}

struct Release {                                 // also after an error
  ~Release() { release_free_tensor_memory(); }
};

}  // namespace

Value engine_step_times(const RunSpec& given, const ComputeOptions& compute, int64_t steps, const Talk& talk) {
  Release release;
  set_memory_budget(compute.max_memory_bytes);
  Rehearsal run(system_env(), system_clock(), with_compute(given, compute), compute.max_memory_bytes);
  run.promise_memory(compute.max_memory_bytes);
  const RunSpec& spec = run.spec();
  if (talk.say) talk.say(text("five epochs with loading and five without; ", spec.out.empty() ? "no run folder is made" : "the run folder is not touched"));
  StepTimes times = measure_step_times(run, steps, [&](double share) { if (talk.progress) talk.progress(share, 0, "measuring"); }, talk.stop);

  Value value = Value::table();
  value["epochs"] = measured_epochs;
  value["steps_per_epoch"] = times.steps;
  value["patches_per_step"] = spec.sampling.batch * spec.optimizer.accumulate;
  Figures figures{times, value};
  TimeBalance balance;
  balance.step = figures.add("seconds_per_step", [](const EpochTimes& e) { return e.with_loading.total(); });
  balance.without_loading = figures.add("seconds_per_step_without_loading", [](const EpochTimes& e) { return e.without_loading.total(); });
  figures.add("loader_wait_seconds", [](const EpochTimes& e) { return e.with_loading.wait; });
  balance.wait_share = figures.add("loader_wait_share", [](const EpochTimes& e) { return e.with_loading.wait / e.with_loading.total(); });
  figures.add("compute_seconds", [](const EpochTimes& e) { return e.without_loading.compute(); });
  figures.add("compute_seconds_while_loading", [](const EpochTimes& e) { return e.with_loading.compute(); });
  figures.add("forward_seconds", [](const EpochTimes& e) { return e.without_loading.forward; });
  figures.add("backward_seconds", [](const EpochTimes& e) { return e.without_loading.backward; });
  balance.update = figures.add("optimizer_seconds", [](const EpochTimes& e) { return e.without_loading.update; }).mean;
  balance.make = figures.add("patch_seconds", [](const EpochTimes& e) { return e.make; }).mean;
  EpochSpread read = spread_over(times.read_seconds);
  balance.reading = read.mean * double(times.read_seconds.size());
  value["read_seconds"] = spread_value(read);
  value["read_seconds"]["total"] = balance.reading;
  value["read_seconds"]["scans"] = int64_t(times.read_seconds.size());
  balance.training = planned_seconds(spec, balance.step.mean);
  value["training_seconds"] = balance.training;
  balance.workers = spec.sampling.workers, balance.threads = spec.threads, balance.processors = available_threads();
  balance.decoded_share = double(times.decoded_blocks) / double(std::max<int64_t>(1, times.decoded_blocks + times.cached_blocks));
  balance.cache_megabytes = spec.sampling.cache_megabytes;
  balance.fastest_precision = fastest_precision();
  balance.slow_precision = spec.precision == "f32" && balance.fastest_precision != "f32";
  value["workers"] = balance.workers;
  value["threads"] = balance.threads;
  if (run.cases().cache) value["decoded_share"] = balance.decoded_share;
  TimeFinding finding = where_time_goes(balance);
  value["bound_by"] = finding.bound;
  value["explanation"] = finding.explanation;
  value["set"] = Value::list_of(finding.settings);
  return value;
}

Value engine_largest_batch(const RunSpec& given, const ComputeOptions& compute, int64_t most, const Talk& talk) {
  Release release;
  set_memory_budget(compute.max_memory_bytes);
  int64_t limit = compute.max_memory_bytes > 0 ? compute.max_memory_bytes : process_resident_bytes() + int64_t(share_of_free_memory * double(available_memory_bytes()));
  Rehearsal run(system_env(), system_clock(), with_compute(given, compute), compute.max_memory_bytes);
  if (talk.say) talk.say(text("growing batches within ", bytes_text(limit), compute.max_memory_bytes > 0 ? " (--max-memory)" : " (nine tenths of what is free)"));
  std::vector<BatchTrial> trials = try_batches(run, limit, most, [&](const BatchTrial& trial) { if (talk.say) talk.say(trial_text(trial)); }, talk.stop);

  BatchTrial largest;
  for (const auto& trial : trials)
    if (trial.fits && trial.batch > largest.batch) largest = trial;
  if (largest.batch == 0)
    fail(ErrorKind::budget, text("not even a batch of 1 fits: ", bytes_text(trials.front().peak_bytes > 0 ? trials.front().needed_bytes : trials.front().predicted_bytes), " is needed, the limit is ", bytes_text(limit)),
         "lower sampling.patch or sampling.queue_megabytes, or raise --max-memory");
  Value value = trial_value(largest);
  value["limit_bytes"] = limit;
  value["reached_limit"] = largest.batch < most;
  value["learning_rate"] = batch_learning_rate(run.spec(), largest.batch);
  value["set"] = Value::list_of(batch_settings(run.spec(), largest.batch));
  Value::List tried;
  for (const auto& trial : trials) tried.push_back(trial_value(trial));
  value["tried"] = tried;
  return value;
}

}  // namespace tomograd
