// Private to the engine rooms
// The input z of the network: noise of a fixed seed (or coordinates), perturbed by N(0, sigma^2) anew in each iteration. With code = observed
// it is the observed image (visible_image.h), and such noise beside it where code_depth is not 0.
#pragma once

#include <ATen/ATen.h>

#include "restoration/code_noise.h"
#include "restoration/visible_image.h"
#include "spec/restore_spec.h"

namespace tomograd {

int64_t code_channels(const RestoreSpec& spec);  // Error(input) for a code without channels

class InputCode {
 public:
  InputCode(const RestoreSpec& spec, Extent volume, const VisibleImage& image);  // `image` must outlive this
  // [1][channel][z][y][x], channels last in memory, float32 or bfloat16: the code at the volume's positions `at` (which may reach beyond the
  // volume), perturbed for `iteration`; of the image, the positions from `image_begin` on.
  at::Tensor at(const Box& at, Extent image_begin, int64_t iteration, at::ScalarType type) const;

 private:
  RestoreSpec spec_;
  Extent volume_;
  const VisibleImage& image_;
};

}  // namespace tomograd
