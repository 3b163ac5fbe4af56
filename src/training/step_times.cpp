#include "training/step_times.h"

#include <algorithm>
#include <cmath>

#include "base/parallel.h"

namespace tomograd {
namespace {

constexpr double epoch_seconds = 1.5;            // wanted
constexpr int64_t uncounted_steps = 2;

// Room for one batch that is ready, one that waits to be used again, and as many as the workers have patches of in hand.
SamplingSpec with_short_queue(SamplingSpec sampling, int64_t channels) {
  int64_t batches = 2 + ceil_div(std::max<int64_t>(1, sampling.workers), sampling.batch);
  sampling.queue_megabytes = std::min(sampling.queue_megabytes, ceil_div(batches * batch_bytes(sampling, channels), 1'000'000));
  return sampling;
}

StepSeconds mean_of(const std::function<StepSeconds()>& step, int64_t steps, const std::function<void()>& after_each) {
  StepSeconds sum;
  for (int64_t i = 0; i < steps; ++i) {
    StepSeconds one = step();
    sum.wait += one.wait, sum.forward += one.forward, sum.backward += one.backward, sum.update += one.update;
    after_each();
  }
  double n = double(steps);
  return {sum.wait / n, sum.forward / n, sum.backward / n, sum.update / n};
}

}  // namespace

StepTimes measure_step_times(Rehearsal& run, int64_t steps, const std::function<void(double share)>& progress, const std::stop_token& stop) {
  StepTimes times;
  run.read();
  times.read_seconds = run.cases().read_seconds;
  const SamplingSpec& sampling = run.spec().sampling;
  const int64_t accumulate = run.spec().optimizer.accumulate;
  SamplingSpec in_this_thread = sampling, short_queue = with_short_queue(sampling, int64_t(run.spec().preprocess.channels.size()));
  in_this_thread.workers = 0;

  int64_t patch = 0;                             // number of the next one
  auto make_one = [&](double& seconds) {
    auto queue = run.queue(in_this_thread, patch);
    Batch batch = queue->next();
    seconds = queue->stall_seconds() * double(accumulate);
    patch += batch.count;
    return batch;
  };
  // The first steps of a process are slow: memory is fetched and libraries choose their algorithms.
  double making = 0;
  Batch kept = make_one(making);
  double step_seconds = 0;
  for (int64_t i = 0; i <= uncounted_steps; ++i) {
    throw_if_stopped(stop);
    step_seconds = run.step(kept).total();
  }
  times.steps = steps > 0 ? steps : std::clamp<int64_t>(int64_t(std::ceil(epoch_seconds / std::max(1e-6, step_seconds))), 2, 100);

  int64_t done = 0;
  const int64_t all = measured_epochs * 2 * times.steps;
  auto after_each = [&] {
    throw_if_stopped(stop);
    if (progress) progress(double(++done) / double(all));
  };
  for (int64_t epoch = 0; epoch < measured_epochs; ++epoch) {
    EpochTimes measured;
    kept = make_one(measured.make);
    BlockCacheCounts before;
    {
      auto queue = run.queue(short_queue, patch);
      for (int64_t i = 0; i < uncounted_steps; ++i) {
        throw_if_stopped(stop);
        run.step(*queue);
      }
      if (run.cases().cache) before = run.cases().cache->counts();
      measured.with_loading = mean_of([&] { return run.step(*queue); }, times.steps, after_each);
      patch += (uncounted_steps + times.steps) * sampling.batch * accumulate;
    }
    if (run.cases().cache) {
      BlockCacheCounts after = run.cases().cache->counts();
      times.decoded_blocks += after.misses - before.misses;
      times.cached_blocks += after.hits - before.hits;
    }
    measured.without_loading = mean_of([&] { return run.step(kept); }, times.steps, after_each);
    times.epochs.push_back(measured);
  }
  return times;
}

}  // namespace tomograd
