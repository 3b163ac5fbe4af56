// Private to the engine rooms
// The input z of the network: noise of a fixed seed (or coordinates), perturbed by N(0, sigma^2) anew in each iteration.
#pragma once

#include <ATen/ATen.h>

#include "restoration/code_noise.h"
#include "spec/restore_spec.h"

namespace tomograd {

int64_t code_channels(const RestoreSpec& spec);

class InputCode {
 public:
  InputCode(const RestoreSpec& spec, Extent volume);
  // [1][channel][z][y][x], channels last in memory, float32 or bfloat16: the code at the volume's positions `at` (which may reach beyond the
  // volume), perturbed for `iteration`.
  at::Tensor at(const Box& at, int64_t iteration, at::ScalarType type) const;

 private:
  RestoreSpec spec_;
  Extent volume_;
};

}  // namespace tomograd
