// The steps of a training run without its run folder: nothing is written, nothing is predicted. `doctor` measures with it what a step
// of that run takes and needs here. Private to the engine rooms.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/env.h"
#include "dataset/dataset.h"
#include "nn/network.h"
#include "nn/optimizer.h"
#include "sampling/patch_queue.h"
#include "spec/run_spec.h"
#include "training/cases.h"
#include "training/memory_plan.h"

namespace tomograd {

struct StepSeconds {                             // one step: all its batches, and the update of the weights
  double wait = 0, forward = 0, backward = 0, update = 0;
  double compute() const { return forward + backward + update; }
  double total() const { return wait + compute(); }
};

class Rehearsal {
 public:
  // Errors as train() has them for the spec. max_memory_bytes is for a patch that is to be fitted to the scans, as resolve() takes it;
  // no scan is read yet otherwise.
  Rehearsal(Env& env, Clock& clock, const RunSpec& spec, int64_t max_memory_bytes);
  const RunSpec& spec() const { return spec_; }  // resolved
  int64_t predicted_bytes(int64_t batch) const;  // of this process, training with this sampling.batch
  void promise_memory(int64_t limit_bytes) const; // Error(budget) when the run as it is would need more; 0 = no limit
  int64_t predicted_queue_bytes(int64_t batch) const;  // the part of it that patches made ahead take

  void read();                                   // the training cases
  const TrainingCases& cases() const { return cases_; }

  // Patches of this run from number `first` on.
  std::unique_ptr<PatchQueue> queue(const SamplingSpec& sampling, int64_t first) const;
  StepSeconds step(PatchQueue& queue);           // of the batch size of the queue
  StepSeconds step(Batch& kept);                 // the same batch each time, from memory

 private:
  TrainingMemory memory(int64_t batch) const;
  void learn_from(Batch& batch, StepSeconds& seconds);
  void update(int64_t patches, StepSeconds& seconds);

  Env& env_;
  Clock& clock_;
  int64_t base_bytes_;                           // what the process had before
  Dataset dataset_;
  Split split_;
  RunSpec spec_;
  ClassMap classes_;
  std::optional<Network> network_;
  std::optional<Optimizer> optimizer_;
  TrainingCases cases_;
  std::unique_ptr<Sampler> sampler_;
  int64_t batches_ = 0, steps_ = 0;
};

}  // namespace tomograd
