// Surface distances in mm on anisotropic grids. Surface = mask minus its erosion by the 6-neighbour cross, the image border
// counting as outside (SciPy's default). HD95 = max of the two directed 95th percentiles with linear interpolation (MONAI's
// definition); ASSD = mean of the pooled distances. One mask empty: infinity; both: NaN.
#pragma once

#include <array>
#include <cstdint>

#include "base/extent.h"

namespace tomograd {

struct SurfaceDistances { double hd95 = 0, hd = 0, assd = 0; };
SurfaceDistances surface_distances(const uint8_t* a, const uint8_t* b, Extent size, const std::array<double, 3>& spacing_zyx);  // masks: 0 / not 0

}  // namespace tomograd
