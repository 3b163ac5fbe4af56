// Private to the engine rooms
// A convolution that keeps for its backward pass not what it reads, but what that was computed from.
#pragma once

#include <ATen/ATen.h>

#include <functional>
#include <vector>

#include "nn/layers.h"

namespace tomograd {

struct Recomputation {
  // What the convolution reads, padded and in its number format, from the values of `sources`; follows autograd.
  std::function<at::Tensor(const std::vector<at::Tensor>& sources)> input;
  // The convolution itself, where ConvolutionCall does not describe it (one of our own kernels).
  std::function<at::Tensor(const at::Tensor& x)> whole;
  ConvolutionCall call;
};

// The convolution of `x`, which is recomputation.input(sources) computed before without autograd. Gradients go to `sources`, to `weight`
// and `bias` (may be undefined), and to `parameters`, the leaves that recomputation.input reads beside its sources.
at::Tensor recomputed_convolution(Recomputation recomputation, const at::Tensor& x, const std::vector<at::Tensor>& sources, const std::vector<at::Tensor>& parameters, const at::Tensor& weight,
                                  const at::Tensor& bias);

}  // namespace tomograd
