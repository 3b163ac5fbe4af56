// The compute part of denoise, superres and inpaint: plan, fit, and what is known about them.
#include <torch/torch.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/memory.h"
#include "base/peak_memory.h"
#include "cli/engine/compute.h"
#include "cli/engine/verbs.h"
#include "restoration/restoration.h"
#include "spec/extent_value.h"

namespace tomograd {
namespace {

RestoreSpec resolved(RestoreSpec spec, const ComputeOptions& compute, Precision precision) {
  spec.precision = precision_name(precision);
  spec.device = "cpu";
  spec.threads = compute.threads > 0 ? compute.threads : spec.threads;
  if (compute.seed >= 0) spec.seed = compute.seed;
  return spec;
}

// The limit is for the whole process; without one, what the machine still has.
int64_t bytes_left(const ComputeOptions& compute, int64_t held) {
  if (compute.max_memory_bytes == 0) return available_memory_bytes();
  if (compute.max_memory_bytes <= held) fail(ErrorKind::budget, text("the program and the volume take ", bytes_text(held), " already, the limit is ", bytes_text(compute.max_memory_bytes)), "raise --max-memory");
  return compute.max_memory_bytes - held;
}

std::string plan_line(const RestorePlan& plan, int64_t held) {
  std::string parts = plan.tiles.count() == 1 ? "in one piece" : text("in ", plan.tiles.count(), " tiles of ", to_string(plan.tiles.tile));
  return text(to_string(plan.restored.size), " voxels ", parts, ": memory at most ", bytes_text(held + plan.added_bytes()), " (activations ", bytes_text(plan.activation_bytes), ", volumes ", bytes_text(plan.volume_bytes),
              ", weights ", bytes_text(plan.weight_bytes), ", program ", bytes_text(held), "), ", text(std::round(plan.iteration_flop * 1e-8) / 10), " GFLOP an iteration");
}

Value plan_facts(const RestorePlan& plan, int64_t held) {
  Value facts = Value::table();
  facts["shape_zyx"] = extent_value(plan.restored.size);
  facts["tiles"] = plan.tiles.count();
  facts["tile_zyx"] = extent_value(plan.tiles.tile);
  facts["parameters"] = parameter_count(plan.graph);
  facts["flop_per_iteration"] = plan.iteration_flop;
  facts["predicted_peak_bytes"] = std::max(held + plan.added_bytes(), process_peak_bytes());
  return facts;
}

Value time_of(const RestoreSpec& spec, const RestorePlan& plan, Precision precision, int64_t held, const Talk& talk) {
  IterationTime time = measure_iteration(spec, plan, precision);
  double seconds = time.seconds * double(spec.iterations);
  if (spec.max_seconds > 0) seconds = std::min(seconds, spec.max_seconds);
  Value facts = plan_facts(plan, held);
  facts["activation_bytes"] = plan.activation_bytes, facts["volume_bytes"] = plan.volume_bytes, facts["weight_bytes"] = plan.weight_bytes;
  facts["iterations"] = spec.iterations;
  facts["iteration_seconds"] = time.seconds;
  facts["duration_seconds"] = seconds;
  facts["measured_on_zyx"] = extent_value(time.measured_on);
  if (talk.say) talk.say(text("about ", text(time.seconds), " s an iteration (measured on ", to_string(time.measured_on), " voxels and scaled), at most ", seconds < 120 ? text(seconds, " s") : text(seconds / 60, " min"), " for ", spec.iterations, " iterations"));
  return facts;
}

RestoreHooks hooks_of(const RestoreTask& task, const RestoreSpec& spec, const Talk& talk) {
  RestoreHooks hooks;
  hooks.stop = talk.stop;
  hooks.watch = [&task, spec, talk](const RestoreIteration& at, const std::function<Volume()>& average) {
    if (task.preview && task.preview_every > 0 && at.iteration % task.preview_every == 0) task.preview(at.iteration, average());
    if (!talk.progress) return;
    double share = double(at.iteration) / double(at.of);
    if (spec.max_seconds > 0) share = std::max(share, at.seconds / spec.max_seconds);
    talk.progress(std::min(share, 1.0), share < 1 ? at.seconds * (1 - share) / share : 0, text("iteration ", at.iteration, ", PSNR to the input ", text(std::round(at.psnr * 10) / 10), " dB"));
  };
  return hooks;
}

}  // namespace

Value engine_restore(const RestoreTask& task, const ComputeOptions& compute, const Talk& talk, Volume& restored) {
  Precision precision = compute_precision(compute, task.spec.precision);
  RestoreSpec spec = resolved(task.spec, compute, precision);
  ComputeOptions threads = compute;
  threads.threads = int(spec.threads);
  use_threads(threads);
  release_free_memory();
  restart_peak_bytes();
  int64_t held = process_resident_bytes();
  RestorePlan plan = plan_restoration(spec, task.geometry, bytes_left(compute, held));
  if (talk.say) talk.say(plan_line(plan, held));
  if (!task.observed) return time_of(spec, plan, precision, held, talk);
  Restoration result = restore(spec, plan, *task.observed, task.known, precision, hooks_of(task, spec, talk));
  Value facts = plan_facts(plan, held);
  facts["iterations"] = result.iterations;
  facts["result_at"] = result.result_at;
  facts["stopped_by"] = result.stopped_by;
  facts["taken_back"] = result.taken_back;
  facts["psnr_input"] = result.psnr_input;
  facts["duration_seconds"] = result.seconds;
  facts["peak_bytes"] = process_peak_bytes();
  if (result.sigma > 0) facts["sigma"] = result.sigma;
  facts["scale"] = Value(Value::List{result.scale.low, result.scale.high});
  facts["precision"] = spec.precision;
  facts["seed"] = spec.seed;
  restored = std::move(result.volume);
  return facts;
}

}  // namespace tomograd
