// The processes ("ranks") that train one network together, and what they tell each other: sums of tensors, nothing else. Carried by
// c10d, which libtorch has built in: Gloo between CPUs, NCCL between GPUs. No MPI, no launcher of its own (base/rank_place.h).
//
// Ranks of one host pass small sums through shared memory (training/mailbox.h).
//
// The sum of the same tensors over the same number of ranks has the same bits every time and on every rank: Gloo adds each element
// up in the order of its ring, once, and hands the result around, and in memory all add in the order of ranks.
#pragma once

#include <ATen/core/ATen_fwd.h>

#include <cstdint>
#include <memory>

#include "base/rank_place.h"
#include "nn/batch_share.h"

namespace tomograd {

class RankGroup : public RankSums {
 public:
  static bool available();                       // whether this build has Gloo; Error(failure) of the constructor says what is missing
  // Meets all others, for at most ten minutes. Error(failure) when one does not come, or when this build has no Gloo.
  explicit RankGroup(const RankPlace& place);
  ~RankGroup() override;

  const RankPlace& place() const;
  // Each of these is called by all ranks in the same order; Error(failure) when a rank has ended (at once) or does not answer (after
  // five minutes: a storage that stalls is no dead rank).
  void add_up(at::Tensor& values) override;
  void begin_adding(at::Tensor& values);         // goes on beside what the caller does; `values` is not to be touched until
  void finish_adding();                          // all that was begun is done
  // As add_up, but a rank may be away for as long as a day: the others wait here while rank 0 validates or saves.
  void add_up_when_all_are_here(at::Tensor& values);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tomograd
