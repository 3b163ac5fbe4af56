// Private to the engine rooms
// Data-parallel training as the training loop sees it: this rank's share of every batch, what the ranks agree on before each
// step, and the sums of gradients. With one process all of it is nothing.
//
// Every rank holds the whole network, starts from the same weights and makes the same update from the same summed gradient, so
// weights are never sent. Patches are numbered (sampling/sampler.h), and rank r of N takes rows [B r / N, B (r + 1) / N) of each
// batch of B: together the ranks see the patches of one process, whatever N is. Rank 0 alone decides when the run ends, writes
// the run folder, validates and tests.
#pragma once

#include <ATen/ATen.h>

#include <optional>

#include "base/env.h"
#include "nn/batch_share.h"
#include "nn/network.h"
#include "sampling/patch_queue.h"
#include "spec/run_spec.h"
#include "spec/value.h"
#include "training/gradient_sums.h"
#include "training/rank_group.h"

namespace tomograd {

BatchShare share_of(int64_t rank, int64_t ranks, int64_t batch);  // without its RankSums

struct Turn { bool ends = false, stops = false; double position = 0; };  // what is to be done next: nothing more, save and stop, or the step at this position of the schedule

class DataParallel {
 public:
  DataParallel(RankGroup* group, int64_t batch);  // null: one process; else it must outlive this

  bool leads() const;                             // rank 0, or alone
  RunSpec own(RunSpec spec) const;                // the spec as far as batches are made and held here
  Env& records(Env& env) const;                   // where this rank's records go: `env`, or nowhere
  int64_t bytes(int64_t parameters) const;        // held beside what one process holds
  // Adds "ranks" to the manifest; warns when the run was begun with another number, on which its bits depend.
  void record(Value& manifest, const std::optional<Value>& before) const;

  // Splits the network's batches and sums its gradients. Error(usage) on every rank when they are not about to train the same:
  // another spec, other input files, other weights or another step.
  void begin(Network& network, const RunSpec& spec, const Value& inputs, int64_t step);
  Turn agree(const Turn& own);                    // rank 0's end and position; a stop when any rank is asked to
  int64_t first_patch(int64_t step_patch) const;  // of the batch that starts at patch `step_patch`, the first that is made here
  Batch next(PatchQueue& queue) const;            // for an idle rank a patch that counts nowhere
  void backward(const at::Tensor& loss, bool last);  // `last`: of the step; then gradients are those of all ranks

 private:
  RankGroup* group_;
  BatchShare share_;
  std::optional<GradientSums> sums_;
};

}  // namespace tomograd
