// Thin slices from thick ones by interpolation alone: Catmull-Rom cubics through the middles of the thick slices, edges repeated (Catmull and Rom,
// "A class of local interpolating splines", 1974; the cubic convolution of Keys, 1981, with a = -1/2).
#pragma once

#include <cstdint>

#include "base/extent.h"

namespace tomograd {

// `thin` has the size of `thick` with size[axis] times factor; thick slice j is centred on thin slice factor j + (factor - 1)/2.
void cubic_slices(const float* thick, Extent size, int axis, int64_t factor, float* thin);

}  // namespace tomograd
