#include "cli/bench_restore.h"

#include <algorithm>
#include <cmath>

#include "base/clock.h"
#include "base/error.h"
#include "cli/restore_files.h"
#include "spec/restore_spec.h"
#include "spec/text_formats.h"
#include "volume/cubic_slices.h"

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

Volume cubic(const Volume& thick, int64_t factor) {
  Volume thin{thick.geometry, Buffer<float>(thick.geometry.size.voxels() * factor)};
  thin.geometry.size.z *= factor;
  cubic_slices(thick.voxels.data(), thick.geometry.size, 0, factor, thin.voxels.data());
  return thin;
}

Buffer<uint8_t> finite_voxels(const Volume& volume) {
  Buffer<uint8_t> known(volume.voxels.size());
  for (int64_t i = 0; i < known.size(); ++i) known[i] = std::isfinite(volume.voxels[i]);
  return known;
}

Volume filled_with_mean(const Volume& volume, const Buffer<uint8_t>& known) {
  double sum = 0, count = 0;
  for (int64_t i = 0; i < known.size(); ++i)
    if (known[i]) sum += double(volume.voxels[i]), ++count;
  Volume filled{volume.geometry, Buffer<float>(known.size())};
  for (int64_t i = 0; i < known.size(); ++i) filled.voxels[i] = known[i] ? volume.voxels[i] : float(sum / count);
  return filled;
}

}  // namespace

Value bench_restore(const RestoreBench& bench, const ComputeOptions& compute, const Talk& talk) {
  if (bench.observed.empty() || bench.truth.empty()) fail_usage("bench restore needs --data OBSERVED and --truth CLEAN");
  Env& env = system_env();
  RestoreInput input = open_restore_input(env, bench.observed), clean = open_restore_input(env, bench.truth);
  Volume observed = read_restore_input(env, input), truth = read_restore_input(env, clean), restored;
  RestoreTask task;
  if (bench.task == "inpaint") task.known = finite_voxels(observed);
  Value table = Value::table();
  for (const auto& setting : bench.settings) apply_setting(table, setting);
  task.spec = restoration_before(table, bench.task, "small", is_scattered(task.known, input.geometry.size));
  if (bench.task == "superres") task.spec.axis = "z";
  read_spec(task.spec, table);
  task.geometry = input.geometry;
  task.observed = &observed;
  task.preview_every = task.spec.code == "planes" ? 5 * bench.every : bench.every;  // whose result is not an output of the fit: it takes time
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
  facts["psnr_observed"] = psnr_to(truth, bench.task == "superres" ? cubic(observed, task.spec.factor) : filled_with_mean(observed, finite_voxels(observed)));
  facts["psnr_result"] = result;
  facts["psnr_oracle"] = std::max(best, result);
  facts["oracle_at"] = best > result ? Value(best_at) : facts.at("result_at");
  facts["seconds_per_iteration"] = (facts.at("duration_seconds").as_number() - looking) / double(std::max<int64_t>(1, facts.at("iterations").as_integer()));
  facts["gflop_per_second"] = facts.at("flop_per_iteration").as_number() / facts.at("seconds_per_iteration").as_number() * 1e-9;
  facts["curve"] = std::move(curve);
  return facts;
}

}  // namespace tomograd
