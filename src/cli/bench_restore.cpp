#include "cli/bench_restore.h"

#include <algorithm>
#include <cmath>

#include "base/clock.h"
#include "base/error.h"
#include "cli/restore_files.h"
#include "spec/restore_spec.h"
#include "spec/text_formats.h"

namespace tomograd {
namespace {

double psnr_to(const Volume& truth, const Volume& volume) {
  if (truth.geometry.size != volume.geometry.size) fail_input(text("the truth has ", to_string(truth.geometry.size), " voxels, the restored volume ", to_string(volume.geometry.size)));
  double squares = 0;
  int64_t n = truth.geometry.size.voxels();
  for (int64_t i = 0; i < n; ++i) {
    double d = double(truth.voxels[i]) - double(volume.voxels[i]);
    squares += d * d;
  }
  return 10 * std::log10(double(n) / squares);
}

// Thin slices by Catmull-Rom interpolation between the middles of thick ones along z, edges repeated.
Volume cubic_slices(const Volume& thick, int64_t factor) {
  Extent from = thick.geometry.size;
  Volume thin{thick.geometry, Buffer<float>(from.voxels() * factor)};
  thin.geometry.size.z = from.z * factor;
  int64_t plane = from.y * from.x;
  for (int64_t z = 0; z < thin.geometry.size.z; ++z) {
    double place = (double(z) + 0.5) / double(factor) - 0.5, t = place - std::floor(place);
    int64_t first = int64_t(std::floor(place)) - 1;
    double w[4] = {t * (-0.5 + t * (1 - 0.5 * t)), 1 + t * t * (-2.5 + 1.5 * t), t * (0.5 + t * (2 - 1.5 * t)), t * t * (-0.5 + 0.5 * t)};
    for (int64_t i = 0; i < plane; ++i) {
      double sum = 0;
      for (int64_t k = 0; k < 4; ++k) sum += w[k] * double(thick.voxels[std::clamp<int64_t>(first + k, 0, from.z - 1) * plane + i]);
      thin.voxels[z * plane + i] = float(sum);
    }
  }
  return thin;
}

}  // namespace

Value bench_restore(const RestoreBench& bench, const ComputeOptions& compute, const Talk& talk) {
  if (bench.observed.empty() || bench.truth.empty()) fail_usage("bench restore needs --data OBSERVED and --truth CLEAN");
  Env& env = system_env();
  RestoreInput input = open_restore_input(env, bench.observed), clean = open_restore_input(env, bench.truth);
  Volume observed = read_restore_input(env, input), truth = read_restore_input(env, clean), restored;
  RestoreTask task;
  task.spec = default_restoration(bench.task, "small");
  if (bench.task == "superres") task.spec.axis = "z";
  Value table = Value::table();
  for (const auto& setting : bench.settings) apply_setting(table, setting);
  read_spec(task.spec, table);
  task.geometry = input.geometry;
  task.observed = &observed;
  task.preview_every = bench.every;
  double best = -1e300, looking = 0;
  int64_t best_at = 0;
  Value::List curve;
  task.preview = [&](int64_t iteration, const Volume& average) {
    double begun = system_clock().monotonic_seconds(), psnr = psnr_to(truth, average);
    if (psnr > best) best = psnr, best_at = iteration;
    curve.push_back(Value(Value::List{iteration, psnr}));
    looking += system_clock().monotonic_seconds() - begun;
  };
  Value facts = engine().restore(task, compute, talk, restored);
  double result = psnr_to(truth, restored);
  facts["psnr_observed"] = bench.task == "superres" ? psnr_to(truth, cubic_slices(observed, task.spec.factor)) : psnr_to(truth, observed);
  facts["psnr_result"] = result;
  facts["psnr_oracle"] = std::max(best, result);
  facts["oracle_at"] = best > result ? Value(best_at) : facts.at("result_at");
  facts["seconds_per_iteration"] = (facts.at("duration_seconds").as_number() - looking) / double(std::max<int64_t>(1, facts.at("iterations").as_integer()));
  facts["gflop_per_second"] = facts.at("flop_per_iteration").as_number() / facts.at("seconds_per_iteration").as_number() * 1e-9;
  facts["curve"] = std::move(curve);
  return facts;
}

}  // namespace tomograd
