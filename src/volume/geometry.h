// Where voxels are: the exact affine from voxel (i, j, k) = (x, y, z) to RAS+ millimetres, as NIfTI gives it.
#pragma once

#include <array>
#include <string>

#include "base/extent.h"

namespace tomograd {

using Affine = std::array<std::array<double, 4>, 3>;  // rows x, y, z (RAS+ mm); columns i, j, k, 1

struct Geometry {
  Extent size;                                   // Z, Y, X
  Affine affine{{{1, 0, 0, 0}, {0, 1, 0, 0}, {0, 0, 1, 0}}};

  std::array<double, 3> spacing() const;         // Z, Y, X in mm: lengths of the affine's columns
  std::array<double, 3> world(double z, double y, double x) const;  // RAS+ mm of a voxel
  std::string orientation() const;               // "RAS", "LPS", ...: direction of growing i, j, k; 45 degree ties go to the first axis
};

// Same size and affines that agree to `tolerance` mm at every corner. On a difference, `reason` says which.
bool same_grid(const Geometry& a, const Geometry& b, double tolerance, std::string* reason = nullptr);

// The permutation and flips that bring a volume to the canonical orientation (closest to RAS+: i right, j anterior,
// k superior), where axis order stays z, y, x; and back. Exact: voxels are only moved.
struct Reorientation {
  std::array<int, 3> from_axis{0, 1, 2};         // canonical axis a (0 = z) is input axis from_axis[a]
  std::array<bool, 3> flipped{false, false, false};
  bool is_identity() const;
};
Reorientation to_canonical(const Geometry& geometry);
Geometry reoriented(const Geometry& geometry, const Reorientation& r);   // geometry after applying r
Reorientation inverse(const Reorientation& r);

}  // namespace tomograd
