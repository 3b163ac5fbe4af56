#include "cli/cell_lists.h"

#include <algorithm>
#include <cmath>
#include <memory>

#include "base/error.h"
#include "spec/text_formats.h"
#include "spec/value.h"
#include "volume/nifti.h"
#include "volume/tiff.h"
#include "volume/zarr_array.h"
#include "volume/zarr_ome.h"

namespace tomograd {
namespace {

// A volume as planes of floats or whole numbers.
class Planes {
 public:
  virtual ~Planes() = default;
  Extent size;
  bool floats = false;                           // the file holds fractions
  std::optional<std::array<double, 3>> spacing;  // um
  virtual void read(int64_t z, float* into) = 0;
  virtual void read(int64_t z, uint32_t* into) = 0;
};

std::array<double, 3> micrometres(const Geometry& geometry) {
  auto mm = geometry.spacing();
  return {mm[0] * 1000, mm[1] * 1000, mm[2] * 1000};
}

class TiffPlanes : public Planes {
 public:
  TiffPlanes(Env& env, const std::string& path) : stack_(env, path) {
    size = stack_.size();
    floats = stack_.header().type == VoxelType::f32 || stack_.header().type == VoxelType::f64;
    if (stack_.header().spacing_known) spacing = micrometres(stack_.header().geometry);
  }
  void read(int64_t z, float* into) override { stack_.read_planes(z, z + 1, into); }
  void read(int64_t z, uint32_t* into) override { stack_.read_planes(z, z + 1, into); }

 private:
  TiffStack stack_;
};

class NiftiPlanes : public Planes {
 public:
  NiftiPlanes(Env& env, const std::string& path) : volume_(read_nifti(env, path, 0, &header_)) {
    size = volume_.geometry.size;
    spacing = micrometres(volume_.geometry);
    for (float v : volume_.voxels) floats |= v != std::floor(v);  // labels are often stored as floats
  }
  void read(int64_t z, float* into) override { std::copy_n(volume_.voxels.data() + z * size.y * size.x, size.y * size.x, into); }
  void read(int64_t z, uint32_t* into) override {
    const float* from = volume_.voxels.data() + z * size.y * size.x;
    for (int64_t i = 0; i < size.y * size.x; ++i) {
      if (!(from[i] >= 0 && from[i] <= 16777216.0f) || from[i] != std::floor(from[i]))
        fail_input(text("the voxel z,y,x = ", z, ",", i / size.x, ",", i % size.x, " is ", from[i],
            "; whole numbers from 0 to 16777216 are expected"));
      into[i] = uint32_t(from[i]);
    }
  }

 private:
  NiftiHeader header_;
  Volume volume_;
};

// A row of blocks is kept, so that each is decoded once.
class ZarrPlanes : public Planes {
 public:
  ZarrPlanes(Env& env, const std::string& path) : array_(open(env, path)) {
    size = array_->size();
    floats = array_->info().chunk.type == VoxelType::f32 || array_->info().chunk.type == VoxelType::f64;
    if (array_->leading() != 1) fail_input(text("'", path, "' has ", array_->leading(), " channels; one is expected"));
    if (zarr_node(env, path) == ZarrNode::group) spacing = micrometres(read_zarr_image(env, path).geometry(0, size));
  }
  void read(int64_t z, float* into) override { read_from(float_slab_, z, into, [&](const Box& box, float* to) { array_->read(0, box, to); }); }
  void read(int64_t z, uint32_t* into) override { read_from(number_slab_, z, into, [&](const Box& box, uint32_t* to) { array_->read_labels(0, box, to); }); }

 private:
  template <class T>
  struct Slab { int64_t first = 0, end = 0; Buffer<T> voxels; };

  static std::unique_ptr<ZarrArray> open(Env& env, const std::string& path) {
    ZarrReadOptions options;
    options.root = path, options.missing_is_error = env.kind(join_path(path, "plan.json")) == FileKind::file;  // a prediction of ours
    bool group = zarr_node(env, path) == ZarrNode::group;
    return std::make_unique<ZarrArray>(env, group ? join_path(path, read_zarr_image(env, path).levels[0].path) : path, options);
  }

