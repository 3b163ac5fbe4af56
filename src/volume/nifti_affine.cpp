#include "volume/nifti_affine.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace tomograd {
namespace {

double column_length(const Affine& a, int column) { return std::hypot(a[0][column], a[1][column], a[2][column]); }

double determinant(const Affine& a) {
  double first = a[0][0] * (a[1][1] * a[2][2] - a[1][2] * a[2][1]), second = a[0][1] * (a[1][0] * a[2][2] - a[1][2] * a[2][0]);
  return first - second + a[0][2] * (a[1][0] * a[2][1] - a[1][1] * a[2][0]);
}

double largest_cosine(const Affine& a) {
  double largest = 0;
  for (int i = 0; i < 3; ++i) {
    int j = (i + 1) % 3;
    double dot = a[0][i] * a[0][j] + a[1][i] * a[1][j] + a[2][i] * a[2][j];
    largest = std::max(largest, std::abs(dot) / (column_length(a, i) * column_length(a, j)));
  }
  return largest;
}

Affine sform(const NiftiFields& f, double mm) {
  Affine affine;
  for (size_t row = 0; row < 3; ++row)
    for (size_t column = 0; column < 4; ++column) {
      double v = f.srow[row][column];
      if (!std::isfinite(v) || std::abs(v) > 1e15)
        fail_input(text("srow_", "xyz"[row], "[", column, "] is ", v, "; sform_code is ", f.sform_code, ", so it must be a usable number"));
      affine[row][column] = v * mm;
    }
  for (int column = 0; column < 3; ++column)
    if (double length = column_length(affine, column); !(length > 1e-12))
      fail_input(text("sform column ", column, " has length ", length, " mm; each voxel axis must lead somewhere"));
  double volume = column_length(affine, 0) * column_length(affine, 1) * column_length(affine, 2);
  if (double d = determinant(affine); !(std::abs(d) > 1e-6 * volume))
    fail_input(text("the sform's determinant is ", d, ": its axes lie in one plane"));
  return affine;
}

Affine qform(const NiftiFields& f, const std::array<double, 3>& spacing, double mm, std::vector<std::string>& warnings) {
  for (size_t i = 0; i < 3; ++i)
    if (!std::isfinite(f.qoffset[i]) || std::abs(f.qoffset[i]) > 1e15)
      fail_input(text("qoffset_", "xyz"[i], " is ", f.qoffset[i], "; qform_code is ", f.qform_code, ", so it must be a usable number"));
  auto rotation = rotation_of(f.quatern, f.version == 1 ? 1e-7 : 1e-15);
  double qfac = f.pixdim[0];
  if (qfac != 1 && qfac != -1) {
    warnings.push_back(text("pixdim[0] (qfac) is ", qfac, ", neither 1 nor -1; 1 is used"));
    qfac = 1;
  }
  Affine affine;
  for (size_t row = 0; row < 3; ++row) {
    for (size_t column = 0; column < 3; ++column)
      affine[row][column] = rotation[row][column] * spacing[column] * (column == 2 ? qfac : 1) * mm;
    affine[row][3] = f.qoffset[row] * mm;
  }
  return affine;
}

double largest_distance(const Affine& a, const Affine& b, const Extent& size) {
  Geometry p{size, a}, q{size, b};
  double largest = 0;
  for (int corner = 0; corner < 8; ++corner) {
    double z = corner & 4 ? double(size.z - 1) : 0, y = corner & 2 ? double(size.y - 1) : 0, x = corner & 1 ? double(size.x - 1) : 0;
    auto u = p.world(z, y, x), v = q.world(z, y, x);
    largest = std::max(largest, std::hypot(u[0] - v[0], u[1] - v[1], u[2] - v[2]));
  }
  return largest;
}

}  // namespace

double nifti_millimetres(const NiftiFields& fields, std::vector<std::string>* warnings) {
  int64_t unit = fields.xyzt_units & 7;
  if (unit > 3 && warnings)
    warnings->push_back(text("xyzt_units is ", fields.xyzt_units, ", whose unit of length (", unit,
        ") is not defined; millimetres are assumed"));
  return unit == 1 ? 1000.0 : unit == 3 ? 1e-3 : 1.0;
}

