// Orientation is decided by the permutation of axes whose direction cosines add up to most (as the NIfTI reference does),
// permutations in lexicographic order, so that a tie (45 degrees, within round-off) goes to the first axis.
#include "volume/geometry.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace tomograd {
namespace {

struct AxisChoice {
  std::array<int, 3> world_axis;  // of voxel axes i, j, k
  std::array<bool, 3> negative;
};

AxisChoice closest_axes(const Affine& affine) {
  double cosine[3][3];
  for (int column = 0; column < 3; ++column) {
    double length = std::hypot(affine[0][column], affine[1][column], affine[2][column]);
    for (int row = 0; row < 3; ++row) cosine[row][column] = length > 0 ? affine[row][column] / length : 0;
  }
  constexpr int permutations[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
  constexpr double tie = 1e-6;
  int best = 0;
  double most = -1;
  for (int p = 0; p < 6; ++p) {
    double sum = 0;
    for (int column = 0; column < 3; ++column) sum += std::abs(cosine[permutations[p][column]][column]);
    if (sum > most + tie) most = sum, best = p;
  }
  AxisChoice choice;
  for (int column = 0; column < 3; ++column) {
    choice.world_axis[column] = permutations[best][column];
    choice.negative[column] = cosine[permutations[best][column]][column] < 0;
  }
  return choice;
}

}  // namespace

std::array<double, 3> Geometry::spacing() const {
  std::array<double, 3> result;
  for (int axis = 0; axis < 3; ++axis) {
    int column = 2 - axis;
    result[axis] = std::hypot(affine[0][column], affine[1][column], affine[2][column]);
  }
  return result;
}

std::array<double, 3> Geometry::world(double z, double y, double x) const {
  std::array<double, 3> result;
  for (int row = 0; row < 3; ++row) result[row] = affine[row][0] * x + affine[row][1] * y + affine[row][2] * z + affine[row][3];
  return result;
}

std::string Geometry::orientation() const {
  AxisChoice choice = closest_axes(affine);
  std::string letters(3, ' ');
  for (int column = 0; column < 3; ++column) letters[size_t(column)] = (choice.negative[column] ? "LPI" : "RAS")[choice.world_axis[column]];
  return letters;
}

bool same_grid(const Geometry& a, const Geometry& b, double tolerance, std::string* reason) {
  if (!(a.size == b.size)) {
    if (reason) *reason = text("sizes differ: ", to_string(a.size), " and ", to_string(b.size), " (Z,Y,X)");
    return false;
  }
  double worst = 0;
  Extent worst_corner;
  for (int corner = 0; corner < 8; ++corner) {
    Extent at{corner & 4 ? a.size.z - 1 : 0, corner & 2 ? a.size.y - 1 : 0, corner & 1 ? a.size.x - 1 : 0};
    auto p = a.world(double(at.z), double(at.y), double(at.x)), q = b.world(double(at.z), double(at.y), double(at.x));
    double distance = std::hypot(p[0] - q[0], p[1] - q[1], p[2] - q[2]);
    if (std::isnan(distance)) distance = INFINITY;
    if (distance > worst) worst = distance, worst_corner = at;
  }
  if (worst <= tolerance) return true;
  if (reason)
    *reason = text("the same voxel (", worst_corner.z, ", ", worst_corner.y, ", ", worst_corner.x, ") lies ", worst,
        " mm apart (orientations ", a.orientation(), " and ",
                   b.orientation(), "), at most ", tolerance, " mm is accepted");
  return false;
}

bool Reorientation::is_identity() const {
  return from_axis == std::array<int, 3>{0, 1, 2} && flipped == std::array<bool, 3>{false, false, false};
}

Reorientation to_canonical(const Geometry& geometry) {
  AxisChoice choice = closest_axes(geometry.affine);
  Reorientation r;
  for (int column = 0; column < 3; ++column) {
    int canonical = 2 - choice.world_axis[column];
    r.from_axis[canonical] = 2 - column;
    r.flipped[canonical] = choice.negative[column];
  }
  return r;
}

Geometry reoriented(const Geometry& geometry, const Reorientation& r) {
  Geometry result;
  for (int row = 0; row < 3; ++row) result.affine[row][3] = geometry.affine[row][3];
  for (int axis = 0; axis < 3; ++axis) {
    int from = r.from_axis[axis];
    result.size[axis] = geometry.size[from];
    for (int row = 0; row < 3; ++row) {
      double step = geometry.affine[row][2 - from];
      result.affine[row][2 - axis] = r.flipped[axis] ? -step : step;
      if (r.flipped[axis]) result.affine[row][3] += step * double(geometry.size[from] - 1);
    }
  }
  return result;
}

Reorientation inverse(const Reorientation& r) {
  Reorientation result;
  for (int axis = 0; axis < 3; ++axis) {
    result.from_axis[r.from_axis[axis]] = axis;
    result.flipped[r.from_axis[axis]] = r.flipped[axis];
  }
  return result;
}

}  // namespace tomograd
