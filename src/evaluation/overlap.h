// Overlap of label maps. Empty cases: truth and prediction both empty = Dice 1, exactly one empty = 0; volume error of an
// empty truth is NaN.
#pragma once

#include <cstdint>
#include <vector>

#include "base/extent.h"

namespace tomograd {

struct Overlap { int64_t truth = 0, prediction = 0, both = 0; double dice() const; double volume_error() const; /* (p - t) / t */ };
// Per class 0..classes-1; voxels whose truth is 255 are not counted.
std::vector<Overlap> overlaps(const uint8_t* prediction, const uint8_t* truth, int64_t voxels, int64_t classes);

}  // namespace tomograd
