// Private to the engine rooms
// Sums of gradients over ranks, on their way while the backward pass goes on: parameters are packed into flat buckets in the
// order in which the pass reaches them, the last first, and a bucket leaves as soon as its gradients are there (Li et al. 2020,
// "PyTorch Distributed", section 3.2.3).
//
// libtorch has this as c10d::Reducer, whose constructor changes from version to version; it also looks for parameters without
// gradient, scales, and rebuilds its buckets in the order of the first step, none of which is wanted here: all parameters have
// gradients, losses are those of the whole batch (nn/batch_share.h) so that gradients are added and not averaged, and buckets
// that never change keep the bits the same from the first step on.
//
// Ranks of one host do without messages: their buckets lie in memory that all can read (training/shared_memory.h), and after the
// pass each rank adds up its part of them and fetches the others'. There the processors have nothing left to hide a message behind,
// and the system's copies cost more than the sums: with two ranks of one thread and 4.8 million parameters 25 ms a step by way of
// Gloo on loopback, of 160.
#pragma once

#include <ATen/ATen.h>

#include <memory>
#include <string>
#include <vector>

#include "training/rank_group.h"

namespace tomograd {

class GradientSums {
 public:
  // Parameters in the order of the forward pass; `group` must outlive this.
  GradientSums(RankGroup& group, const std::vector<std::pair<std::string, at::Tensor>>& parameters, int64_t bucket_bytes = int64_t{4} << 20);
  ~GradientSums();                               // the parameters are plain ones again

  void expect();                                 // the next backward() is the last before the update
  void finish();                                 // after it: every gradient is the sum of all ranks'

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tomograd
