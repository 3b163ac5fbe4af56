// The rows of a step's batch that this process holds when several ("ranks") train one network together. What couples the
// rows of a batch (batch norm's statistics, a Dice over the whole batch, means over patches or voxels) is then a matter of sums
// over all ranks, so that together they compute what one process would with the whole batch.
#pragma once

#include <ATen/core/ATen_fwd.h>

#include <cstdint>

namespace tomograd {

class RankSums {
 public:
  virtual ~RankSums() = default;
  // Adds up a tensor of the same shape and type over all ranks, in place; every rank gets the same bits. All ranks call it in
  // the same order. Error(failure) when one is gone.
  virtual void add_up(at::Tensor& values) = 0;
};

struct BatchShare {
  RankSums* ranks = nullptr;                     // null: the whole batch is here; else it must outlive the backward pass
  int64_t first = 0, count = 0, all = 0;         // rows [first, first + count) of `all`
  bool split() const { return ranks != nullptr; }
  // A batch with fewer rows than ranks leaves some without any: such a rank runs with one row that counts nowhere, so that all
  // meet in the same sums.
  bool idle() const { return split() && count == 0; }
};

}  // namespace tomograd
