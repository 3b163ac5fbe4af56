// Volumes in memory: float images and integer labels on a Geometry. C order [z][y][x].
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/memory.h"
#include "volume/geometry.h"

namespace tomograd {

struct Volume {                                  // one channel, scaled to its true values
  Geometry geometry;
  Buffer<float> voxels;
  int64_t index(int64_t z, int64_t y, int64_t x) const { return (z * geometry.size.y + y) * geometry.size.x + x; }
};

struct LabelVolume {
  Geometry geometry;
  Buffer<uint16_t> voxels;
};

template <class T>
Buffer<T> reorient_voxels(const Buffer<T>& voxels, Extent size, const Reorientation& r);  // float, uint16_t, uint8_t

// Resampling onto another grid by world position. Images: linear (weights of voxels outside are dropped and the rest
// renormalised); labels: nearest. An axis whose spacing is more than 3 times the finest is resampled by nearest
// neighbour for images too, as nnU-Net does. Positions with no input voxel around them get `outside`, labels 0.
// Equal grids give equal voxels. An input affine that cannot be inverted is Error(input).
Volume resample_linear(const Volume& from, const Geometry& onto, float outside = 0);
LabelVolume resample_nearest(const LabelVolume& from, const Geometry& onto);

// The grid with another spacing (Z, Y, X in mm) that has the same centre and just enough voxels to cover the same box.
Geometry with_spacing(const Geometry& geometry, const std::array<double, 3>& spacing);

}  // namespace tomograd
