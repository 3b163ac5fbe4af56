#include "cli/plan_measure.h"

#include <algorithm>
#include <cmath>

#include "base/clock.h"
#include "base/error.h"
#include "base/parallel.h"
#include "base/scratch_folder.h"
#include "kernels/cpu_isa.h"

namespace tomograd {
namespace {

constexpr int64_t first_steps = 2;
constexpr double wanted_seconds = 8;             // of the steps by which the two runs differ

// A processor's peak is not to be read anywhere: operations per cycle of its vector units times a usual clock, and a usual share of
// memory bandwidth for each core. Only ratios to other devices use it, and the interval allows for its being wrong.
Rates processor_rates(int64_t threads, const std::string& precision) {
  constexpr double clock_hertz = 2.5e9, core_bandwidth = 10e9, socket_bandwidth = 150e9;
  double per_cycle = 8;
  switch (current_isa()) {
    case CpuIsa::plain: per_cycle = 8; break;
    case CpuIsa::avx2: per_cycle = 32; break;
    case CpuIsa::avx512: per_cycle = 64; break;
    case CpuIsa::avx512bf16:
    case CpuIsa::amx: per_cycle = precision == "f32" ? 64 : 128; break;
  }
  return {double(threads) * per_cycle * clock_hertz, std::min(double(threads) * core_bandwidth, socket_bandwidth)};
}

struct Timed {
  double wall_seconds = 0, step_seconds = 0;
};

Timed train_for(RunSpec run, int64_t steps, const std::string& out, const ComputeOptions& compute, const Talk& talk) {
  run.out = out, run.max_steps = steps, run.max_seconds = 0;
  run.validation.every_steps = 0;                // it is counted with what happens once
  run.checkpoint.every_steps = steps;
  double start = system_clock().monotonic_seconds();
  Value result = engine().train(run, compute, false, "", "", talk);
  return {system_clock().monotonic_seconds() - start, result.at("seconds_per_step").as_number()};
}

}  // namespace

MeasuredHere measure_trial(const RunSpec& run, const TrialNetwork& network, const TestPredictions& predictions, const DeviceSpec* here, const ComputeOptions& compute, const Talk& talk) {
  MeasuredHere measured;
  ScratchFolder scratch("runs that are measured");
  if (talk.say) talk.say("measuring some steps of a trial here; --hours-per-trial skips this");
  engine();                                      // loaded before anything is timed
  Timed few = train_for(run, first_steps, join_path(scratch.path(), "few"), compute, talk);
  int64_t more = std::clamp<int64_t>(int64_t(wanted_seconds / std::max(1e-3, few.step_seconds)), 3, 60);
  Timed many = train_for(run, first_steps + more, join_path(scratch.path(), "many"), compute, talk);
  // The first steps of a process are slower than the rest; where the difference of two walls drowns in that, the trainer's own count holds.
  double step = (many.wall_seconds - few.wall_seconds) / double(more);
  if (!(step > 0.5 * many.step_seconds)) step = many.step_seconds;
  measured.fixed_seconds = std::max(0.0, many.wall_seconds - step * double(first_steps + more));
  measured.steps = 2 * first_steps + more;

  double steps_seconds = step * double(run.max_steps);
  if (run.max_seconds > 0) steps_seconds = std::min(steps_seconds, run.max_seconds);
  double looks = run.validation.every_steps > 0 ? std::floor(double(run.max_steps - 1) / double(run.validation.every_steps)) : 0;
  TrialTime& time = measured.time;
  time.basis = TimeBasis::measured;
  time.hours = measured_hours(steps_seconds, measured.fixed_seconds, looks, predictions);
  ModelSpec model = network.run.model;
  if (model.patch == cube(0)) model.patch = network.run.sampling.patch;
  std::string precision = compute.precision != "auto" ? compute.precision : run.precision == "auto" ? fastest_precision() : run.precision;
  time.step = step_work(build_graph(model), network.run.sampling.patch, network.run.sampling.batch * network.run.optimizer.accumulate, precision == "f32" ? 4 : 2);
  time.step_seconds = step;
  if (here) {
    time.here = rates_of(*here, precision), time.here_device = here->name;
    measured.machine = here->name;
  } else {
    int64_t threads = compute.threads > 0 ? compute.threads : run.threads > 0 ? run.threads : available_threads();
    time.here = processor_rates(threads, precision);
    measured.machine = text(threads, threads == 1 ? " thread" : " threads", " of ", isa_name(current_isa()), " at about 2.5 GHz, ", plain_number(time.here.flop_per_second * 1e-12, 2), " TFLOP/s and ",
                            plain_number(time.here.bytes_per_second * 1e-9, 0), " GB/s at their peak (--here TYPE says better)");
  }
  return measured;
}

}  // namespace tomograd
