// The affine of a NIfTI header and back: sform (a matrix), qform (a quaternion, an offset and qfac), or spacing alone.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "volume/geometry.h"
#include "volume/nifti_fields.h"

namespace tomograd {

// Millimetres per unit of the header's lengths; unknown units count as mm.
double nifti_millimetres(const NiftiFields& fields, std::vector<std::string>* warnings = nullptr);

// The affine in RAS+ mm by the rule of nifti.h. `spacing` = pixdim[1..3] already validated (file's unit). Unusable numbers
// in the form that is used are Error(input); odd ones, and disagreement of both forms, are warnings.
Affine nifti_affine(const NiftiFields& fields, const Extent& size, const std::array<double, 3>& spacing,
    std::vector<std::string>& warnings);

// Rotation (columns i, j, k of the unit matrix) of a quaternion with a >= 0 and real part left out. NIfTI-1 keeps b, c, d
// in single precision, hence the tolerance. Standard's equations in nifti1.h, "METHOD 2".
std::array<std::array<double, 3>, 3> rotation_of(const std::array<double, 3>& bcd, double tolerance);

struct Quaternion { std::array<double, 3> bcd; double qfac; };
// Of an affine whose columns are orthogonal within 1e-5; false when they are not (then there is no qform for it).
bool quaternion_of(const Affine& affine, Quaternion& result);

}  // namespace tomograd
