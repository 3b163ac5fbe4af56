#include "sampling/patch_queue.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <exception>
#include <map>
#include <mutex>
#include <thread>

#include "base/clock.h"
#include "base/error.h"
#include "sampling/patch.h"

namespace tomograd {
namespace {

constexpr int64_t larger_than_caches = int64_t{32} << 20;  // rings of more bytes are written past the caches

struct Slot {
  Batch batch;
  int64_t claimed = 0, done = 0;
  std::exception_ptr error;                      // the first of its patches, in patch order, that failed
  int64_t failed_item = INT64_MAX;
  bool unusable = false;                         // there was no memory for it; nothing is made after it
};

}  // namespace

struct PatchQueue::State {
  State(std::vector<BlockSource*> sources_, const Sampler& sampler_, const SamplingSpec& sampling_, const AugmentSpec& augment_, std::vector<std::string> names_, uint64_t seed_, int64_t first_, int64_t stride_)
      : sources(std::move(sources_)), sampler(sampler_), sampling(sampling_), augment(augment_), names(std::move(names_)), seed(seed_), first(first_), stride(stride_) {}
  ~State() {
    {
      std::lock_guard lock(mutex);
      ending = true;
    }
    work.notify_all();
    for (auto& worker : workers) worker.join();
  }

  std::vector<BlockSource*> sources;
  const Sampler& sampler;
  SamplingSpec sampling;
  AugmentSpec augment;
  std::vector<std::string> names;
  uint64_t seed;
  int64_t first, stride;
  int64_t depth = 0;                             // batches the budget holds: ready, in the making, or kept for reuse
  int64_t ahead = 0;                             // of these, ready or in the making; one is left for what the consumer gives back
  bool stream = false;

  std::mutex mutex;
  std::condition_variable work, ready;
  std::deque<std::unique_ptr<Slot>> slots;       // in order; the front is delivered next
  std::deque<Batch> spare;
  int64_t next_batch = 0;                        // number of the next slot to open
  bool ending = false;
  double stalled = 0;
  std::exception_ptr failure;                    // delivered once; next() repeats it
  PatchWorkspace own;                            // of next() when there are no workers
  std::vector<std::thread> workers;

  std::mutex epoch_mutex;
  std::map<int64_t, std::shared_ptr<const Sampler::Epoch>> epochs;

  std::shared_ptr<const Sampler::Epoch> epoch_of(int64_t number) {
    const int64_t epoch = number / sampler.epoch_patches();
    std::lock_guard lock(epoch_mutex);
    auto& known = epochs[epoch];
    if (!known) known = sampler.open_epoch(uint64_t(epoch));
    auto opened = known;
    while (epochs.size() > 2 && epochs.begin()->first < epoch) epochs.erase(epochs.begin());
    return opened;
  }

  Batch empty_batch() {
    Batch batch;
    batch.count = sampling.batch;
    batch.channels = int64_t(names.size());
    batch.patch = sampling.patch;
    batch.images = Buffer<float>(batch.count * batch.channels * batch.patch.voxels());
    batch.labels = Buffer<uint8_t>(batch.count * batch.patch.voxels());
    batch.places.resize(size_t(batch.count));
    return batch;
  }

  void open(Slot& slot) {                        // under the mutex
    if (spare.empty()) {
      slot.batch = empty_batch();
    } else {
      slot.batch = std::move(spare.front());
      spare.pop_front();
    }
    slot.batch.first = first + next_batch++ * stride;
  }

  void make(Batch& batch, int64_t item, PatchWorkspace& workspace) {
    const int64_t number = batch.first + item, n = sampling.patch.voxels();
    const auto epoch = epoch_of(number);
    const int64_t in_epoch = number % sampler.epoch_patches();
    with_context(text("making patch ", number, " of case ", sampler.case_id(sampler.case_of(*epoch, in_epoch))), [&] {
      const PatchPlace& place = batch.places[size_t(item)] = sampler.place(*epoch, in_epoch);
      auto augmentation = draw_augmentation(augment, names, seed, number);
      render_patch(*sources[size_t(place.case_index)], place, sampling.patch, augmentation, stream, workspace, batch.images.data() + item * batch.channels * n, batch.labels.data() + item * n);
    });
  }

  Slot* claimable() {                            // under the mutex: the slot whose next patch is to be made, opened when there is room
    for (auto& slot : slots)
      if (slot->claimed < slot->batch.count) return slot.get();
    if (int64_t(slots.size()) >= ahead || (!slots.empty() && slots.back()->unusable)) return nullptr;
    auto slot = std::make_unique<Slot>();
    try {
      open(*slot);
    } catch (...) {                              // no memory: delivered in its turn
      slot->error = std::current_exception();
      slot->batch = {};
      slot->unusable = true;
      ready.notify_all();
    }
    slots.push_back(std::move(slot));
    return slots.back()->unusable ? nullptr : slots.back().get();
  }