  template <class T, class Read>
  void read_from(Slab<T>& slab, int64_t z, T* into, const Read& read_box) {
    int64_t plane = size.y * size.x, block = array_->block().z;
    if (z < slab.first || z >= slab.end) {
      slab.first = z / block * block, slab.end = std::min(size.z, slab.first + block);
      if (slab.voxels.empty()) slab.voxels = Buffer<T>(std::min(size.z, block) * plane);
      read_box({{slab.first, 0, 0}, {slab.end - slab.first, size.y, size.x}}, slab.voxels.data());
    }
    std::copy_n(slab.voxels.data() + (z - slab.first) * plane, plane, into);
  }

  std::unique_ptr<ZarrArray> array_;
  Slab<float> float_slab_;
  Slab<uint32_t> number_slab_;
};

std::unique_ptr<Planes> open_planes(Env& env, const std::string& path) {
  if (env.kind(path) == FileKind::directory) return std::make_unique<ZarrPlanes>(env, path);
  if (is_tiff_name(path)) return std::make_unique<TiffPlanes>(env, path);
  if (path.ends_with(".nii") || path.ends_with(".nii.gz")) return std::make_unique<NiftiPlanes>(env, path);
  fail_input(text("'", path, "' holds no cells that are known how to read"), "a list (.json), TIFF (.tif), NIfTI (.nii, .nii.gz) or a Zarr folder is expected");
}

// A folder of results stands for the one volume in it.
std::string volume_in(Env& env, const std::string& path) {
  FileKind kind = env.kind(path);
  if (kind == FileKind::missing) fail_input(text("there is no '", path, "'"));
  if (kind != FileKind::directory || zarr_node(env, path) != ZarrNode::none) return path;
  std::vector<std::string> volumes;
  for (const auto& name : env.list(path))
    if (is_tiff_name(name) || name.ends_with(".nii") || name.ends_with(".nii.gz")) volumes.push_back(name);
  if (volumes.size() != 1) fail_input(text("the folder '", path, "' holds ", volumes.size(), " volumes; exactly one is expected"),
      "name the volume itself");
  return join_path(path, volumes[0]);
}

std::array<double, 3> three_numbers(const Value& list, const std::string& what) {
  const auto& items = list.as_list();
  if (items.size() != 3) fail_input(text(what, " has ", items.size(), " numbers; three, z, y, x, are expected"));
  return {items[0].as_number(), items[1].as_number(), items[2].as_number()};
}

// Once through the volume; what kind of truth it is comes out at the end.
class TruthReader {
 public:
  explicit TruthReader(Planes& planes)
      : planes_(planes), instances_(planes.size.y, planes.size.x), parts_(planes.size.y, planes.size.x, {}),
          numbers_(size_t(planes.size.y * planes.size.x)), mask_(numbers_.size()) {}

  CellList read() {
    for (int64_t z = 0; z < planes_.size.z; ++z) add(z);
    CellList list;
    list.size = planes_.size, list.spacing = planes_.spacing;
    std::vector<Detection> parts = parts_.finish();
    if (largest_ > 1) list.kind = "instances", list.cells = instances_.finish();
    else if (voxels_ == int64_t(points_.size()) && voxels_ <= 2 * int64_t(parts.size()))
      list.kind = "centroid voxels", list.cells = std::move(points_);
    else list.kind = "mask", list.cells = std::move(parts);
    return list;
  }

 private:
  static constexpr size_t most_points = size_t{1} << 24;

  void add(int64_t z) {
    planes_.read(z, numbers_.data());
    for (size_t i = 0; i < numbers_.size(); ++i) {
      mask_[i] = numbers_[i] != 0;
      if (!mask_[i]) continue;
      ++voxels_;
      largest_ = std::max(largest_, numbers_[i]);
      if (points_.size() < most_points) points_.push_back({{double(z), double(int64_t(i) / planes_.size.x), double(int64_t(i) % planes_.size.x)}, 1});
    }
    instances_.add_plane(numbers_.data());
    if (largest_ <= 1) parts_.add_plane(mask_.data());
  }

