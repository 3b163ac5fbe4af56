#include "training/largest_batch.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <new>

#include "base/error.h"
#include "base/memory.h"
#include "base/parallel.h"
#include "base/peak_memory.h"
#include "nn/tensor_memory.h"
#include "training/rehearsal.h"
#include "training/schedule.h"

namespace tomograd {
namespace {

constexpr double timed_seconds = 1;
constexpr int64_t timed_steps = 5;               // at most

int64_t bytes_of(const RunSpec& run, int64_t batch) {
  SamplingSpec sampling = run.sampling;
  sampling.batch = batch;
  return batch_bytes(sampling, int64_t(run.preprocess.channels.size()));
}

// Made by all threads at once, and alone: the queue is gone before the first step.
Batch made_batch(Rehearsal& run, int64_t size) {
  SamplingSpec sampling = run.spec().sampling;
  sampling.batch = size;
  sampling.workers = std::max<int64_t>(1, std::min<int64_t>(size, run.spec().threads));
  sampling.queue_megabytes = ceil_div(bytes_of(run.spec(), size), 1'000'000);
  return run.queue(sampling, 0)->next();
}

std::vector<double> rates_of_steps(Rehearsal& run, Batch& batch, const std::stop_token& stop) {
  std::vector<double> rates;
  double spent = 0;
  run.step(batch);                               // memory is fetched, and moments are made
  while (rates.empty() || (spent < timed_seconds && int64_t(rates.size()) < timed_steps)) {
    throw_if_stopped(stop);
    double seconds = run.step(batch).total();
    spent += seconds;
    rates.push_back(double(batch.count * run.spec().optimizer.accumulate) / seconds);
  }
  return rates;
}

// False when the system had less memory than was thought; what was allocated until then is free again.
bool measured(Rehearsal& run, BatchTrial& trial, const std::stop_token& stop) {
  release_free_tensor_memory();
  restart_peak_bytes();
  try {
    Batch batch = made_batch(run, trial.batch);
    trial.patches_per_second = spread_over(rates_of_steps(run, batch, stop));
  } catch (const std::bad_alloc&) {
    return false;
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::budget) throw;
    return false;
  } catch (const c10::Error& error) {
    if (std::string(error.what()).find("allocate memory") == std::string::npos) throw;
    return false;
  }
  trial.peak_bytes = process_peak_bytes();
  return true;
}

// With the rule for another batch: the run's own, else linear for sgd and sqrt for the others.
OptimizerSpec scaled_for(const RunSpec& run, int64_t batch) {
  OptimizerSpec optimizer = run.optimizer;
  if (optimizer.batch_scaling == "none" && batch != run.sampling.batch) {
    optimizer.batch_scaling = optimizer.kind == "sgd" ? "linear" : "sqrt";
    optimizer.scaled_from = run.sampling.batch * optimizer.accumulate;
  }
  return optimizer;
}

}  // namespace

int64_t largest_that_fits(int64_t most, const std::function<bool(int64_t)>& fits) {
  int64_t fitting = 0, too_large = most + 1;
  for (int64_t size = 1; size < too_large;) {
    if (!fits(size)) {
      too_large = size;
      break;
    }
    fitting = size;
    if (size == most) return most;
    size = std::min(most, 2 * size);
  }
  while (too_large - fitting > 1) {
    int64_t middle = fitting + (too_large - fitting) / 2;
    (fits(middle) ? fitting : too_large) = middle;
  }
  return fitting;
}

std::vector<BatchTrial> try_batches(Rehearsal& run, int64_t limit_bytes, int64_t most, const std::function<void(const BatchTrial&)>& tried, const std::stop_token& stop) {
  std::vector<BatchTrial> trials;
  if (run.predicted_bytes(1) <= limit_bytes) run.read();
  largest_that_fits(most, [&](int64_t size) {
    throw_if_stopped(stop);
    BatchTrial trial;
    trial.batch = size;
    trial.predicted_bytes = run.predicted_bytes(size);
    if (trial.predicted_bytes <= limit_bytes && measured(run, trial, stop)) {
      trial.needed_bytes = trial.peak_bytes + std::max<int64_t>(0, run.predicted_queue_bytes(size) - bytes_of(run.spec(), size));
      trial.fits = trial.needed_bytes <= limit_bytes;
    }
    trials.push_back(trial);
    if (tried) tried(trial);
    return trial.fits;
  });
  return trials;
}

std::vector<std::string> batch_settings(const RunSpec& run, int64_t batch) {
  std::vector<std::string> settings = {text("sampling.batch=", batch)};
  // Two batches: one is computed with while the next is made.
  if (int64_t room = ceil_div(2 * bytes_of(run, batch), 1'000'000); run.sampling.workers > 0 && room > run.sampling.queue_megabytes) settings.push_back(text("sampling.queue_megabytes=", room));
  if (const OptimizerSpec optimizer = scaled_for(run, batch); optimizer.batch_scaling != run.optimizer.batch_scaling) {
    settings.push_back("optimizer.batch_scaling=" + optimizer.batch_scaling);
    settings.push_back(text("optimizer.scaled_from=", optimizer.scaled_from));
  }
  return settings;
}

double batch_learning_rate(const RunSpec& run, int64_t batch) {
  return scaled_learning_rate(scaled_for(run, batch), batch * run.optimizer.accumulate);
}

}  // namespace tomograd