Affine nifti_affine(const NiftiFields& f, const Extent& size, const std::array<double, 3>& spacing, std::vector<std::string>& warnings) {
  double mm = nifti_millimetres(f, &warnings);
  for (auto [name, code] : {std::pair{"qform_code", f.qform_code}, std::pair{"sform_code", f.sform_code}})
    if (code < 0 || code > 5)
      warnings.push_back(text(name, " is ", code, ", 0 to 5 are defined; it counts as ", code > 0 ? "set" : "not set"));

  if (f.sform_code <= 0 && f.qform_code <= 0) {
    warnings.push_back(
        "orientation unknown: sform_code and qform_code are 0, only the spacing is known; left and right cannot be told apart");
    return {{{spacing[0] * mm, 0, 0, 0}, {0, spacing[1] * mm, 0, 0}, {0, 0, spacing[2] * mm, 0}}};
  }
  if (f.sform_code <= 0) return qform(f, spacing, mm, warnings);

  Affine affine = sform(f, mm);
  if (double cosine = largest_cosine(affine); cosine > 1e-4)
    warnings.push_back(text("the sform is sheared: two axes are ", 90 - std::acos(std::min(1.0, cosine)) * 180 / M_PI,
        " degrees from perpendicular; the exact matrix is kept"));
  for (int column = 0; column < 3 && column < f.dim[0]; ++column)
    if (double length = column_length(affine, column), pixdim = spacing[size_t(column)] * mm; std::abs(length - pixdim) > 1e-3 * length)
      warnings.push_back(text("pixdim[", column + 1, "] is ", pixdim, " mm and the sform's spacing ", length, " mm; the sform is used"));
  if (f.qform_code > 0) {
    try {
      Affine other = qform(f, spacing, mm, warnings);
      double distance = largest_distance(affine, other, size);
      double finest = std::min({column_length(affine, 0), column_length(affine, 1), column_length(affine, 2)});
      if (distance > 0.01 * finest)
        warnings.push_back(text("sform (", Geometry{size, affine}.orientation(), ") and qform (", Geometry{size, other}.orientation(),
            ") place a voxel ", distance, " mm apart; the sform is used"));
    } catch (const Error& error) {
      warnings.push_back(text("the qform is not usable (", error.message(), "); the sform is used"));
    }
  }
  return affine;
}

std::array<std::array<double, 3>, 3> rotation_of(const std::array<double, 3>& bcd, double tolerance) {
  double b = bcd[0], c = bcd[1], d = bcd[2];
  double sum = b * b + c * c + d * d;
  if (!(sum <= 1 + 1e-5))
    fail_input(text("quatern_b, c, d are ", b, ", ", c, ", ", d, ", their squares add up to ", sum, "; at most 1 makes a rotation"));
  double a = 0;
  if (1 - sum < tolerance) {  // 180 degrees: round-off may leave the sum on either side of 1
    double length = std::sqrt(sum);
    b /= length, c /= length, d /= length;
  } else {
    a = std::sqrt(1 - sum);
  }
  return {{{a * a + b * b - c * c - d * d, 2 * b * c - 2 * a * d, 2 * b * d + 2 * a * c},
           {2 * b * c + 2 * a * d, a * a + c * c - b * b - d * d, 2 * c * d - 2 * a * b},
           {2 * b * d - 2 * a * c, 2 * c * d + 2 * a * b, a * a + d * d - b * b - c * c}}};
}

bool quaternion_of(const Affine& affine, Quaternion& result) {
  if (!(largest_cosine(affine) <= 1e-5)) return false;
  double r[3][3];
  for (int column = 0; column < 3; ++column)
    for (int row = 0; row < 3; ++row) r[row][column] = affine[size_t(row)][size_t(column)] / column_length(affine, column);
  result.qfac = determinant(affine) < 0 ? -1 : 1;
  if (result.qfac < 0)
    for (auto& row : r) row[2] = -row[2];
  // The largest of the four squared components is divided by, so nothing cancels (Shepperd 1978).
  double squares[4] = {1 + r[0][0] + r[1][1] + r[2][2], 1 + r[0][0] - r[1][1] - r[2][2],
                       1 - r[0][0] + r[1][1] - r[2][2], 1 - r[0][0] - r[1][1] + r[2][2]};
  int largest = int(std::max_element(squares, squares + 4) - squares);
  double s = 2 * std::sqrt(squares[largest]), a, b, c, d;
  double ba = r[2][1] - r[1][2], ca = r[0][2] - r[2][0], da = r[1][0] - r[0][1];
  double bc = r[0][1] + r[1][0], bd = r[0][2] + r[2][0], cd = r[1][2] + r[2][1];
  if (largest == 0) a = s / 4, b = ba / s, c = ca / s, d = da / s;
  else if (largest == 1) a = ba / s, b = s / 4, c = bc / s, d = bd / s;
  else if (largest == 2) a = ca / s, b = bc / s, c = s / 4, d = cd / s;
  else a = da / s, b = bd / s, c = cd / s, d = s / 4;
  double sign = a < 0 ? -1 : 1;
  result.bcd = {sign * b, sign * c, sign * d};
  return true;
}

}  // namespace tomograd