  void serve() {
    PatchWorkspace workspace;
    std::unique_lock lock(mutex);
    while (true) {
      Slot* slot = nullptr;
      work.wait(lock, [&] { return ending || (slot = claimable()); });
      if (ending) return;
      const int64_t item = slot->claimed++;
      lock.unlock();
      std::exception_ptr problem;
      try {
        make(slot->batch, item, workspace);
      } catch (...) {
        problem = std::current_exception();
      }
      lock.lock();
      if (problem && item < slot->failed_item) slot->error = problem, slot->failed_item = item;
      if (++slot->done == slot->batch.count) ready.notify_all();
    }
  }

  Batch wait_for_next() {
    std::unique_lock lock(mutex);
    ready.wait(lock, [&] { return !slots.empty() && slots.front()->done == slots.front()->batch.count; });
    Slot& front = *slots.front();
    if (front.error) {
      failure = front.error;
      std::rethrow_exception(failure);
    }
    Batch batch = std::move(front.batch);
    slots.pop_front();
    lock.unlock();
    work.notify_all();
    return batch;
  }
};

int64_t batch_bytes(const SamplingSpec& sampling, int64_t channels) { return sampling.batch * sampling.patch.voxels() * (channels * int64_t(sizeof(float)) + 1); }

PatchQueue::PatchQueue(std::vector<BlockSource*> sources, const Sampler& sampler, const SamplingSpec& sampling, const AugmentSpec& augment,
                       std::vector<std::string> channel_names, uint64_t seed, int64_t first, int64_t stride)
    : state_(new State(std::move(sources), sampler, sampling, augment, std::move(channel_names), seed, first, stride > 0 ? stride : sampling.batch)) {
  State& s = *state_;
  if (first < 0) fail_failure(text("a patch queue was asked to start at patch ", first));
  for (const BlockSource* source : s.sources)
    if (source->channels() != int64_t(s.names.size())) fail_failure(text("a case has ", source->channels(), " channels, ", s.names.size(), " were named"));
  const int64_t budget = sampling.queue_megabytes * 1000000, bytes = batch_bytes(sampling, int64_t(s.names.size()));
  s.depth = budget / bytes;
  if (sampling.workers > 0 && s.depth < 1)
    fail(ErrorKind::budget, text("a batch of ", sampling.batch, " patches takes ", bytes_text(bytes), ", sampling.queue_megabytes allows ", bytes_text(budget)),
         "raise sampling.queue_megabytes, lower the patch or batch size, or set sampling.workers to 0");
  s.ahead = std::max<int64_t>(1, s.depth - 1);
  s.stream = sampling.workers > 0 && s.depth * bytes > larger_than_caches;
  for (int64_t i = 0; i < sampling.workers; ++i) s.workers.emplace_back([&s] { s.serve(); });
}

PatchQueue::~PatchQueue() = default;

Batch PatchQueue::next() {
  State& s = *state_;
  if (s.failure) std::rethrow_exception(s.failure);
  const double begin = system_clock().monotonic_seconds();
  Batch batch;
  if (s.workers.empty()) {
    Slot slot;
    try {
      s.open(slot);
      for (int64_t item = 0; item < slot.batch.count; ++item) s.make(slot.batch, item, s.own);
    } catch (...) {
      s.failure = std::current_exception();
      throw;
    }
    batch = std::move(slot.batch);
  } else {
    batch = s.wait_for_next();
  }
  s.stalled += system_clock().monotonic_seconds() - begin;
  return batch;
}

void PatchQueue::give_back(Batch&& batch) {
  State& s = *state_;
  Batch own = std::move(batch);
  std::lock_guard lock(s.mutex);
  const bool fits = own.patch == s.sampling.patch && own.count == s.sampling.batch && own.channels == int64_t(s.names.size()) && !own.images.empty();
  if (fits && int64_t(s.spare.size() + s.slots.size()) < std::max<int64_t>(1, s.depth)) s.spare.push_back(std::move(own));
}

double PatchQueue::stall_seconds() const { return state_->stalled; }

void make_patch(BlockSource& source, const PatchPlace& place, Extent patch, const AugmentSpec& augment, const std::vector<std::string>& channel_names,
                uint64_t seed, int64_t number, float* image, uint8_t* labels) {
  PatchWorkspace workspace;
  render_patch(source, place, patch, draw_augmentation(augment, channel_names, seed, number), false, workspace, image, labels);
}

}  // namespace tomograd
