// Intensities are fitted between 0 and 1, where the network's sigmoid lives, and go back by the same straight line.
#pragma once

#include <cstdint>

#include "base/memory.h"

namespace tomograd {

struct IntensityScale {
  double low = 0, high = 1;                      // intensities that become 0 and 1
  float to_unit(float value) const { return float((double(value) - low) / (high - low)); }
  float from_unit(float value) const { return float(low + double(value) * (high - low)); }
};

// From the smallest to the largest of the known voxels (`known` empty = all), but no further beyond the 0.1 % and the 99.9 % quantile than a
// tenth of what lies between them: a hot voxel must not leave the rest without contrast. `from_zero`: magnitudes, whose 0 stays 0.
// Error(input): a known voxel that is not finite, or fewer than two different values.
IntensityScale intensity_scale(const Buffer<float>& voxels, const Buffer<uint8_t>& known, bool from_zero);

}  // namespace tomograd
