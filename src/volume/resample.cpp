// Resampling by world position: position in the input = inverse(input affine) * output affine * output voxel.
// Along each input axis a position becomes two taps whose weights add up to 1 (a neighbour outside has none); the product of
// the three axes is then the trilinear kernel with outside weights dropped and the rest renormalised.
#include <algorithm>
#include <cmath>
#include <vector>

#include "base/error.h"
#include "volume/volume.h"

namespace tomograd {
namespace {

constexpr double snap = 1e-6;  // voxels; positions are known no better, and equal grids must give equal voxels

Affine inverse_affine(const Affine& a) {
  double c[3][3];
  for (int i = 0; i < 3; ++i)
    for (int j = 0; j < 3; ++j) {
      int i1 = (i + 1) % 3, i2 = (i + 2) % 3, j1 = (j + 1) % 3, j2 = (j + 2) % 3;
      c[j][i] = a[i1][j1] * a[i2][j2] - a[i1][j2] * a[i2][j1];
    }
  double determinant = a[0][0] * c[0][0] + a[0][1] * c[1][0] + a[0][2] * c[2][0];
  if (!std::isfinite(determinant) || determinant == 0)
    fail_input(text("the affine's determinant is ", determinant, ": the volume has no extent in some direction"));
  Affine result;
  for (int i = 0; i < 3; ++i) {
    for (int j = 0; j < 3; ++j) result[i][j] = c[i][j] / determinant;
    result[i][3] = -(result[i][0] * a[0][3] + result[i][1] * a[1][3] + result[i][2] * a[2][3]);
  }
  return result;
}

Affine product(const Affine& a, const Affine& b) {
  Affine result;
  for (int i = 0; i < 3; ++i)
    for (int j = 0; j < 4; ++j) result[i][j] = a[i][0] * b[0][j] + a[i][1] * b[1][j] + a[i][2] * b[2][j] + (j == 3 ? a[i][3] : 0);
  return result;
}

struct Taps {
  int64_t low = -1, high = 0;  // low < 0: no voxel there
  float low_weight = 0, high_weight = 0;
};

Taps linear_taps(double p, int64_t size) {
  double nearest = std::floor(p + 0.5);
  if (std::abs(p - nearest) <= snap) p = nearest;
  if (!(p > -1 && p < double(size))) return {};
  int64_t low = int64_t(std::floor(p));
  float high_weight = float(p - double(low));
  if (low < 0) return {0, 0, 1, 0};
  if (low + 1 >= size || high_weight == 0) return {low, low, 1, 0};
  return {low, low + 1, 1 - high_weight, high_weight};
}

Taps nearest_tap(double p, int64_t size) {
  if (!(p >= -0.5 - snap && p <= double(size) - 0.5 + snap)) return {};
  int64_t index = std::clamp<int64_t>(int64_t(std::floor(p + 0.5 + snap)), 0, size - 1);
  return {index, index, 1, 0};
}

double position(const Affine& m, int axis, int64_t z, int64_t y, int64_t x) {
  const auto& row = m[size_t(2 - axis)];
  return row[0] * double(x) + row[1] * double(y) + row[2] * double(z) + row[3];
}

float blend(const float* v, Extent size, const Taps& z, const Taps& y, const Taps& x) {
  auto line = [&](int64_t zi, int64_t yi) {
    const float* row = v + (zi * size.y + yi) * size.x;
    return x.high_weight == 0 ? row[x.low] : row[x.low] * x.low_weight + row[x.high] * x.high_weight;
  };
  auto plane = [&](int64_t zi) {
    return y.high_weight == 0 ? line(zi, y.low) : line(zi, y.low) * y.low_weight + line(zi, y.high) * y.high_weight;
  };
  return z.high_weight == 0 ? plane(z.low) : plane(z.low) * z.low_weight + plane(z.high) * z.high_weight;
}

// Calls write(output index, taps z, taps y, taps x) for every output voxel. Where axes keep their directions the taps of an
// axis depend on one coordinate only and are made once; the positions are the same numbers either way (adding 0 * y is exact).
template <class MakeTaps, class Write>
void for_each_voxel(const Geometry& from, const Geometry& onto, const MakeTaps& make, const Write& write) {
  Affine m = product(inverse_affine(from.affine), onto.affine);
  for (int i = 0; i < 3; ++i)  // round-off of the inverse would make straight grids look slanted
    for (int j = 0; j < 3; ++j)
      if (std::abs(m[i][j]) * double(onto.size[2 - j]) < snap * 1e-3) m[i][j] = 0;
  bool straight = m[0][1] == 0 && m[0][2] == 0 && m[1][0] == 0 && m[1][2] == 0 && m[2][0] == 0 && m[2][1] == 0;
  int64_t index = 0;
  if (straight) {
    std::vector<Taps> taps[3];
    for (int axis = 0; axis < 3; ++axis)
      for (int64_t i = 0; i < onto.size[axis]; ++i) {
        double p = position(m, axis, axis == 0 ? i : 0, axis == 1 ? i : 0, axis == 2 ? i : 0);
        taps[axis].push_back(make(axis, p));
      }
    for (const Taps& z : taps[0])
      for (const Taps& y : taps[1])
        for (const Taps& x : taps[2]) write(index++, z, y, x);
    return;
  }
  for (int64_t z = 0; z < onto.size.z; ++z)
    for (int64_t y = 0; y < onto.size.y; ++y)
      for (int64_t x = 0; x < onto.size.x; ++x) {
        auto at = [&](int axis) { return make(axis, position(m, axis, z, y, x)); };
        write(index++, at(0), at(1), at(2));
      }
}

}  // namespace

Volume resample_linear(const Volume& from, const Geometry& onto, float outside) {
  Volume result{onto, Buffer<float>(onto.size.voxels())};
  auto spacing = from.geometry.spacing();
  double finest = std::min({spacing[0], spacing[1], spacing[2]});
  Extent size = from.geometry.size;
  auto taps = [&](int axis, double p) {
    return spacing[size_t(axis)] > 3 * finest ? nearest_tap(p, size[axis]) : linear_taps(p, size[axis]);
  };
  for_each_voxel(from.geometry, onto, taps, [&](int64_t index, const Taps& z, const Taps& y, const Taps& x) {
    result.voxels[index] = z.low < 0 || y.low < 0 || x.low < 0 ? outside : blend(from.voxels.data(), size, z, y, x);
  });
  return result;
}

LabelVolume resample_nearest(const LabelVolume& from, const Geometry& onto) {
  LabelVolume result{onto, Buffer<uint16_t>(onto.size.voxels())};
  Extent size = from.geometry.size;
  for_each_voxel(
      from.geometry, onto, [&](int axis, double p) { return nearest_tap(p, size[axis]); },
      [&](int64_t index, const Taps& z, const Taps& y, const Taps& x) {
        bool out = z.low < 0 || y.low < 0 || x.low < 0;
        result.voxels[index] = out ? uint16_t{0} : from.voxels[(z.low * size.y + y.low) * size.x + x.low];
      });
  return result;
}

Geometry with_spacing(const Geometry& geometry, const std::array<double, 3>& spacing) {
  Geometry result = geometry;
  auto old = geometry.spacing();
  for (int axis = 0; axis < 3; ++axis) {
    if (!(spacing[size_t(axis)] > 0) || !std::isfinite(spacing[size_t(axis)]))
      fail_input(text("spacing of axis ", "zyx"[axis], " is ", spacing[size_t(axis)], " mm; it must be above 0"));
    if (!(old[size_t(axis)] > 0)) fail_input(text("the volume's spacing along ", "zyx"[axis], " is ", old[size_t(axis)], " mm"));
    double ratio = spacing[size_t(axis)] / old[size_t(axis)];
    if (std::abs(ratio - 1) < 1e-9) continue;
    // A rest of less than 1 % of a voxel is round-off of the spacings, not tissue.
    double wanted = std::ceil(double(geometry.size[axis]) / ratio - 0.01);
    if (wanted > 1e9) fail_input(text("spacing ", spacing[size_t(axis)], " mm along ", "zyx"[axis], " would give ", wanted, " voxels"));
    result.size[axis] = std::max<int64_t>(1, int64_t(wanted));
    double shift = (double(geometry.size[axis]) - 1) / 2 - ratio * (double(result.size[axis]) - 1) / 2;  // keeps the centre, in old voxels
    for (int row = 0; row < 3; ++row) {
      double step = geometry.affine[size_t(row)][size_t(2 - axis)];
      result.affine[size_t(row)][size_t(2 - axis)] = step * ratio;
      result.affine[size_t(row)][3] += step * shift;
    }
  }
  return result;
}

}  // namespace tomograd
