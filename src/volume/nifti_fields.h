// The header of a NIfTI file as it stands: every field of NIfTI-1 (348 bytes) and NIfTI-2 (540 bytes) under one name, in
// this machine's byte order, nothing checked. Names and places as in the standard (nifti1.h, nifti2.h; public domain facts).
#pragma once

#include <array>
#include <cstdint>
#include <string>

namespace tomograd {

constexpr int64_t nifti1_bytes = 348, nifti2_bytes = 540;

struct NiftiFields {
  int version = 1;
  std::array<int64_t, 8> dim{};
  std::array<double, 8> pixdim{};
  std::array<double, 3> intent_p{};
  int64_t intent_code = 0, datatype = 0, bitpix = 0;
  int64_t slice_start = 0, slice_end = 0, slice_code = 0, xyzt_units = 0, dim_info = 0;
  double vox_offset_float = 0;                   // NIfTI-1
  int64_t vox_offset = 0;                        // NIfTI-2
  double scl_slope = 0, scl_inter = 0, cal_max = 0, cal_min = 0, slice_duration = 0, toffset = 0;
  int64_t glmin = 0;                             // NIfTI-1; FreeSurfer keeps a long first dimension there
  int64_t qform_code = 0, sform_code = 0;
  std::array<double, 3> quatern{}, qoffset{};    // b, c, d; x, y, z
  std::array<std::array<double, 4>, 3> srow{};
  std::string descrip, aux_file, intent_name;    // 80, 24, 16 bytes, NULs and all
  std::string magic;                             // 4 bytes in NIfTI-1, 8 in NIfTI-2
};

// `bytes` has 348 or 540 bytes, as `version` says.
NiftiFields read_nifti_fields(const unsigned char* bytes, int version, bool swapped);
void write_nifti_fields(NiftiFields fields, unsigned char* bytes);  // this machine's byte order; numbers must fit

}  // namespace tomograd
