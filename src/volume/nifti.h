// NIfTI-1 and NIfTI-2: .nii, .nii.gz, .hdr/.img (and .hdr.gz/.img.gz), both byte orders, all real data types.
// Order of work: header bytes -> plain struct -> validate against the file's size -> only then allocate
// (rules R1-R8 of the test plan; a gzip stream cannot grow more than 1032 times, which bounds a hostile header in O(1)).
// Which affine: sform when sform_code > 0, else qform when qform_code > 0, else pixdim with no claim about left and right.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/env.h"
#include "volume/volume.h"

namespace tomograd {

enum class VoxelType { u8, i8, u16, i16, u32, i32, u64, i64, f32, f64 };
int64_t voxel_bytes(VoxelType type);
const char* voxel_type_name(VoxelType type);     // "uint8", "float32", ...

struct NiftiExtension { int32_t code = 0; std::string content; };

struct NiftiHeader {
  int version = 1;                               // 1 or 2
  bool swapped = false, pair = false, compressed = false;
  Geometry geometry;
  int64_t frames = 1;                            // product of dimensions 4..7
  VoxelType type = VoxelType::f32;
  double slope = 1, intercept = 0;               // slope 0 in the file (= no scaling) is 1 here
  int64_t voxel_offset = 352;
  int qform_code = 0, sform_code = 0;
  bool orientation_known = true;                 // false when both codes are 0
  std::array<double, 8> pixdim{};
  std::string description;                       // raw bytes up to NUL, not to be shown unescaped
  std::vector<NiftiExtension> extensions;
  std::vector<unsigned char> raw;                // the header as it stood (348 or 540 bytes), kept so that outputs carry it on
  std::vector<std::string> warnings;             // accepted, but worth telling
};

// Reads and validates the header alone. Error(input) names file, field, value and what would be right. Up to 64 KiB behind
// the declared voxels are a warning, more is an error.
NiftiHeader read_nifti_header(Env& env, const std::string& path);

// Reads one frame as floats, scaled: value = raw * slope + intercept computed in double.
Volume read_nifti(Env& env, const std::string& path, int64_t frame = 0, NiftiHeader* header = nullptr);

// Reads integers: rint(raw * slope + intercept); a value further than 1e-3 from an integer, or outside 0..65535, is
// Error(input) naming it.
LabelVolume read_nifti_labels(Env& env, const std::string& path, NiftiHeader* header = nullptr);

// A box of one frame; for uncompressed files only the rows needed are read.
Buffer<float> read_nifti_region(Env& env, const std::string& path, const Box& box, int64_t frame = 0);

// Writers. With `like`, the new file carries that header's geometry codes, units and extensions (never its slope); gzip
// streams have an empty name and time 0, so equal data give equal bytes. ".nii" and ".nii.gz" by the path's end.
// NIfTI-2 is written when a dimension exceeds 32767, or when `like` is NIfTI-2 (its affine is in double precision); labels
// take uint8 when all are below 256, else uint16. Where the affine equals `like`'s, its geometry fields are written back as
// they stood. Texts of `like` (descrip, aux_file, ...) are left behind: they may name the patient. Published atomically.
void write_nifti(Env& env, const std::string& path, const Volume& volume, const NiftiHeader* like = nullptr);
void write_nifti_labels(Env& env, const std::string& path, const LabelVolume& labels, const NiftiHeader* like = nullptr);

}  // namespace tomograd
