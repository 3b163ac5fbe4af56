// Private to arch: borders that a convolution of ONNX cannot add by itself.
#pragma once

#include <string>

#include "arch/onnx_nodes.h"
#include "base/extent.h"

namespace tomograd {

// How an image goes on beyond its border, to any width: mirror repeats the edge (c b a | a b c) and has period 2n, reflect
// does not (c b | a b c) and has period 2n - 2.
enum class Border { mirror, reflect };

// `x` with `before` and `after` voxels more along z, y, x. `size` is that of x, 0 on an axis where it is not known. Equal
// borders of one image are told by equal `grid` names: what is computed from the size alone is then computed once.
std::string padded(OnnxNodes& nodes, const std::string& x, Extent size, Extent before, Extent after, Border border, const std::string& grid, const std::string& wanted);

}  // namespace tomograd
