#include "volume/box_source.h"

#include <cstring>

#include "base/error.h"
#include "volume/nifti_file.h"
#include "volume/tiff.h"
#include "volume/voxel_conversion.h"
#include "volume/zarr_array.h"
#include "volume/zarr_ome.h"

namespace tomograd {
namespace {

void check(const Box& box, const Geometry& geometry, int64_t channel, int64_t channels) {
  if (channel < 0 || channel >= channels) fail_input(text("channel ", channel, " was asked for; there are ", channels, ", counted from 0"));
  for (int axis = 0; axis < 3; ++axis)
    if (box.begin[axis] < 0 || box.size[axis] < 1 || box.end()[axis] > geometry.size[axis])
      fail_input(text("the box ", box.begin[axis], ":", box.end()[axis], " along ", "zyx"[axis], " leaves the volume, which goes from 0 to ", geometry.size[axis]));
}

class NiftiBoxes : public BoxSource {
 public:
  NiftiBoxes(Env& env, const std::string& path) : env_(env), path_(path), header_(read_nifti_header(env, path)) {}
  const char* format() const override { return "NIfTI"; }
  Geometry geometry() const override { return header_.geometry; }
  bool orientation_known() const override { return header_.orientation_known; }
  int64_t channels() const override { return header_.frames; }
  VoxelType type() const override {              // small whole numbers are exact in the floats that the reader gives
    bool scaled = header_.slope != 1 || header_.intercept != 0;
    return !scaled && voxel_bytes(header_.type) <= 2 ? header_.type : VoxelType::f32;
  }
  void read(int64_t channel, const Box& box, void* into) override {
    check(box, header_.geometry, channel, header_.frames);
    Buffer<float> values = read_nifti_region(env_, path_, box, channel);
    with_voxel_type(type(), [&]<class T>(T) {
      T* to = static_cast<T*>(into);
      for (int64_t i = 0; i < values.size(); ++i) to[i] = T(values[i]);
    });
  }

 private:
  Env& env_;
  std::string path_;
  NiftiHeader header_;
};

class TiffBoxes : public BoxSource {
 public:
  TiffBoxes(Env& env, const std::string& path) : stack_(env, path) {}
  const char* format() const override { return "TIFF"; }
  Geometry geometry() const override { return stack_.header().geometry; }
  bool orientation_known() const override { return false; }
  int64_t channels() const override { return 1; }
  VoxelType type() const override { return stack_.header().type; }
  void read(int64_t channel, const Box& box, void* into) override {
    check(box, geometry(), channel, 1);
    stack_.read_raw(box, into);
  }

 private:
  TiffStack stack_;
};

class ZarrBoxes : public BoxSource {
 public:
  ZarrBoxes(Env& env, const std::string& array, const std::string& root, Geometry geometry, bool orientation_known)
      : array_(env, array, {false, 64 << 10, root}), geometry_(geometry), orientation_known_(orientation_known) {
    geometry_.size = array_.size();
  }
  const char* format() const override { return "Zarr"; }
  Geometry geometry() const override { return geometry_; }
  bool orientation_known() const override { return orientation_known_; }
  int64_t channels() const override { return array_.leading(); }
  VoxelType type() const override { return array_.info().chunk.type; }
  int64_t bytes_read() const override { return array_.bytes_read(); }
  void read(int64_t channel, const Box& box, void* into) override {
    check(box, geometry_, channel, channels());
    array_.read_raw(channel, box, into);
  }

 private:
  ZarrArray array_;
  Geometry geometry_;
  bool orientation_known_;
};

}  // namespace

Volume BoxSource::volume(int64_t channel, const Box& box) {
  Volume volume{geometry_of(geometry(), box), Buffer<float>(box.size.voxels())};
  if (type() == VoxelType::f32) {
    read(channel, box, volume.voxels.data());
    return volume;
  }
  Buffer<unsigned char> raw(box.size.voxels() * voxel_bytes(type()));
  read(channel, box, raw.data());
  with_voxel_type(type(), [&]<class T>(T) {
    for (int64_t i = 0; i < volume.voxels.size(); ++i) {
      T value;
      std::memcpy(&value, raw.data() + i * int64_t(sizeof(T)), sizeof(T));
      volume.voxels[i] = float(value);
    }
  });
  return volume;
}

Geometry geometry_of(const Geometry& whole, const Box& box) {
  Geometry part = whole;
  part.size = box.size;
  std::array<double, 3> corner = whole.world(double(box.begin.z), double(box.begin.y), double(box.begin.x));
  for (size_t row = 0; row < 3; ++row) part.affine[row][3] = corner[row];
  return part;
}

bool holds_boxes(Env& env, const std::string& path) {
  return is_zarr(env, path) || (env.kind(path) != FileKind::directory && (is_tiff_name(path) || is_nifti_name(path)));
}

std::unique_ptr<BoxSource> open_boxes(Env& env, const std::string& path) {
  if (!is_zarr(env, path)) {
    FileKind kind = env.kind(path);
    if (kind == FileKind::missing) fail_input(text("there is no '", path, "'"));
    if (!holds_boxes(env, path))
      fail_input(kind == FileKind::directory ? text("the folder '", path, "' holds neither a Zarr array nor a Zarr group") : text("'", path, "' is no volume"), "NIfTI files (.nii, .nii.gz, .hdr), TIFF stacks (.tif, .tiff) and Zarr folders are");
    if (is_tiff_name(path)) return std::make_unique<TiffBoxes>(env, path);
    return std::make_unique<NiftiBoxes>(env, path);
  }
  if (zarr_node(env, path) == ZarrNode::array) return std::make_unique<ZarrBoxes>(env, path, path, Geometry{}, false);
  ZarrImage image = read_zarr_image(env, path);
  return std::make_unique<ZarrBoxes>(env, join_path(path, image.levels[0].path), path, image.geometry(0, {1, 1, 1}), image.orientation_known);
}

}  // namespace tomograd
