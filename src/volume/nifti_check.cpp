// Every check of a NIfTI header that needs nothing but its fields. Floats pass a finite and range test before they become
// integers; products are checked in 64 bits (rules R1, R5, R6).
#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "volume/nifti_affine.h"
#include "volume/nifti_file.h"

namespace tomograd {
namespace {

void check_magic(const NiftiFields& f, bool pair) {
  std::string single = f.version == 1 ? std::string("n+1\0", 4) : std::string("n+2\0\r\n\x1a\n", 8);
  std::string two = f.version == 1 ? std::string("ni1\0", 4) : std::string("ni2\0\r\n\x1a\n", 8);
  if (f.magic == (pair ? two : single)) return;
  if (f.magic == single)
    fail_input(text("magic is 'n+", f.version, "', a single file, but the name ends with .hdr or .img"), "rename it to .nii");
  if (f.magic == two)
    fail_input(text("magic is 'ni", f.version, "', the header of a pair, but the name ends with .nii"),
        "rename it to .hdr beside its .img");
  if (f.version == 1 && f.magic == std::string(4, '\0'))
    fail_input("magic is empty: this is ANALYZE 7.5, which does not say how the head lies", "convert it to NIfTI");
  std::string shown;
  for (unsigned char c : f.magic) shown += c > 32 && c < 127 ? std::string(1, char(c)) : text("\\", int(c));
  std::string wanted = f.version == 1 ? (pair ? "ni1\\0" : "n+1\\0") : (pair ? "ni2\\0\\13\\10\\26\\10" : "n+2\\0\\13\\10\\26\\10");
  fail_input(text("magic is '", shown, "', '", wanted, "' is expected"),
      f.version == 2 ? "a transfer that rewrites line ends may have damaged the file" : "");
}

void check_dimensions(const NiftiFields& f, NiftiHeader& header) {
  int64_t rank = f.dim[0];
  if (rank < 1 || rank > 7)
    fail_input(text("dim[0] is ", rank, "; 1 to 7 is legal"), rank == 0 ? "" : "the header may mix byte orders or be damaged");
  int64_t length[8] = {0, 1, 1, 1, 1, 1, 1, 1};
  for (int i = 1; i <= 7; ++i) {
    int64_t v = f.dim[size_t(i)];
    if (i > rank) {
      if (v > 1) header.warnings.push_back(text("dim[", i, "] is ", v, " but dim[0] is ", rank, ", so it is ignored"));
      continue;
    }
    if (i == 1 && v == -1 && f.version == 1 && f.glmin > 0)
      fail_input(text("dim[1] is -1; at least 1 is legal"), text("FreeSurfer keeps a long dimension (", f.glmin,
          ") in glmin; convert the file with mri_convert or to NIfTI-2"));
    if (v < 1) fail_input(text("dim[", i, "] is ", v, "; at least 1 is legal"));
    length[i] = v;
  }
  header.geometry.size = {length[3], length[2], length[1]};
  int64_t bytes = voxel_bytes(header.type);
  header.frames = 1;
  for (int i = 1; i <= 7; ++i) {
    if (__builtin_mul_overflow(bytes, length[i], &bytes))
      fail_input(text("dim[1..", rank, "] multiply to more bytes than 64 bits can count (dim[", i, "] is ", length[i], ")"),
          "the header is damaged");
    if (i > 3) header.frames *= length[i];  // not more than bytes
  }
}

VoxelType voxel_type(const NiftiFields& f) {
  struct Known { int64_t code, bits; VoxelType type; };
  static constexpr Known known[] = {{2, 8, VoxelType::u8},     {256, 8, VoxelType::i8},    {512, 16, VoxelType::u16},  {4, 16, VoxelType::i16},
                                    {768, 32, VoxelType::u32}, {8, 32, VoxelType::i32},    {1280, 64, VoxelType::u64}, {1024, 64, VoxelType::i64},
                                    {16, 32, VoxelType::f32},  {64, 64, VoxelType::f64}};
  for (const Known& k : known)
    if (f.datatype == k.code) {
      if (f.bitpix != k.bits)
        fail_input(text("bitpix is ", f.bitpix, " but datatype ", f.datatype, " (", voxel_type_name(k.type), ") has ", k.bits, " bits"),
            "the header is damaged");
      return k.type;
    }
  struct Named { int64_t code; const char* name; };
  static constexpr Named named[] = {{1, "binary (1 bit)"}, {32, "complex64"}, {128, "rgb24"}, {1536, "float128"}, {1792, "complex128"},
      {2048, "complex256"}, {2304, "rgba32"}};
  for (const Named& n : named)
    if (f.datatype == n.code)
      fail_input(text("datatype ", f.datatype, " (", n.name, ") is not supported"),
          "convert the image to an integer or real type with one value per voxel");
  fail_input(text("datatype is ", f.datatype, "; 2, 4, 8, 16, 64, 256, 512, 768, 1024 or 1280 is expected"));
}

int64_t voxel_offset(const NiftiFields& f, bool pair, std::vector<std::string>& warnings) {
  int64_t least = pair ? 0 : f.version == 1 ? 352 : 544;
  int64_t offset = f.vox_offset;
  if (f.version == 1) {
    double v = f.vox_offset_float;
    if (!std::isfinite(v) || v < 0 || v > 9007199254740992.0 || v != std::floor(v))
      fail_input(text("vox_offset is ", v, "; a whole number of bytes from ", least, " on is expected"));
    offset = int64_t(v);
  }
  if (offset == 0 && !pair) {
    warnings.push_back(text("vox_offset is 0; the voxels of a single file start at ", least, " at the earliest, which is used"));
    return least;
  }
  if (offset < least) fail_input(text("vox_offset is ", offset, "; at least ", least, " is expected, the header lies before"));
  if (offset % 16 != 0) warnings.push_back(text("vox_offset is ", offset, ", not a multiple of 16"));
  return offset;
}

void check_scaling(const NiftiFields& f, NiftiHeader& header) {
  if (!std::isfinite(f.scl_slope)) fail_input(text("scl_slope is ", f.scl_slope, "; a finite number is expected, 0 for no scaling"));
  if (f.scl_slope == 0) return;
  if (!std::isfinite(f.scl_inter)) fail_input(text("scl_inter is ", f.scl_inter, "; a finite number is expected"));
  header.slope = f.scl_slope;
  header.intercept = f.scl_inter;
  if (double size = std::abs(f.scl_slope); size < 1e-30 || size > 1e30)
    header.warnings.push_back(text("scl_slope is ", f.scl_slope, ", values may vanish or overflow"));
}

std::array<double, 3> check_spacing(const NiftiFields& f) {
  std::array<double, 3> spacing{1, 1, 1};
  for (int i = 1; i <= 3; ++i) {
    double v = f.pixdim[size_t(i)];
    bool usable = v >= 1e-9 && v <= 1e9;
    if (!usable && i > f.dim[0]) continue;
    if (!usable) fail_input(text("pixdim[", i, "] is ", v, "; a voxel's size between 1e-9 and 1e9 is expected"));
    spacing[size_t(i - 1)] = v;
  }
  return spacing;
}

}  // namespace

int64_t voxel_bytes(VoxelType type) {
  switch (type) {
    case VoxelType::u8: case VoxelType::i8: return 1;
    case VoxelType::u16: case VoxelType::i16: return 2;
    case VoxelType::u32: case VoxelType::i32: case VoxelType::f32: return 4;
    case VoxelType::u64: case VoxelType::i64: case VoxelType::f64: return 8;
  }
  fail_failure("unknown voxel type");
}

const char* voxel_type_name(VoxelType type) {
  static constexpr const char* names[] = {"uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64", "float32", "float64"};
  return names[size_t(type)];
}

NiftiHeader validate_nifti(const NiftiFields& f, bool swapped, bool pair) {
  NiftiHeader header;
  header.version = f.version;
  header.swapped = swapped;
  header.pair = pair;
  check_magic(f, pair);
  header.type = voxel_type(f);
  check_dimensions(f, header);
  header.voxel_offset = voxel_offset(f, pair, header.warnings);
  check_scaling(f, header);
  auto spacing = check_spacing(f);
  header.geometry.affine = nifti_affine(f, header.geometry.size, spacing, header.warnings);
  header.qform_code = int(f.qform_code);
  header.sform_code = int(f.sform_code);
  header.orientation_known = f.qform_code > 0 || f.sform_code > 0;
  header.pixdim = f.pixdim;
  header.description = f.descrip.substr(0, f.descrip.find('\0'));
  if (std::isnan(f.cal_min) || std::isnan(f.cal_max) || f.cal_min > f.cal_max)
    header.warnings.push_back(text("cal_min is ", f.cal_min, " and cal_max ", f.cal_max, "; this range for display is ignored"));
  return header;
}

}  // namespace tomograd