  Planes& planes_;
  InstanceCentroids instances_;
  CellDetector parts_;
  std::vector<uint32_t> numbers_;
  std::vector<uint8_t> mask_;
  std::vector<Detection> points_;
  uint32_t largest_ = 0;
  int64_t voxels_ = 0;
};

}  // namespace

CellList read_cell_list(Env& env, const std::string& path) {
  return with_context(text("reading '", path, "'"), [&] {
    Value json = parse_json(read_text(env, path), file_name(path));
    CellList list;
    list.kind = "list";
    const Value* cells = &json;
    if (!json.is_list()) {
      const Value* format = json.find("format");
      if (!format || !format->is_text() || format->as_text() != "tomograd.cells/1")
        fail_input(text("format is ", format && format->is_text() ? "'" + format->as_text() + "'" : "missing", "; 'tomograd.cells/1' is expected"));
      cells = &json.at("cells");
      if (const Value* size = json.find("size_zyx")) {
        auto v = three_numbers(*size, "size_zyx");
        list.size = Extent{int64_t(v[0]), int64_t(v[1]), int64_t(v[2])};
      }
      if (const Value* unit = json.find("unit"); unit && unit->as_text() != "um") fail_input(text("unit is '", unit->as_text(),
          "'; 'um' is expected"));
      if (const Value* spacing = json.find("spacing")) {
        list.spacing = three_numbers(*spacing, "spacing");
        for (double v : *list.spacing)
          if (!(v > 0 && v < 1e6)) fail_input(text("spacing holds ", v, "; um above 0 are expected"));
      }
    }
    for (const Value& cell : cells->as_list()) {
      Detection d;
      if (cell.is_list()) d.centre = three_numbers(cell, "a cell");
      else d.centre = {cell.at("z").as_number(), cell.at("y").as_number(), cell.at("x").as_number()};
      for (double v : d.centre)
        if (!(std::abs(v) <= 1e9)) fail_input(text("cell ", list.cells.size() + 1, " lies at ", v, "; voxels are expected"));
      list.cells.push_back(d);
    }
    return list;
  });
}

void write_cell_list(Env& env, const std::string& path, const CellList& list) {
  Value head = Value::table();
  head["format"] = "tomograd.cells/1";
  if (list.size) head["size_zyx"] = Value(Value::List{list.size->z, list.size->y, list.size->x});
  if (list.spacing) head["spacing"] = Value(Value::List{(*list.spacing)[0], (*list.spacing)[1], (*list.spacing)[2]});
  head["unit"] = "um";
  std::string object = to_json(head, false), cells;
  object.pop_back();
  int64_t id = 0;
  for (const Detection& d : list.cells) {
    Value v = Value::table();
    v["id"] = ++id;
    for (size_t axis = 0; axis < 3; ++axis) v[std::string(1, "zyx"[axis])] = std::round(d.centre[axis] * 1000) / 1000;
    if (d.voxels > 0) v["voxels"] = d.voxels;
    cells += (cells.empty() ? "\n" : ",\n") + to_json(v, false);
  }
  publish_text(env, path, object + ",\"cells\":[" + cells + "\n]}\n");
}

CellList read_predicted_cells(Env& env, const std::string& given, const CellReading& reading) {
  if (given.ends_with(".json")) return read_cell_list(env, given);
  std::string path = volume_in(env, given);
  auto planes = open_planes(env, path);
  CellList list;
  list.size = planes->size, list.spacing = planes->spacing;
  const size_t voxels = size_t(planes->size.y * planes->size.x);
  std::vector<uint32_t> numbers(voxels);
  if (reading.instances) {
    InstanceCentroids cells(planes->size.y, planes->size.x, reading.origin);
    for (int64_t z = 0; z < planes->size.z; ++z) planes->read(z, numbers.data()), cells.add_plane(numbers.data());
    list.kind = "instances", list.cells = cells.finish();
    return list;
  }
  DetectOptions options{{1, 1, 1}, reading.min_volume_um3, reading.split_um, reading.origin};
  if (reading.spacing[0] > 0) options.spacing = reading.spacing;
  else if (planes->spacing) options.spacing = *planes->spacing;
  CellDetector detector(planes->size.y, planes->size.x, options);
  std::vector<float> values(voxels);
  std::vector<uint8_t> mask(voxels);
  for (int64_t z = 0; z < planes->size.z; ++z) {
    if (planes->floats) planes->read(z, values.data());
    else planes->read(z, numbers.data());
    for (size_t i = 0; i < voxels; ++i)
      mask[i] = planes->floats ? double(values[i]) > reading.threshold : reading.value < 0 ? double(numbers[i]) > reading.threshold
          : int64_t(numbers[i]) == reading.value;
    detector.add_plane(mask.data());
  }
  list.kind = planes->floats ? "probabilities" : "mask", list.cells = detector.finish();
  return list;
}

CellList read_true_cells(Env& env, const std::string& given) {
  if (given.ends_with(".json")) return read_cell_list(env, given);
  auto planes = open_planes(env, volume_in(env, given));
  return with_context(text("reading '", given, "'"), [&] { return TruthReader(*planes).read(); });
}

}  // namespace tomograd
