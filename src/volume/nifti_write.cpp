// Writing: this machine's byte order, no scaling, geometry exact. Where the grid is still that of `like`, its own fields are
// written back, so nothing is lost to round-off; a new grid gets an sform, and a qform where its axes are perpendicular and a quaternion can say so.
// Texts of `like` (descrip, aux_file, ...) are left behind: they may name the patient.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/error.h"
#include "base/log.h"
#include "volume/nifti.h"
#include "volume/nifti_affine.h"
#include "volume/nifti_file.h"

namespace tomograd {
namespace {

bool same_place(const Geometry& a, const Geometry& b) { return a.affine == b.affine; }

bool is_plain_spacing(const Affine& a) {
  for (size_t row = 0; row < 3; ++row)
    for (size_t column = 0; column < 4; ++column)
      if (row == column ? !(a[row][column] > 0) : a[row][column] != 0) return false;
  return true;
}

// Near half a turn the quaternion's missing part is a root of almost nothing, and single precision loses the rotation.
bool survives_single_precision(const Quaternion& quaternion, const Geometry& geometry) {
  Quaternion kept = quaternion;
  for (double& v : kept.bcd) v = double(float(v));
  auto exact = rotation_of(quaternion.bcd, 1e-15), rounded = rotation_of(kept.bcd, 1e-7);
  auto spacing = geometry.spacing();
  double turned = 0, longest = 0, finest = std::min({spacing[0], spacing[1], spacing[2]});
  for (size_t row = 0; row < 3; ++row)
    for (size_t column = 0; column < 3; ++column) turned = std::max(turned, std::abs(exact[row][column] - rounded[row][column]));
  for (int axis = 0; axis < 3; ++axis) longest += double(geometry.size[axis]) * spacing[size_t(axis)];
  return turned * longest < 0.005 * finest;      // readers call 0.01 voxels a contradiction
}

void set_geometry(NiftiFields& f, const Geometry& geometry, const NiftiHeader* like) {
  for (const auto& row : geometry.affine)
    for (double v : row)
      if (!std::isfinite(v)) fail_failure("the affine of the volume to write is not finite");
  if (like) {
    NiftiFields old = read_nifti_fields(like->raw.data(), like->version, like->swapped);
    f.xyzt_units = old.xyzt_units & 255;
    f.intent_code = 0;
    if (same_place(geometry, like->geometry)) {
      f.pixdim = old.pixdim;
      f.qform_code = old.qform_code, f.sform_code = old.sform_code;
      f.quatern = old.quatern, f.qoffset = old.qoffset, f.srow = old.srow;
      for (int i = 4; i < 8; ++i) f.pixdim[size_t(i)] = 0;
      for (size_t i = 1; i < 4; ++i)             // an image of one or two dimensions may have any number there, which counted as 1
        if (int64_t(i) > old.dim[0] && !(f.pixdim[i] >= 1e-9 && f.pixdim[i] <= 1e9)) f.pixdim[i] = 1;
      return;
    }
    f.qform_code = std::max<int64_t>(0, old.qform_code), f.sform_code = std::max<int64_t>(0, old.sform_code);
  } else {
    f.xyzt_units = 2;
    f.qform_code = f.sform_code = 1;
  }
  double unit = nifti_millimetres(f);
  auto spacing = geometry.spacing();
  f.pixdim = {1, spacing[2] / unit, spacing[1] / unit, spacing[0] / unit, 0, 0, 0, 0};
  if (like && !like->orientation_known && is_plain_spacing(geometry.affine)) return;  // still no claim
  Quaternion quaternion{{0, 0, 0}, 1};
  bool rigid = quaternion_of(geometry.affine, quaternion);
  if (!rigid || (f.version == 1 && !survives_single_precision(quaternion, geometry))) f.qform_code = 0;
  if (f.qform_code == 0 && f.sform_code == 0) f.sform_code = 1;
  f.pixdim[0] = quaternion.qfac;
  f.quatern = quaternion.bcd;
  for (size_t row = 0; row < 3; ++row) {
    f.qoffset[row] = geometry.affine[row][3] / unit;
    for (size_t column = 0; column < 4; ++column) f.srow[row][column] = geometry.affine[row][column] / unit;
  }
  if (f.sform_code == 0) f.srow = {};
  if (f.qform_code == 0) f.quatern = {}, f.qoffset = {};
}

NiftiFields fields_of(const Geometry& geometry, int64_t datatype, int64_t bitpix, int64_t extension_bytes, const NiftiHeader* like) {
  Extent size = geometry.size;
  if (size.z < 1 || size.y < 1 || size.x < 1) fail_failure(text("a volume of ", to_string(size), " cannot be written"));
  NiftiFields f;
  bool small = std::max({size.z, size.y, size.x}) <= 32767 && extension_bytes < (int64_t{1} << 24);
  f.version = small && !(like && like->version == 2) ? 1 : 2;
  f.dim = {3, size.x, size.y, size.z, 1, 1, 1, 1};
  f.datatype = datatype;
  f.bitpix = bitpix;
  f.vox_offset = (f.version == 1 ? nifti1_bytes : nifti2_bytes) + extension_bytes;
  f.vox_offset_float = double(f.vox_offset);
  f.scl_slope = 1;
  f.descrip = "tomograd";
  f.magic = f.version == 1 ? std::string("n+1\0", 4) : std::string("n+2\0\r\n\x1a\n", 8);
  set_geometry(f, geometry, like);
  return f;
}

void write_image(Env& env, const std::string& path, const Geometry& geometry, int64_t datatype, int64_t bitpix, const void* voxels,
    int64_t bytes, const NiftiHeader* like) {
  with_context(text("writing '", path, "'"), [&] {
    bool compressed = name_ends_with(path, ".nii.gz");
    if (!compressed && !name_ends_with(path, ".nii")) fail_input(text("'", path, "' does not end with .nii or .nii.gz"));
    if (bytes != geometry.size.voxels() * bitpix / 8)
      fail_failure(text("a volume of ", to_string(geometry.size), " was given with ", bytes, " bytes of voxels"));
    if (like && std::any_of(like->extensions.begin(), like->extensions.end(), [](const NiftiExtension& e) { return e.code == 2; }))
      warn(text("'", file_name(path), "' carries on DICOM fields of its input (extension code 2), which may name the patient"));
    std::string head = nifti_extension_bytes(like ? like->extensions : std::vector<NiftiExtension>{});
    NiftiFields fields = fields_of(geometry, datatype, bitpix, int64_t(head.size()), like);
    std::string header(size_t(fields.version == 1 ? nifti1_bytes : nifti2_bytes), '\0');
    write_nifti_fields(fields, reinterpret_cast<unsigned char*>(header.data()));
    header += head;
    Publication publication(env, path);
    if (compressed) {
      GzipWriter gzip(publication.file(), int64_t(header.size()) + bytes);
      gzip.write(header.data(), int64_t(header.size()));
      gzip.write(voxels, bytes);
      gzip.finish();
    } else {
      publication.file().write(header.data(), int64_t(header.size()));
      publication.file().write(voxels, bytes);
    }
    publication.commit();
  });
}

}  // namespace

void write_nifti(Env& env, const std::string& path, const Volume& volume, const NiftiHeader* like) {
  write_image(env, path, volume.geometry, 16, 32, volume.voxels.data(), volume.voxels.size() * 4, like);
}

void write_nifti_labels(Env& env, const std::string& path, const LabelVolume& labels, const NiftiHeader* like) {
  uint16_t largest = 0;
  for (uint16_t v : labels.voxels) largest = std::max(largest, v);
  if (largest > 255) return write_image(env, path, labels.geometry, 512, 16, labels.voxels.data(), labels.voxels.size() * 2, like);
  Buffer<uint8_t> bytes(labels.voxels.size());
  for (int64_t i = 0; i < bytes.size(); ++i) bytes[i] = uint8_t(labels.voxels[i]);
  write_image(env, path, labels.geometry, 2, 8, bytes.data(), bytes.size(), like);
}

}  // namespace tomograd
