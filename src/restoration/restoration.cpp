#include "restoration/restoration.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>

#include "base/error.h"
#include "restoration/image_prior.h"
#include "restoration/plane_fit.h"
#include "restoration/rician.h"
#include "restoration/stopping.h"

namespace tomograd {
namespace {

std::string rule_of(const RestoreSpec& spec) { return spec.stop.rule == "auto" ? "holdout" : spec.stop.rule; }

ObservedVoxels observe(const RestoreSpec& spec, const Volume& observed, const Buffer<uint8_t>& known, const IntensityScale& scale, double sigma) {
  ObservedVoxels observation;
  int64_t n = observed.voxels.size();
  observation.voxels = Buffer<float>(n);
  for (int64_t i = 0; i < n; ++i) observation.voxels[i] = known.empty() || known[i] ? scale.to_unit(observed.voxels[i]) : 0.0f;
  bool holds_out = rule_of(spec) == "holdout" && spec.code != "planes";  // which holds out slices
  observation.use = voxel_uses(known, n, holds_out ? spec.stop.holdout : 0, uint64_t(spec.seed));
  observation.term = {spec.noise == "rician", sigma / (scale.high - scale.low)};
  if (count_fitted(observation.use.empty() ? nullptr : observation.use.data(), n) == 0) fail_input("no voxel is left to fit");
  return observation;
}

// What the scanner saw and the result should show again: known voxels (inpainting), thick slices (super-resolution).
void put_back(const RestoreSpec& spec, const RestorePlan& plan, const Volume& observed, const Buffer<uint8_t>& known, Volume& volume) {
  if (!spec.keep_known) return;
  if (spec.task == "superres") project(slice_profile(spec.profile, spec.factor, plan.axis), plan.restored.size, observed.voxels.data(), volume.voxels.data());
  for (int64_t i = 0; i < known.size(); ++i)
    if (known[i]) volume.voxels[i] = observed.voxels[i];
}

std::unique_ptr<Fit> fit_of(const RestoreSpec& spec, const RestorePlan& plan, const ObservedVoxels& observation, Precision precision) {
  if (spec.code == "planes") return std::make_unique<PlaneFit>(spec, plan, observation.voxels.data(), precision);
  return std::make_unique<ImagePrior>(spec, plan, observation, precision);
}

Volume back_in_units(Fit& fit, bool best, const RestorePlan& plan, const IntensityScale& scale) {
  Volume volume{plan.restored, Buffer<float>(plan.restored.size.voxels())};
  fit.write(best, volume.voxels.data());
  for (float& value : volume.voxels) value = scale.from_unit(value);
  return volume;
}

double psnr_to_input(const RestoreSpec& spec, const RestorePlan& plan, const Volume& result, const Volume& observed, const Buffer<uint8_t>& known, const IntensityScale& scale) {
  SliceProfile profile = slice_profile(spec.profile, spec.task == "superres" ? spec.factor : 1, plan.axis);
  Buffer<float> seen;
  if (!profile.is_identity()) {
    seen = Buffer<float>(observed.voxels.size());
    apply(profile, plan.restored.size, result.voxels.data(), seen.data());
  }
  const float* values = seen.empty() ? result.voxels.data() : seen.data();
  double squares = 0, count = 0;
  for (int64_t i = 0; i < observed.voxels.size(); ++i) {
    if (!known.empty() && !known[i]) continue;
    double r = (double(values[i]) - double(observed.voxels[i])) / (scale.high - scale.low);
    squares += r * r, ++count;
  }
  return psnr_of(squares / count);
}

}  // namespace

Restoration restore(const RestoreSpec& spec, const RestorePlan& plan, const Volume& observed, const Buffer<uint8_t>& known, Precision precision, const RestoreHooks& hooks) {
  Restoration result;
  Clock& clock = hooks.clock ? *hooks.clock : system_clock();
  bool rician = spec.noise == "rician";
  result.scale = intensity_scale(observed.voxels, known, rician);
  if (rician) result.sigma = spec.sigma > 0 ? spec.sigma : background_sigma(observed.voxels, observed.geometry.size);
  ObservedVoxels observation = observe(spec, observed, known, result.scale, result.sigma);
  std::unique_ptr<Fit> fit = fit_of(spec, plan, observation, precision);
  std::string rule = rule_of(spec);
  StopRule stopping(spec.stop);
  int64_t tiles = plan.tiles.count();
  double begun = clock.monotonic_seconds();
  while (result.stopped_by.empty()) {
    FitStep step = fit->step();
    RestoreIteration at{fit->iterations(), spec.iterations, step.psnr, std::numeric_limits<double>::quiet_NaN(), clock.monotonic_seconds() - begun, step.accepted};
    StopAdvice advice = StopAdvice::go_on;
    if (rule != "none") at.criterion = fit->criterion(rule);
    if (step.round_over && rule != "none") advice = stopping.tell(at.criterion);
    if (advice == StopAdvice::best) {
      fit->keep_best();
      result.result_at = at.iteration;
    }
    if (hooks.watch)
      hooks.watch(at, [&] {
        Volume now = back_in_units(*fit, false, plan, result.scale);
        put_back(spec, plan, observed, known, now);
        return now;
      });
    bool whole = at.iteration >= tiles;            // every tile has an output
    if (advice == StopAdvice::stop) result.stopped_by = rule;
    else if (at.iteration >= spec.iterations) result.stopped_by = "iterations";
    else if (spec.max_seconds > 0 && at.seconds >= spec.max_seconds && whole) result.stopped_by = "seconds";
    else if (hooks.stop.stop_requested()) result.stopped_by = "stop";
  }
  result.iterations = fit->iterations();
  if (!fit->has_best()) result.result_at = result.iterations;
  result.taken_back = fit->taken_back();
  result.volume = back_in_units(*fit, fit->has_best(), plan, result.scale);
  put_back(spec, plan, observed, known, result.volume);
  result.psnr_input = psnr_to_input(spec, plan, result.volume, observed, known, result.scale);
  result.seconds = clock.monotonic_seconds() - begun;
  return result;
}

IterationTime measure_iteration(const RestoreSpec& spec, const RestorePlan& plan, Precision precision) {
  constexpr int64_t warm_up = 1, measured = 3;
  const int64_t most_voxels = plan.planes > 0 ? 96 : 48;  // a side; of planes, all that a window has
  RestoreSpec small = spec;
  small.tile = cube(0);
  small.stop.rule = "none";
  Geometry geometry;
  Extent field;
  for (int axis = 0; axis < 3; ++axis) field[axis] = std::min(plan.planes > 0 ? plan.restored.size[axis] : plan.field[axis], most_voxels);
  geometry.size = field;
  if (spec.task == "superres") {
    geometry.size[plan.axis] = std::max<int64_t>(1, field[plan.axis] / spec.factor);
    small.axis = plan.axis == 0 ? "z" : plan.axis == 1 ? "y" : "x";
  }
  RestorePlan trial = plan_restoration(small, geometry, 0);
  ObservedVoxels observation{Buffer<float>(geometry.size.voxels(), 0.5f), {}, {}};
  std::unique_ptr<Fit> fit = fit_of(small, trial, observation, precision);
  for (int64_t i = 0; i < warm_up; ++i) fit->step();
  double begun = system_clock().monotonic_seconds();
  for (int64_t i = 0; i < measured; ++i) fit->step();
  double seconds = (system_clock().monotonic_seconds() - begun) / double(measured);
  auto voxels = [](const RestorePlan& of) { return double(of.field.voxels() * std::max<int64_t>(1, of.planes)); };
  return {seconds * voxels(plan) / voxels(trial), trial.planes > 0 ? geometry.size : trial.field};
}

}  // namespace tomograd
