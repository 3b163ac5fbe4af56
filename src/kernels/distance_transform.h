// Exact Euclidean distance transform on anisotropic grids, one axis after the other: a nearest-voxel scan along x, then the
// lower envelope of parabolas along y and z (Felzenszwalb & Huttenlocher, Theory of Computing 8, 2012; the same separability as
// Meijster et al. 2000). Linear in the number of voxels.
#pragma once

#include <array>
#include <cstdint>

#include "base/extent.h"

namespace tomograd {

// squared[z][y][x]: squared distance in mm^2 from each voxel centre to the centre of the nearest voxel with mask != 0 (0 on
// the mask itself), +infinity everywhere when the mask is empty. spacing_zyx in mm, each > 0.
void squared_distance_transform(const uint8_t* mask, Extent size, const std::array<double, 3>& spacing_zyx, double* squared);

}  // namespace tomograd
