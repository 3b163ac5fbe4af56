#include "training/rehearsal.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include "base/error.h"
#include "base/memory.h"
#include "training/batch_loss.h"
#include "training/network_of_run.h"
#include "training/schedule.h"
#include "training/trainer.h"

namespace tomograd {
namespace {

RunSpec with_data(const RunSpec& spec) {
  if (spec.data.empty()) fail_input("data is not set", "name the dataset.json: --set data=dataset.json");
  return spec;
}

}  // namespace

Rehearsal::Rehearsal(Env& env, Clock& clock, const RunSpec& spec, int64_t max_memory_bytes)
    : env_(env), clock_(clock), base_bytes_(process_resident_bytes()), dataset_(read_dataset(env, with_data(spec).data)), split_(split_of(dataset_, spec)),
      spec_(resolve(env, spec, dataset_, split_, max_memory_bytes)), classes_(make_class_map(dataset_, spec_.classes)) {
  Graph graph = build_graph(spec_.model);
  (void)shapes(graph, spec_.sampling.patch);
  at::set_num_threads(int(spec_.threads));
  network_.emplace(network_of_run(std::move(graph), spec_, spec_.preprocess.channels));
  optimizer_.emplace(spec_.optimizer, network_->parameters(), spec_.loss.l1, spec_.loss.l2);
}

void Rehearsal::promise_memory(int64_t limit_bytes) const {
  if (int64_t needed = predicted_bytes(spec_.sampling.batch); limit_bytes > 0 && needed > limit_bytes)
    fail(ErrorKind::budget, text("this run needs up to ", bytes_text(needed), " with a batch of ", spec_.sampling.batch, ", the limit is ", bytes_text(limit_bytes)), "lower sampling.batch (doctor --largest-batch says how far), or raise --max-memory");
}

TrainingMemory Rehearsal::memory(int64_t batch) const {
  RunSpec with_batch = spec_;
  with_batch.sampling.batch = batch;
  return plan_training_memory(network_->graph(), with_batch, dataset_, split_);
}

int64_t Rehearsal::predicted_bytes(int64_t batch) const { return base_bytes_ + memory(batch).peak(); }
int64_t Rehearsal::predicted_queue_bytes(int64_t batch) const { return memory(batch).queue; }

void Rehearsal::read() {
  std::vector<ReadRecord> reads;                 // of a manifest that is not written
  cases_ = read_training_cases(env_, clock_, dataset_, split_.train, spec_, classes_, reads);
  sampler_ = std::make_unique<Sampler>(cases_.cases, cases_.indices, spec_.sampling, uint64_t(spec_.seed), env_);
}

std::unique_ptr<PatchQueue> Rehearsal::queue(const SamplingSpec& sampling, int64_t first) const {
  std::vector<BlockSource*> sources;
  for (const auto& blocks : cases_.blocks) sources.push_back(blocks.get());
  return std::make_unique<PatchQueue>(sources, *sampler_, sampling, spec_.augment, spec_.preprocess.channels, uint64_t(spec_.seed), first);
}

StepSeconds Rehearsal::step(PatchQueue& queue) {
  StepSeconds seconds;
  int64_t patches = 0;
  for (int64_t part = 0; part < spec_.optimizer.accumulate; ++part) {
    double begun = clock_.monotonic_seconds();
    Batch batch = queue.next();
    seconds.wait += clock_.monotonic_seconds() - begun;
    patches += batch.count;
    learn_from(batch, seconds);
    queue.give_back(std::move(batch));
  }
  update(patches, seconds);
  return seconds;
}

StepSeconds Rehearsal::step(Batch& kept) {
  StepSeconds seconds;
  for (int64_t part = 0; part < spec_.optimizer.accumulate; ++part) learn_from(kept, seconds);
  update(kept.count * spec_.optimizer.accumulate, seconds);
  return seconds;
}

void Rehearsal::learn_from(Batch& batch, StepSeconds& seconds) {
  double begun = clock_.monotonic_seconds();
  auto value = batch_loss(*network_, spec_.loss, batch, batches_++, nullptr);
  (void)value.item<double>();                    // as the trainer reads it, and so that the forward pass is over
  double forwarded = clock_.monotonic_seconds();
  value.backward();
  seconds.forward += forwarded - begun;
  seconds.backward += clock_.monotonic_seconds() - forwarded;
}

void Rehearsal::update(int64_t patches, StepSeconds& seconds) {
  double begun = clock_.monotonic_seconds();
  optimizer_->step(scaled_learning_rate(spec_.optimizer, patches) * schedule_factor(spec_.schedule, 0, steps_++), spec_.optimizer.accumulate);
  optimizer_->zero_gradients();
  seconds.update += clock_.monotonic_seconds() - begun;
}

}  // namespace tomograd
