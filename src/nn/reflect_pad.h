// Private to the engine rooms
#pragma once

#include <ATen/ATen.h>

#include "base/extent.h"

namespace tomograd {

// Padding by reflection that does not repeat the edge (whole-sample symmetric): -1 -> 1, n -> n-2, period 2n - 2; any width, an
// axis that is padded has at least 2 voxels. Keeps the memory order of x. Once differentiable.
at::Tensor pad_reflected(const at::Tensor& x, const Extent& before, const Extent& after);

}  // namespace tomograd
